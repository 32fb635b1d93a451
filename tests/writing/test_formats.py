"""The four formats of the report, from one small source that uses all of the notation."""

import re
import shutil
import subprocess
from html import unescape
from pathlib import Path

import pytest
import typst

from scripts.writing import formats

WRITERS = {f"report.{ending}": write for ending, write in formats.WRITERS.items()}

SPECIAL = r"% & _ # $ < > ~ ^ { } \write18{ls} <script>alert(1)</script> #read(x) \input{y} // z"

SOURCE = (
    r"""---
title: "Title with 100 % & _ #"
author: [Ada Author, Émile Autre]
abstract: The abstract cites [@wang] and shows @fig:wide.
keywords: [one, two]
---

# Introduction {#sec:intro}

See @fig:wide, @fig:narrow, @tbl:long, @tbl:wide, @eq:mse, @sec:sub and @sec:settings, or
[@fig:wide; @tbl:wide]. Cited: [@glorot2010], [@wang, sec. II; @molder2021].[^note]

[^note]: A note with $\tanh z$.

## Subsection {#sec:sub}

The loss is
$$ L = \frac{1}{N} \sum_{n=1}^{N} \bigl\| y_n - t_n \bigr\|^2, $$ {#eq:mse}
and its gradients are
$$
\begin{aligned}
\frac{\partial L}{\partial y} &= \frac{2}{N} (y - t), \\
\frac{\partial L}{\partial W} &= x^\top \frac{\partial L}{\partial z}.
\end{aligned}
$$ {#eq:gradients}
By @eq:gradients they follow.

![Wide *caption*.](figures/wide.svg){#fig:wide .wide alt="A wide picture"}

![Narrow caption.](figures/narrow.svg){#fig:narrow alt="A narrow \"picture\""}

| name | text |
|:-----|:-----|
| `results/runs/{protocol}/{hidden}-{output}/seeds.csv` | words that fill more than a line of it |

: Long text. {#tbl:long}

| a | b | c | d | e | f | g | h | i | j |
|:--|--:|--:|--:|--:|--:|--:|--:|--:|--:|
| $x_1$ | 0.12 ± 0.01 | 1 | 2 | 3 | 4 | 5 | 6 | −7 | 0.123456 |

: Many columns. {#tbl:wide .wide}

``` python
a = "a line of code that is longer than a column of the paper, so that it has to be broken"
```

Of \ue0002:\ue0011000\ue002 points, \ue0001:mean+3:sd\ue00197 %\ue002 are right.

# Settings {#sec:settings .appendix}

::: sources
**results/summary.csv**, which the rule *aggregate* writes:

`mean`
:   the share that is right

Rows of 20 seeds: [`p,relu,identity`]{#source-1 .source file="results/summary.csv"
row="p,relu,identity" seeds="20" rule="aggregate"} ·
[`p,tanh,identity`]{#source-3 .source file="results/summary.csv" row="p,tanh,identity" seeds="20"
rule="aggregate"}; [`training.points`]{#source-2 .source file="config.yaml" row="training.points"
seeds="" rule=""}.
:::

End.
""".replace("\\ue000", "\ue000")
    .replace("\\ue001", "\ue001")
    .replace("\\ue002", "\ue002")
)

IN_NO_FONT = "\u0378"  # a code point that stands for no character

BIBLIOGRAPHY = Path(formats.LAYOUTS).parent / "references.bib"


@pytest.fixture(scope="session")
def resources(tmp_path_factory):
    folder = tmp_path_factory.mktemp("results")
    (folder / "figures").mkdir()
    drawing = b"#set page(width: 40pt, height: 20pt, margin: 2pt)\n#circle(radius: 5pt)"
    for name in ("wide", "narrow"):
        for kind in ("svg", "pdf"):
            typst.compile(drawing, folder / "figures" / f"{name}.{kind}", format=kind)
    summary = "protocol,hidden,output,mean\np,relu,identity,0.97\np,tanh,identity,0.9\n"
    (folder / "summary.csv").write_text(summary)
    return folder


def resolved(source, resources, bibliography=BIBLIOGRAPHY):
    return formats.resolve(formats.read(source), resources, bibliography)


@pytest.fixture(scope="session")
def write(resources):
    def write(source, name, folder="report"):
        path = resources / folder / name
        content = WRITERS[name](resolved(source, resources), resources, path.parent)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        return path

    return write


def test_all_four_files_are_written_with_the_bytes_of_each(write, resources):
    formats.write_all(resolved(SOURCE, resources), resources / "all", resources)
    written = {path.name: path.read_bytes() for path in (resources / "all").iterdir()}
    assert written == {name: write(SOURCE, name).read_bytes() for name in WRITERS}


