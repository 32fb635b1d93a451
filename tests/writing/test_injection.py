"""What could reach a shell, a path, LaTeX, HTML or Typst comes out as text or is refused, wherever
somebody's name or words can travel.
"""

import copy
import json
import os
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser

import pytest
import yaml

from scripts.analysis.causes import CAUSES, read_causes
from scripts.analysis.claims import CLAIMS, read_claims
from scripts.study.config import check
from scripts.study.layout import TEMPLATE
from scripts.study.project import ROOT, copy_project
from scripts.study.schema import ConfigError
from scripts.tables import schemas
from scripts.tables.io import TableError, read_table
from scripts.writing import formats
from scripts.writing.source import located
from scripts.writing.template import TemplateError, render
from tests.writing.test_formats import (
    BIBLIOGRAPHY,
    resolved,
    resources,  # noqa: F401
    with_text,
    words_of_html,
    words_of_pdf,
)

CONFIG, STATED, SUPPOSED = (
    yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))
    for name in ("config.yaml", CLAIMS, CAUSES)
)
SECRET = "5ecretMarker"
NAMES = [  # what a shell, a path or a page would obey or mistake
    *("$(touch pwned)", "`touch pwned`", "; touch pwned", "a;touch pwned", "a\ntouch pwned", "a b"),
    *("a'b", 'a"b', "a|b", "a>b", "a&b", "a*", "~", "$HOME", "{wildcards}", "a{b}", "\\", "%s"),
    *(
        "../x",
        "../../etc/passwd",
        "/etc/passwd",
        "a/b",
        ".",
        "..",
        ".hidden",
        "-rf",
        "--config",
        "",
    ),
    *("é", "ａs-written", "аs-written", "a\u202eb", "a\u200bb", "a\x00b", "a\x1b[2J", "\ue000"),
    *(
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "&lt;b&gt;",
        "[x](javascript:y)",
    ),
    *(r"\write18{touch pwned}", r"\input{x}", "$x$", '#read("x")', "@wang", "a: b", "#a", "!!bool"),
]
TEXTS = [  # in the reports' text, with what a reader sees
    (r"\write18{touch pwned}", r"\write18{touch pwned}"),
    (r"\immediate\write18{touch pwned}", r"\immediate\write18{touch pwned}"),
    (r"\input{/SECRET.txt} \include{/SECRET}", r"\input{/SECRET.txt} \include{/SECRET}"),
    (r"\openout5=pwned \read5 to \x", r"\openout5=pwned \read5 to \x"),
    (r"\catcode37=12 \def\a{b} \let\a=\b", r"\catcode37=12 \def\a{b} \let\a=\b"),
    (r"\csname input\endcsname{/SECRET.txt}", r"\csname input\endcsname{/SECRET.txt}"),
    (r"\begin{document} \end{document}", r"\begin{document} \end{document}"),
    ('#read("/SECRET.txt")', '#read("/SECRET.txt")'),
    (
        '#eval("read(x)") #sys.version #import "x": y',
        '#eval("read(x)") #sys.version #import "x": y',
    ),
    ("#{1 + 1} #let x = 1; #x", "#{1 + 1} #let x = 1; #x"),
    ("<script>window.pwned = 1</script>", "<script>window.pwned = 1</script>"),
    ("<img src=x onerror=window.pwned=1>", "<img src=x onerror=window.pwned=1>"),
    ("<iframe src=x></iframe><svg onload=y>", "<iframe src=x></iframe><svg onload=y>"),
    (
        "</p></main></body><style>b{color:red}</style>",
        "</p></main></body><style>b{color:red}</style>",
    ),
    ("&lt;script&gt;x&lt;/script&gt;", "<script>x</script>"),
    (r"\$(touch pwned) ; touch pwned", "$(touch pwned) ; touch pwned"),
    ("{{ 1 + 1 }} {% include x %}", "{{ 1 + 1 }} {% include x %}"),
]


# Names: of protocols, activations, claims and causes, and in tables