def with_text(text):
    return f"---\ntitle: T\nauthor: [A]\n---\n\n# One {{#sec:one}}\n\n{text}\n"


def escaped(text):
    """Every sign escaped, as an author or a template would hand over a foreign text."""
    return re.sub(r"([^\w\s]|_)", r"\\\1", text)


def words_of_pdf(path):
    if not shutil.which("pdftotext"):
        pytest.skip("pdftotext is not installed")
    result = subprocess.run(["pdftotext", path, "-"], capture_output=True, text=True, check=True)
    text = result.stdout.replace("\xad\n", "").replace("\xa0", " ")  # a soft hyphen ends a line
    return " ".join(text.split())


def words_of_html(path):
    html = re.sub(
        r"<(style|head|script)>.*?</\1>", "", path.read_text(encoding="utf-8"), flags=re.S
    )
    return " ".join(unescape(re.sub(r"<[^>]*>", "", html)).replace("\xa0", " ").split())


@pytest.mark.parametrize("name", WRITERS)
def test_same_bytes(write, name):
    first = write(SOURCE, name).read_bytes()
    assert first == write(SOURCE, name).read_bytes()
    assert str(Path.cwd()).encode() not in first


def test_markdown_is_resolved(write):
    text = write(SOURCE, "report.md").read_text(encoding="utf-8").replace("\xa0", " ")
    assert "See Fig. 1, Fig. 2, Table 1, Table 2, (1), Section 1.1 and Appendix A" in text
    assert "[1, sec. II], [3]" in text
    assert "![A wide picture](../figures/wide.svg)" in text
    assert r"\tag{1}" in text
    assert "**Table 2.** Many columns." in text
    assert re.search(r"^1\. +C\. Wang, S\. Li, and S\. Xu", text, flags=re.M)
    assert "{#" not in text
    assert "<span" not in text


def test_html_is_resolved_and_self_contained(write):
    path = write(SOURCE, "report.html")
    html = path.read_text(encoding="utf-8")
    assert "See Fig. 1, Fig. 2, Table 1, Table 2, (1), Section 1.1 and" in words_of_html(path)
    targets = set(re.findall(r'href="#([^"]+)"', html))
    identifiers = re.findall(r' id="([^"]+)"', html)
    assert {"fig:wide", "tbl:wide", "eq:mse", "sec:sub", "ref-wang"} <= targets <= set(identifiers)
    assert len(identifiers) == len(set(identifiers))
    assert not re.findall(r'src="(?!data:)', html)
    assert not re.findall(r"<(?:script [^>]*src|link rel=.stylesheet)|@import", html)
    assert re.findall(r"url\(.{10}", html) == ['url("data:font']
    assert re.findall(r'<img [^>]* alt="([^"]+)">', html) == [
        "A wide picture",
        "A narrow &quot;picture&quot;",
    ]
    assert "<math" in html
    assert '<html lang="en">' in html


def test_pdf_is_resolved(write):
    words = words_of_pdf(write(SOURCE, "report.pdf"))
    assert "See Fig. 1, Fig. 2, Table 1, Table 2, (1), Section I-A and Appendix A" in words
    assert "[1, sec. II], [3]" in words
    for caption in ("Fig. 1. Wide caption", "Fig. 2. Narrow caption", "Table 2. Many columns"):
        assert caption in words
    assert "Appendix A: Settings" in words


def test_the_listing_of_the_sources_begins_a_page(write):
    command = ["pdftotext", write(SOURCE, "report.pdf"), "-"]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "\fAppendix A: Settings\n" in text


def test_an_author_need_not_be_in_a_list(write):
    source = with_text("Text.").replace("author: [A]", "author: Ada Author")
    path = write(source, "report.pdf", folder="author")
    words = subprocess.run(["pdfinfo", path], capture_output=True, text=True, check=True).stdout
    assert re.search(r"^Author: +Ada Author$", words, flags=re.M)


@pytest.mark.parametrize("author", ["[{name: Ada Author, of: X}]", "{name: Ada Author}"])
def test_an_author_is_a_name_alone(write, author):
    source = with_text("Text.").replace("[A]", author)
    with pytest.raises(formats.FormatError, match="an author is a name, without more"):
        write(source, "report.pdf", folder="author")