@pytest.mark.parametrize("name", NAMES)
def test_a_name_in_the_config_is_refused(name):
    for place in ("protocols", "hidden", "output", "substitute", "device", "loss"):
        config = copy.deepcopy(CONFIG)
        if place == "protocols":
            config["protocols"][name] = {}
        elif place == "substitute":
            config["training"]["substitute"] = {"tanh": name}
        elif place in ("hidden", "output"):
            config[place].append(name)
        else:
            config["training"][place] = name
        with pytest.raises(ConfigError) as caught:
            check(config)
        assert str(caught.value).isprintable()
        assert f"got {name!r}" in str(caught.value)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("path", "written", "read"),
    [(CLAIMS, STATED, read_claims), (CAUSES, SUPPOSED, read_causes)],
    ids=["claims", "causes"],
)
def test_a_name_of_a_claim_or_a_cause_is_refused(tmp_path, path, written, read, name):
    path = tmp_path / path.name
    path.write_text(yaml.safe_dump({name: next(iter(written.values()))}))
    with pytest.raises(ConfigError) as caught:
        read(path)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    "name", [name for name in NAMES if name not in ("a b", "é", "ａs-written", "аs-written")]
)
@pytest.mark.parametrize("table", schemas.TABLES)
def test_a_name_in_a_table_is_refused(tmp_path, table, name):
    columns = schemas.TABLES[table].columns
    kinds = {column: str(kind.dtype) for column, kind in columns.items()}
    right = {"str": "a", "bool": "True", "int64": "1", "Int64": "1", "float64": "1"}
    for place in [column for column, kind in kinds.items() if kind == "str"]:
        cells = {column: right[kind] for column, kind in kinds.items()} | {place: name}
        quoted = ['"' + cell.replace('"', '""') + '"' for cell in cells.values()]
        path = tmp_path / "table.csv"
        path.write_text(",".join(cells) + "\n" + ",".join(quoted) + "\n", newline="")
        with pytest.raises(TableError, match=f"column {place}, row 1: got ") as caught:
            read_table(table, path)
        assert str(caught.value).isprintable()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "way"),
    [("$(touch pwned)", "file"), ("../pwned", "file"), ("-rf;touch pwned", "argument")],
)
def test_no_name_reaches_the_shell(tmp_path, name, way):
    copy_project(tmp_path)
    arguments = []
    if way == "file":
        config = CONFIG | {"protocols": {name: {}}}
        (tmp_path / "config.yaml").write_text(yaml.safe_dump(config))
    else:
        arguments = ["--config", f"protocols={json.dumps({name: {}})}"]
    command = [sys.executable, "-m", "snakemake", "--cores", "1", *arguments]
    before = everything(tmp_path)
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert result.returncode == 1
    assert result.stderr.splitlines()[-1].startswith(f"config: protocols: got {name!r}; allowed: ")
    assert everything(tmp_path) == before


def everything(folder):
    """The files of a folder, but for Snakemake's and Python's own."""
    own = {".snakemake", "__pycache__"}
    return {path for path in folder.rglob("*") if not own & {*path.parts}}


# Texts, in every place of a report


@pytest.fixture(scope="module")
def outside(tmp_path_factory):
    """A folder with files that nobody is to read."""
    folder = tmp_path_factory.mktemp("outside")
    for name in (
        "SECRET.txt",
        "SECRET.svg",
        "SECRET.pdf",
        "SECRET.tex",
        "SECRET.bib",
        "SECRET.csl",
    ):
        (folder / name).write_text(f"<svg><text>{SECRET}</text></svg>")
    return folder


def everywhere(texts):
    """A report in which the texts stand in each place where there can be one."""
    quoted = json.dumps(" ".join(texts))  # which is YAML, too
    head = [f"title: {quoted}", f"subtitle: {quoted}", f"author: [{quoted}]", f"abstract: {quoted}"]
    bare = " ".join(texts).replace('"', "'").replace("|", "")
    parts = [
        *("---", *head, f"keywords: [{quoted}, one]", "---", "", "# One {#sec:one}", ""),
        *(" ".join(texts), "", f"## {' '.join(texts)}", "", f"- {' '.join(texts)}", ""),
        *(f"> {' '.join(texts)}", "", f"A note[^1].\n\n[^1]: {' '.join(texts)}", ""),
        *(
            f"| {bare} | b |",
            "|:--|--:|",
            f"| {bare} | 1 |",
            "",
            f": {' '.join(texts)} {{#tbl:a}}",
            "",
        ),
        *(f'![{" ".join(texts)}](figures/wide.svg){{#fig:a alt="{bare}"}}', ""),
        *(f"[{' '.join(texts)}](http://example.org)", ""),
        *(f"[@wang, {' '.join(texts).replace(';', '')}]", ""),  # which parts citations
        *("```", *texts, "```", "", *(f"`{text}`" for text in texts), ""),
    ]
    return "\n".join(parts)


@pytest.fixture(scope="module")
def written(resources, outside):  # noqa: F811
    """A report of all texts in each place, in all formats."""
    folder = resources / "injected"
    texts = [text.replace("/SECRET", f"{outside}/SECRET") for text, _ in TEXTS]
    formats.write_all(resolved(everywhere(texts), resources), folder, resources)
    return folder


class Page(HTMLParser):
    """The elements of a page."""

    def __init__(self, text):
        super().__init__()
        self.elements = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))


def check_page(text):
    """A page has one script, its own, and loads and runs nothing else."""
    elements = Page(text).elements
    tags = [tag for tag, _ in elements]
    assert tags.count("script") == tags.count("style") == tags.count("main") == 1
    assert not {"iframe", "object", "embed", "form", "base", "svg", "input", "frame"} & {*tags}
    for tag, attributes in elements:
        assert not [name for name in attributes if name.startswith("on")]
        assert re.match(r"text-align: \w+;$", attributes.get("style", "text-align: left;"))
        assert tag == "meta" or "http-equiv" not in attributes
        assert re.match("data:image/svg", attributes.get("src", "data:image/svg"))
        own = r"report\.(pdf|md|tex)$|\.\./\w+\.csv$"
        assert re.match(rf"https?:|mailto:|#|data:,$|{own}", attributes.get("href", "#"))


def plainly(text):
    """A text without what typesetting adds: quotation marks, ligatures, hyphens, spaces."""
    for pair in ('“"', '”"', "’'", "‘'", "ﬁfi", "ﬀff", "ﬃffi", "ﬂfl"):
        text = text.replace(pair[0], pair[1:])
    return re.sub(r"\s+|-|\u200b|\xad", "", text)


def shown(outside):
    return [plainly(text.replace("/SECRET", f"{outside}/SECRET")) for _, text in TEXTS]


def test_texts_are_text_in_html(written, outside):
    text = (written / "report.html").read_text(encoding="utf-8")
    check_page(text)
    words = plainly(words_of_html(written / "report.html"))
    for told in shown(outside):
        assert words.count(told) >= 10, told


@pytest.mark.slow
def test_a_browser_runs_nothing_of_them(written, browser):
    browser.get((written / "report.html").as_uri())
    assert browser.execute_script("return window.pwned") is None
    assert browser.execute_script("return document.querySelectorAll('script').length") == 1
    loaded = "return performance.getEntriesByType('resource').map(entry => entry.name)"
    assert [name for name in browser.execute_script(loaded) if not name.startswith("data:")] == []


def test_texts_are_text_in_markdown(written):
    text = (written / "report.md").read_text(encoding="utf-8")
    text = re.sub(r"^(```|    ).*?$|`[^`]*`", "", text, flags=re.M)
    assert not re.search(r"(?<!\\)<(?:script|img|iframe|svg|style|/)", text)