def test_the_tables_of_figures_are_attached_to_the_pdf(write, resources, tmp_path):
    picture = "![Runs. Data: {}.](figures/narrow.svg){{#fig:{} alt='A'}}\n\n"
    names = ["`summary.csv`", "`summary.csv` and `none.csv`", "`large.csv`"]
    (resources / "large.csv").write_text("1\n" * 2_600_000)
    source = with_text("".join(picture.format(name, i) for i, name in enumerate(names)))
    path = write(source, "report.pdf", folder="attached")
    words = words_of_pdf(path)
    assert words.count("summary.csv (attached)") == 2
    assert "none.csv." in words
    assert "large.csv." in words
    subprocess.run(["pdfdetach", "-saveall", "-o", tmp_path, path], check=True)
    assert [file.name for file in tmp_path.iterdir()] == ["summary.csv"]
    assert (tmp_path / "summary.csv").read_text() == (resources / "summary.csv").read_text()


def test_a_screen_reader_can_read_the_pdf(write, monkeypatch):
    """It is marked as PDF/UA, which Typst checks, and each picture says in words what it shows."""
    source, compiled = [], typst.compile
    monkeypatch.setattr(
        formats.typst, "compile", lambda text, **own: source.append(text) or compiled(text, **own)
    )
    assert b"<pdfuaid:part>1</pdfuaid:part>" in write(SOURCE, "report.pdf").read_bytes()
    text = source[0].decode()
    assert 'alt: "A wide picture"' in text
    assert 'alt: "A narrow \\"picture\\""' in text


LONG = "\n".join(
    f"| row{i} | a text that fills more than thirty letters | {i} |" for i in range(90)
)
LONG = f"| name | text | number |\n|:--|:--|--:|\n{LONG}\n\n: Long. {{#tbl:long %s}}\n"


@pytest.mark.parametrize("section", ["", "# More {#sec:more .appendix}\n\n"])
@pytest.mark.parametrize("scope", ["", ".wide"])
def test_a_table_longer_than_a_page_continues_on_the_next(write, section, scope):
    source = with_text(f"See @tbl:long.\n\n{section}{LONG % scope}\n\nEnd.")
    words = words_of_pdf(write(source, "report.pdf", folder="long"))
    assert re.findall(r"row\d+", words) == [f"row{i}" for i in range(90)]
    assert words.count("Table 1") == words.count("Table 1, continued") + 2
    latex = write(source, "report.tex", folder="long").read_text(encoding="utf-8")
    assert re.findall(r"row\d+", latex) == [f"row{i}" for i in range(90)]
    assert latex.count("1, continued.") == 2
    html = write(source, "report.html", folder="long").read_text(encoding="utf-8")
    assert html.count("<table") == 1


def test_numbers_are_aligned_right_in_latex(write):
    text = write(SOURCE, "report.tex").read_text(encoding="utf-8")
    assert r"\begin{tabular}{@{}lrrrrrrrrr@{}}" in text


@pytest.mark.slow
def test_latex_compiles_and_fits(write, pdflatex):
    path = write(SOURCE.replace("End.", f"End. {escaped(SPECIAL)}"), "report.tex", folder="latex")
    pdflatex(path)
    words = words_of_pdf(path.with_suffix(".pdf"))
    assert "See Fig. 1, Fig. 2, Table 1, Table 2, (1), Section I-A and Appendix A" in words
    assert "[1, sec. II], [3]" in words


KINDS = r"""
Before.

---

# Bibliography

Some text of our own.

| $|x|$ | text |
|---|---|
| a | b |

: A table. {#tbl:bars}

a | b
---|---
c | d

: Another. {#tbl:bare}

As in [@DBLP:conf/nips/DoeR17, p. 33; see @10.1000/abc_1].

## A *heading* {#sec:a}

@sec:a costs ten US\$, [small]{.smallcaps}, H~2~O, a\
break, "quoted".

Term
: Its meaning.

(@one) An example. As (@one) says,

1. one
2. two
   - three
"""


@pytest.mark.slow
def test_what_markdown_has_works_in_all_formats(tmp_path, resources, pdflatex):
    bibliography = tmp_path / "own.bib"
    entry = "@inproceedings{%s, author = {Doe, Jane}, title = {A title}, year = {2017}}\n"
    bibliography.write_text(entry % "DBLP:conf/nips/DoeR17" + entry % "10.1000/abc_1")
    document = resolved(with_text(KINDS), resources, bibliography)
    formats.write_all(document, resources / "kinds", resources)
    pdflatex(resources / "kinds/report.tex")
    for path in (resources / "kinds/report.pdf", resources / "kinds/report.html"):
        words = words_of_html(path) if path.suffix == ".html" else words_of_pdf(path)
        for told in ("Some text of our own", "[1, p. 33]", "US$", "quoted"):
            assert told in words
    latex = (resources / "kinds/report.tex").read_text(encoding="utf-8")
    assert r"\section{Bibliography}" in latex