@pytest.mark.slow
def test_texts_are_text_in_latex(written, outside, pdflatex):
    text = (written / "report.tex").read_text(encoding="utf-8")
    body = text[text.index(r"\title{") :].replace(r"\begin{document}", "", 1)
    code = re.sub(r"\\begin\{Verbatim\}.*?\\end\{Verbatim\}", "", body, flags=re.S)
    commands = r"\\(?:write|input|include|openout|read|catcode|def|let|csname|immediate)(?![a-z])"
    assert not re.search(commands, code)
    assert "^^" not in code
    folder = written.with_name("compiled")
    folder.mkdir()
    shutil.copy(written / "report.tex", folder)
    pdflatex(folder / "report.tex", fits=False)
    assert {path.suffix for path in folder.iterdir()} == {".tex", ".pdf", ".aux", ".log", ".out"}
    assert {path.stem for path in folder.iterdir()} == {"report"}
    words = plainly(words_of_pdf(folder / "report.pdf"))
    assert SECRET not in words
    for told in shown(outside):
        assert words.count(told) >= 10, told


def test_texts_are_text_in_the_pdf(written, outside):
    words = plainly(words_of_pdf(written / "report.pdf"))
    for told in shown(outside):
        assert words.count(told) >= 10, told


def test_nothing_from_outside_is_in_any_file(written):
    for path in written.iterdir():
        assert SECRET.encode() not in path.read_bytes()


def test_raw_parts_for_a_format_are_text(resources):  # noqa: F811
    folder = resources / "raw"
    raw = "".join(
        f"```{{={kind}}}\n{text}\n```\n\n`{text}`{{={kind}}}\n\n"
        for kind, text in (
            *(("html", "<script>window.pwned = 1</script>"), ("typst", '#read("/report/x")')),
            *(("latex", r"\write18{touch pwned}"), ("markdown", "<script>x</script>")),
        )
    )
    formats.write_all(resolved(with_text(raw), resources), folder, resources)
    check_page((folder / "report.html").read_text(encoding="utf-8"))
    assert r"\write" not in (folder / "report.tex").read_text(encoding="utf-8")
    assert words_of_pdf(folder / "report.pdf").count('#read("/report/x")') == 2
    text = (folder / "report.md").read_text(encoding="utf-8")
    assert "<script" not in re.sub("`[^`]*`", "", text)


def test_keywords_with_markup_are_plain_in_the_pages_head(resources):  # noqa: F811
    head = 'title: T\nkeywords: ["[a](http://b.org){.onload}", "*c*", "\\"><script>d</script>"]\n'
    source = with_text("x").replace("title: T\n", head)
    text = formats.html(resolved(source, resources), resources, resources).decode()
    check_page(text)
    (content,) = [own["content"] for _, own in Page(text).elements if own.get("name") == "keywords"]
    assert plainly(content) == 'a,c,"><script>d</script>'


def test_a_formula_with_a_sign_of_html_is_text(resources):  # noqa: F811
    folder = resources / "formula"
    source = with_text("$a<script>alert(1)</script>$ and $\\text{<img src=x onerror=y>}$")
    formats.write_all(resolved(source, resources), folder, resources)
    check_page((folder / "report.html").read_text(encoding="utf-8"))
    assert not re.search("<(script|img|/)", (folder / "report.md").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"title": "{A <script>window.pwned = 1</script>}"}, "<script>window.pwned = 1</script>"),
        ({"author": "{<img src=x onerror=y>}", "title": "A"}, "<img src=x onerror=y>"),
        ({"title": r"{\#read(x) \$x\$ \& ^^5cinput}"}, r"#read(x) $x$ & \input"),
        ({"title": "A", "year": "1999", "publisher": "{<iframe src=x>}"}, "<iframe src=x>"),
        ({"title": "A", "url": "https://a.org/<script>x</script>"}, "https://a.org/<script>"),
        ({"title": "A", "doi": '"><script>x</script>'}, "<script>x</script>"),
        (
            {"title": "A", "doi": "10.1002/(SICI)1097(19980815/30)17:15/16<1661::AID>3.0.CO;2-2"},
            "(SICI)1097(19980815/30)17:15/16<1661::AID>3.0.CO;2-2",
        ),
    ],
)
def test_words_of_a_bibliography_are_text(resources, tmp_path, fields, told):  # noqa: F811
    formats.write_all(
        resolved(with_text("[@k]"), resources, entry(tmp_path, fields)), tmp_path, resources
    )
    check_page((tmp_path / "report.html").read_text(encoding="utf-8"))
    assert told in words_of_html(tmp_path / "report.html")
    assert plainly(told) in plainly(words_of_pdf(tmp_path / "report.pdf"))
    assert not re.search(
        r"\\(read|input)|\^\^", (tmp_path / "report.tex").read_text(encoding="utf-8")
    )


def entry(folder, fields):
    """A bibliography with one entry."""
    path = folder / "own.bib"
    own = "".join(f"  {field} = {{{value}}},\n" for field, value in fields.items())
    path.write_text(f"@book{{k,\n{own}}}\n")
    return path


# What is refused: nothing is written then

IMAGE = "an image must stand alone in its paragraph"
LINK = "a link must begin with http:, https: or mailto:"
REFUSED = [
    ("![C](OUTSIDE/SECRET.svg){#fig:a alt='a'}", "a figure must be an .svg in results/"),
    ("![C](../ASIDE/SECRET.svg){#fig:a alt='a'}", "a figure must be an .svg in results/"),
    ("![C](figures/../../ASIDE/SECRET.svg){#fig:a alt='a'}", "a figure must be an .svg"),
    ("![C](figures/wide.pdf){#fig:a alt='a'}", "a figure must be an .svg in results/"),
    ("![C](file://OUTSIDE/SECRET.svg){#fig:a alt='a'}", "figure not found: file://"),
    ("![C](http://127.0.0.1:9/x.svg){#fig:a alt='a'}", "figure not found: http://"),
    ("An ![x](http://127.0.0.1:9/x.png) in a line.", IMAGE),
    ("# ![x](http://127.0.0.1:9/x.png)", IMAGE),
    ("A note[^1].\n\n[^1]: ![x](OUTSIDE/SECRET.svg){#fig:a alt='a'}", "a figure must be an .svg"),
    ("| a |\n|---|\n| ![x](http://127.0.0.1:9/x.png) |\n\n: T. {#tbl:a}", IMAGE),
    ("![C ![x](OUTSIDE/SECRET.svg)](figures/wide.svg){#fig:a alt='a'}", IMAGE),
    ("[x](javascript:alert(1))", LINK),
    ("[x](JaVaScript:alert(1))", LINK),
    ("[x](&#106;avascript:alert(1))", LINK),
    ("<javascript:alert(1)>", LINK),
    ("[x]\n\n[x]: javascript:alert(1)", LINK),
    ("[x](vbscript:y) and [x](http://a.org)", LINK),
    ("[x](data:text/html;base64,PHNjcmlwdD4=)", LINK),
    ("[x](file:///etc/passwd)", LINK),
    ('[x]{onclick="alert(1)"}', "the attribute 'onclick' is not allowed here"),
    ('[x](http://a.org){onmouseover="y"}', "the attribute 'onmouseover' is not allowed here"),
    ('# Two {onclick="y"}', "the attribute 'onclick' is not allowed here"),
    ('::: {onclick="y"}\nx\n:::', "the attribute 'onclick' is not allowed here"),
    ('``` {.python onclick="y"}\nx\n```', "the attribute 'onclick' is not allowed here"),
    ('`x`{onclick="y"}', "the attribute 'onclick' is not allowed here"),
    ("![C](figures/wide.svg){#fig:a alt='a' onerror='y'}", "the attribute 'onerror' is not"),
    ("| a |\n|---|\n| b |\n\n: T. {#tbl:a onclick='y'}", "the attribute 'onclick' is not"),
    ('[x]{style="position: fixed"}', "the attribute 'style' is not allowed here"),
    ("[x]{typst:text:fill='read(\"/x\")'}", "the attribute 'typst:text:fill' is not"),
    ("[x]{srcdoc='<script>'}", "the attribute 'srcdoc' is not allowed here"),
    ("![C](figures/wide.svg){id='fig:a}\\write18{x}' alt='a'}", "an identifier can only have"),
    ("$$x$$ {#eq:\\input|x}", "an identifier can only have"),
    ("[x]{id='a}\\write18{x}'}", "an identifier can only have"),
    ("$\\text{^^5cinput{OUTSIDE/SECRET.tex}}$", "^^ is not mathematics"),
    ("$x^^5cwrite18{touch pwned}$", "^^ is not mathematics"),
    ("$\\write18{touch pwned}$", "in the formula: "),
    ("$\\input{OUTSIDE/SECRET.tex}$", "in the formula: "),
    ("$$\\csname input\\endcsname{OUTSIDE/SECRET.tex}$$", "in the formula: "),
    ("$\\text{\\input{OUTSIDE/SECRET.tex}}$", "in the formula: "),
    ("$\\def\\a{b}\\a$", "in the formula: "),
    ("$\\catcode37=12$", "in the formula: "),
    ("$\\href{javascript:alert(1)}{x}$", "in the formula: "),
]
HEADS = [
    (
        "header-includes: '<script>x</script>'",
        "the head of the report cannot have 'header-includes'",
    ),
    ("title-meta: '}\\write18{x}'", "the head of the report cannot have 'title-meta'"),
    (
        "references: [{id: 'a}\\input{x}', title: T}]",
        "the head of the report cannot have 'references'",
    ),
    ("css: http://127.0.0.1:9/x.css", "the head of the report cannot have 'css'"),
    ("lang: 'en\"); #read(\"x'", "lang must be a code such as de or zh-Hans: en"),
    ("lang: german", "lang must be a code such as de or zh-Hans: german"),
    ("subtitle: '![x](OUTSIDE/SECRET.svg)'", IMAGE),
    ("keywords: ['[x](javascript:y)']", LINK),
    ("abstract: '$\\text{^^5cinput}$'", "^^ is not mathematics"),
]
ENTRIES = [
    ({"title": r"A \input{OUTSIDE/SECRET.tex} B"}, r"latex is not text, in the bibliography"),
    ({"title": r"A \foo{B}"}, r"latex is not text, in the bibliography: \foo"),
    ({"title": r"\csname write\endcsname"}, "latex is not text, in the bibliography"),
    ({"title": r"A \def\a{b}\a"}, "latex is not text, in the bibliography"),
    ({"title": r"\href{javascript:alert(1)}{A}"}, LINK),
    ({"title": r"\includegraphics{OUTSIDE/SECRET.svg}"}, IMAGE),
    ({"title": r"$\write18{x}$"}, "in the formula: "),
]