def maths():
    """A formula for each command that the formats share."""
    shapes = {"signs": r"\%s", "with one argument": r"\%s{x}", "with two arguments": r"\%s{x}{y}"}
    shapes["before a delimiter"] = r"\%s("
    parts = (formats.LAYOUTS / "maths.txt").read_text().split("# ")[1:-1]
    for title, _, names in (part.partition("\n") for part in parts):
        for name in names.split():
            yield shapes[title] % name


@pytest.mark.slow
def test_the_commands_of_formulas_are_known_to_all_formats(resources, pdflatex):
    text = "\n\n".join(f"${formula}$" for formula in maths())
    formats.write_all(resolved(with_text(text), resources), resources / "maths", resources)
    pdflatex(resources / "maths/report.tex")


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize(
    ("text", "message"),
    [
        (r"$\mathscr{L}$", r"not all formats have \mathscr, in the formula: \mathscr{L}"),
        (r"$\begin{align}x\end{align}$", "not all formats have the environment align, in"),
        ("This is ~~gone~~.", "not all formats have text that is strikeout: gone"),
        ("This is [under]{.underline}.", "not all formats have text that is underline: under"),
        ("This is [marked]{.mark}.", "not all formats have text that is marked: marked"),
        ("![C^[n]](figures/wide.svg){#fig:a alt='a'}", "a figure cannot have a note: n"),
        ("| a^[n] |\n|---|\n\n: T {#tbl:a}", "a figure cannot have a note: n"),
        ("# One^[n]", "a figure cannot have a note: n"),
        ("See @fig:nowhere.", "the reference: @fig:nowhere"),
        ("Cited [@nobody2000].", "nobody2000"),
        ("[@sec:one; @wang]", "cite and refer in brackets of their own"),
        ("[@sec:one, left]", "outside of its brackets: @sec:one"),
        ("# Again {#sec:one}", "used twice: #sec:one"),
        ("![C](figures/wide.svg){#fig:a alt='a'}\n\n" * 2, "used twice: #fig:a"),
        ("$$a$$ {#eq:a}\n\n$$b$$ {#eq:a}", "used twice: #eq:a"),
        ("![C](figures/none.svg){#fig:none alt='a'}", "figure not found: figures/none"),
        ("![C](figures/wide.svg){#tbl:a alt='a'}", "must begin with 'fig:': tbl:a"),
        ("![C](figures/wide.svg)", "needs an identifier: figures/wide.svg"),
        ("An ![icon](figures/wide.svg) inside.", "must stand alone in its paragraph"),
        ("| a |\n|---|\n| b |", "below a table there must be"),
    ],
)
def test_errors_name_the_cause(write, name, text, message):
    with pytest.raises(formats.FormatError, match=re.escape(message)) as caught:
        write(with_text(text), name, folder="errors")
    assert "traceback" not in str(caught.value)


def test_a_format_that_fails_is_named_and_the_others_are_written(resources):
    folder = resources / "kept"
    formats.write_all(resolved(SOURCE, resources), folder, resources)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert sorted(before) == sorted(WRITERS)
    lacking = r"^report\.pdf is not written: no font here has this; .*: \\u\{378\}$"
    with pytest.raises(formats.FormatError, match=lacking):
        formats.write_all(resolved(with_text(IN_NO_FONT), resources), folder, resources)
    after = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert [name for name in after if after[name] == before[name]] == ["report.pdf"]


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize("lang", ["de", "fr", "vi", "el", "zh-CN", "sr-Latn-RS", "sw"])
def test_a_report_can_be_in_any_language(write, name, lang):
    alphabets = "Nguyễn, Жук, Άλφα, Ștefan, €, ™, †, •, state\u2011of\u2011the\u2011art"
    source = with_text(f"{alphabets} [@wang, p. 3; @golik2013].")
    text = write(
        source.replace("author: [A]", f"author: [Жук, Ά]\nlang: {lang}"), name, folder=lang
    )
    if name != "report.pdf":
        assert "Nguyễn, Жук, Άλφα, Ștefan, €" in text.read_text(encoding="utf-8")
    elif shutil.which("pdftotext"):
        assert "Nguyễn, Жук, Άλφα, Ștefan, €, ™, †, •" in words_of_pdf(text)