def refusal(folder, resources, outside, source, bibliography=BIBLIOGRAPHY):  # noqa: F811
    """What is said where a report is refused. Nothing is written."""
    aside = os.path.relpath(outside, resources.parent)
    source = source.replace("OUTSIDE", str(outside)).replace("ASIDE", aside)
    before = everything(resources)
    with pytest.raises(formats.FormatError) as caught:
        formats.write_all(resolved(source, resources, bibliography), folder / "report", resources)
    assert not (folder / "report").exists()
    assert everything(resources) == before
    assert SECRET not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(("text", "said"), REFUSED)
def test_what_leaves_the_report_is_refused(tmp_path, resources, outside, text, said):  # noqa: F811
    assert said in refusal(tmp_path, resources, outside, with_text(text))


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ('$\\#read("x")$', {"md", "tex"}),
        ("```\nx\n\\end{Verbatim}\\write18{x}\n```", {"html", "md", "pdf"}),
    ],
)
def test_a_format_that_cannot_hold_it_is_not_written(tmp_path, resources, text, written):  # noqa: F811
    with pytest.raises(formats.FormatError):
        formats.write_all(resolved(with_text(text), resources), tmp_path, resources)
    assert {path.suffix[1:] for path in tmp_path.iterdir()} == written


@pytest.mark.parametrize(("line", "said"), HEADS)
def test_so_it_is_in_the_reports_head(tmp_path, resources, outside, line, said):  # noqa: F811
    source = with_text("x").replace("title: T\n", f"title: T\n{line}\n")
    assert said in refusal(tmp_path, resources, outside, source)