def test_special_characters_are_text(write):
    source = with_text(escaped(SPECIAL))
    html = write(source, "report.html", folder="special")
    assert SPECIAL in words_of_html(html)
    assert html.read_text(encoding="utf-8").count("<script") == 1  # the page's own
    assert SPECIAL in words_of_pdf(write(source, "report.pdf", folder="special"))
    markdown = write(source, "report.md", folder="special").read_text(encoding="utf-8")
    assert SPECIAL in re.sub(r"\\([^\w\s]|_)", r"\1", markdown)
    assert "<script" not in re.sub(r"\\<", "", markdown)
    latex = write(source, "report.tex", folder="special").read_text(encoding="utf-8")
    assert r"\write18" not in latex
    assert r"\input" not in latex


@pytest.mark.parametrize("name", WRITERS)
def test_raw_html_and_tex_are_text(write, name):
    source = with_text(r"<script>alert(1)</script> \write18{ls} \input{y} #read(x)")
    text = write(source, name, folder="raw").read_bytes()
    assert b"<script>alert" not in re.sub(rb"\\<", b"", text)
    if name == "report.tex":
        assert rb"\write18" not in text


@pytest.mark.slow
def test_pdflatex_has_the_characters_that_are_said_to_be_its_own(write, pdflatex):
    path = write(with_text(" ".join(sorted(formats.PDFLATEX))), "report.tex", folder="letters")
    assert path.read_text(encoding="utf-8").startswith(r"\documentclass")
    pdflatex(path)


@pytest.mark.slow
def test_other_characters_are_for_lualatex(write, pdflatex):
    path = write(with_text("Nguyễn, Жук, Άλφα, € and $x$"), "report.tex", folder="alphabets")
    first, second, _ = path.read_text(encoding="utf-8").split("\n", 2)
    assert (first, second) == ("% !TeX program = lualatex", "% pdflatex lacks ễ")
    if not subprocess.run(["kpsewhich", "luaotfload.sty"], capture_output=True).stdout:
        pytest.skip("luaotfload is not installed")
    pdflatex(path, program="lualatex")
    assert "Nguyễn, Жук, Άλφα, €" in words_of_pdf(path.with_suffix(".pdf"))


def test_latex_composes_accents(write):
    text = write(with_text("Jose\u0301."), "report.tex", folder="accents").read_text("utf-8")
    assert "José." in text


def test_typst_errors_are_its_own_words(write, resources):
    broken = resources / "figures" / "broken.svg"
    broken.write_text("not a picture")
    with pytest.raises(formats.FormatError, match=r"^typst: .*SVG"):
        write(with_text("![C](figures/broken.svg){#fig:b alt='a'}"), "report.pdf", folder="errors")


# Numbers that know where they come from


def test_a_number_in_html_leads_to_its_source_and_says_its_columns(write):
    html = write(SOURCE, "report.html").read_text(encoding="utf-8")
    link = '<a href="#source-1" class="bound" data-from="1:mean+3:sd">97 %</a>'
    assert link in re.sub(r"\s+", " ", html)
    entry = re.search(r'<span[^>]*id="source-1"[^>]*>', html)[0]
    for attribute in ('file="results/summary.csv"', 'row="p,relu,identity"', 'seeds="20"'):
        assert f"data-{attribute}" in entry


def test_in_headings_alternative_texts_and_metadata_numbers_are_text(write):
    number = "\ue0001:mean\ue00197 %\ue002"
    source = SOURCE.replace("Title with 100 %", f"Of {number}").replace(
        "## Sub", f"## {number} sub"
    )
    source = source.replace("A wide picture", f"A picture of {number}")
    for name in WRITERS:
        write(source, name, folder="unlinked")
    html = (write(source, "report.html", folder="unlinked")).read_text(encoding="utf-8")
    assert 'alt="A picture of 97 %"' in html
    assert html.count('class="bound"') == 2


def test_a_number_in_latex_leads_to_its_source(write):
    latex = write(SOURCE, "report.tex").read_text(encoding="utf-8")
    assert r"\hyperref[source-1]{97 \%}" in latex
    assert r"\label{source-1}" in latex


def test_a_number_in_the_pdf_leads_to_its_source(write):
    if not shutil.which("pdftohtml"):
        pytest.skip("pdftohtml is not installed")
    command = ["pdftohtml", "-xml", "-i", "-stdout", write(SOURCE, "report.pdf")]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert re.search(r'<a href="[^"]*#\d+">97 %</a>', text)


def test_a_number_in_markdown_is_plain_text(write):
    text = write(SOURCE, "report.md").read_text(encoding="utf-8")
    assert "Of 1000 points, 97 % are right." in text
    assert "source" not in text