@pytest.mark.parametrize(("fields", "said"), ENTRIES)
def test_so_it_is_in_the_bibliography(tmp_path, resources, outside, fields, said):  # noqa: F811
    fields = {field: value.replace("OUTSIDE", str(outside)) for field, value in fields.items()}
    bibliography = entry(tmp_path, fields)
    assert said in refusal(tmp_path, resources, outside, with_text("[@k]"), bibliography)


@pytest.mark.parametrize(
    "formula",
    [
        *(r"\write18{x}", r"\immediate\write18{x}", r"\input{x}", r"\include{x}", r"\openout5=x"),
        *(r"\read5 to\x", r"\catcode37=12", r"\csname x\endcsname", r"\def\x{y}", r"\let\x\y"),
        *(r"\newcommand{\x}{y}", r"\text{\input{x}}", r"\text{^^5cinput{x}}", r"\directlua{x}"),
        *(r"\includegraphics{x}", r"\special{x}", r"\usepackage{x}", r"\pdfliteral{x}"),
    ],
)
def test_a_program_in_a_formula_is_named_by_its_line(tmp_path, monkeypatch, resources, formula):  # noqa: F811
    template = with_text(f"It is ${formula}$.")
    (tmp_path / TEMPLATE).parent.mkdir()
    (tmp_path / TEMPLATE).write_text(template)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(TemplateError) as caught, located():
        resolved(template, resources)
    message, shown = str(caught.value).splitlines()
    assert message.startswith("report/report.md.j2, line 8: ")
    assert f", in the formula: {formula}" in message
    assert shown == f"    It is ${formula}$."


@pytest.mark.parametrize(("text", "told"), TEXTS)
def test_a_claims_words_are_text(tmp_path, resources, text, told):  # noqa: F811
    """They are Markdown, as the template is, and not a template."""
    path = tmp_path / "claims.yaml"
    path.write_text(yaml.safe_dump({"C1": STATED["C1"] | {"claim": text, "because": text}}))
    template = with_text("{{ claims.C1.claim }} {{ claims.C1.because }}")
    source = render(template, {"claims": read_claims(path)})
    page = tmp_path / "report.html"
    page.write_bytes(formats.html(resolved(source, resources), resources, resources))
    check_page(page.read_text(encoding="utf-8"))
    assert plainly(words_of_html(page)).count(plainly(told)) == 2


# The tools


def test_pandoc_runs_in_its_sandbox(monkeypatch, tmp_path, resources):  # noqa: F811
    commands, run = [], subprocess.run
    monkeypatch.setattr(
        formats.subprocess,
        "run",
        lambda command, **options: commands.append(command) or run(command, **options),
    )
    formats.write_all(resolved(with_text("x"), resources), tmp_path, resources)
    assert len(commands) == 6
    assert all("--sandbox" in command for command in commands)


def test_tex_is_run_by_nobody_but_the_reader_and_never_with_its_shell():
    files = [ROOT / name for name in ("Snakefile", "Makefile", "README.md", "tests/conftest.py")]
    files += (ROOT / "docs").glob("*.md")
    files += [path for folder in ("scripts", "bench") for path in (ROOT / folder).rglob("*.py")]
    texts = {path.name: path.read_text(encoding="utf-8") for path in files}
    told = {name for name, text in texts.items() if re.search("(pdf|lua|xe)latex|latexmk", text)}
    assert told <= {"results.md", "conftest.py", "formats.py"}  # formats.py in words
    assert "-no-shell-escape" in texts["conftest.py"]
    for text in texts.values():
        assert not re.search(r"(?<!-no)-shell-escape|enable-write18|-shell-restricted", text)
    assert not re.search(r"subprocess[^)]*latex", texts["formats.py"])
