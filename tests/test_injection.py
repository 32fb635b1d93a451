"""What a person writes comes out as text, or is refused: it reaches no shell and no other file, and
is no program to TeX, Typst or a browser.
"""

import re
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest
import yaml

from scripts import formats, template
from scripts.config import check
from scripts.errors import StudyError
from scripts.prose import check_text
from scripts.schema import ConfigError, read_yaml
from scripts.tables import TableError, read
from tests.test_formats import (
    BIBLIOGRAPHY,
    escaped,
    resources,  # noqa: F401
    with_text,
    words_of_html,
)
from tests.test_pipeline import new_project

ROOT = Path(__file__).parent.parent
SECRET = "the-secret-4711"
NAMES = [
    *(
        "$(touch pwned)",
        "`touch pwned`",
        "a;touch pwned",
        "a b",
        "a'b",
        'a"b',
        "a\nb",
        "a|b",
        "a&b",
    ),
    *("../up", "a/../b", "/etc/passwd", "..", ".", ".hidden", "-rf", "", "a\0b", "a{b}", "{seed}"),
    *("\\write18", "<script>", "#read(x)", "а-cyrillic", "a\u202eb", "a%b", "*", "~", "a:b", "a,b"),
]
TEXTS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<iframe src='https://example.org'></iframe>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "[a](javascript:alert(1))",
    "[a](JaVaScRiPt:alert(1))",
    "[a](data:text/html,<script>alert(1)</script>)",
    "[a](vbscript:x)",
    "<javascript:alert(1)>",
    "[a]{onclick=alert(1)}",
    "`a`{onclick=alert(1) .x}",
    "::: {onload=alert(1)}\na\n:::",
    "# A {onclick=alert(1)}",
    "```{=html}\n<script>alert(1)</script>\n```",
    "`<script>alert(1)</script>`{=html}",
    "```{=latex}\n\\write18{touch pwned}\n```",
    '`#read("SECRET")`{=typst}',
    "\\write18{touch pwned} \\input{SECRET} \\immediate\\openout3=pwned",
    "\\begin{verbatim}\\end{verbatim}\\input{SECRET}",
    '#read("SECRET") #import "SECRET": * #eval("1") #sys.version',
    '$#read("SECRET")$',
    '$\\text{#read("SECRET")}$',
    "![a](SECRET)",
    "![a](file://SECRET)",
    "![a](../secret.svg)",
    "![a](figures/../../secret.svg)",
    "![a](https://example.org/a.svg)",
    "[a](SECRET)",
    'a\n\n![A caption](figures/wide.svg){#fig:a alt="x" onload=alert(1)}',
    "| a |\n|:--|\n| <script>alert(1)</script> |",
    "[^n]\n\n[^n]: <script>alert(1)</script>",
]
FORMULAS = [
    *(r"\write18{touch pwned}", r"\input{/etc/passwd}", r"\immediate\write18{ls}", r"\openout3=a"),
    *(
        r"\csname write18\endcsname",
        r"\catcode`\|=0",
        r"\def\a{}",
        r"^^5cwrite18{ls}",
        r"\read3to\a",
    ),
    *(r"\include{a}", r"\special{a}", r"\directlua{a}", r"\newcommand\a{}", r"\let\a\write"),
]
COMMANDS = r"\\(?:write|input|include\b|immediate|openout|read\b|csname|catcode|special|directlua)"


class Elements(HTMLParser):
    """What a browser makes of a page."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes = [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += attributes


@pytest.fixture(scope="module")
def secret(resources):  # noqa: F811
    """Files beside the results, which nothing that is written may show."""
    path = resources.parent / "secret.txt"
    path.write_text(SECRET)
    drawing = f'<svg xmlns="http://www.w3.org/2000/svg"><text>{SECRET}</text></svg>'
    (resources.parent / "secret.svg").write_text(drawing)
    return path


def written(source, folder, resources, bibliography=BIBLIOGRAPHY):  # noqa: F811
    """{name: text} of the four files, the PDF's read by pdftotext; none where it is refused."""
    try:
        formats.write_all(source, folder, resources, bibliography)
    except StudyError:
        return {}
    pdf = subprocess.run(["pdftotext", folder / "report.pdf", "-"], capture_output=True, text=True)
    assert pdf.returncode == 0
    files = {name: (folder / f"report.{name}").read_text() for name in ("html", "tex", "md")}
    return files | {"pdf": pdf.stdout}


def check_harmless(texts):
    for text in texts.values():
        assert SECRET not in text
    page = Elements(texts["html"])
    assert page.tags.count("script") == 1  # the page's own
    assert not {"iframe", "object", "embed", "base", "form"} & set(page.tags)
    for name, value in page.attributes:
        assert not name.startswith("on")
        assert not re.match(r"\s*(?:javascript|vbscript|data:text)", value or "", re.I)
        if name in ("src", "srcset", "data"):
            assert value.startswith("data:image/")
    body = texts["tex"].split(r"\begin{document}")[1]
    assert not re.search(COMMANDS, body)
    assert "<script" not in re.sub(r"\\<|`[^`]*`", "", texts["md"])
    assert not re.search(r"(?<!\\)\]\((?:javascript|vbscript|data):", texts["md"], re.I)


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_is_text_in_all_formats_or_refused(tmp_path, resources, secret, text):  # noqa: F811
    source = with_text(text.replace("SECRET", str(secret)))
    texts = written(source, tmp_path, resources)
    if texts:
        check_harmless(texts)


@pytest.mark.parametrize("text", TEXTS)
def test_an_escaped_text_is_written_as_it_is(tmp_path, resources, text):  # noqa: F811
    words = " ".join(text.split())
    texts = written(with_text(escaped(words)), tmp_path, resources)
    check_harmless(texts)
    assert words in words_of_html(tmp_path / "report.html")
    assert all(word[:2] in texts["pdf"] for word in words.split())


@pytest.mark.parametrize("field", ["title", "author", "note", "journal"])
@pytest.mark.parametrize(
    "text",
    [
        r"\write18{touch pwned} \input{SECRET}",
        "<script>alert(1)</script>",
        '{#read("SECRET")}',
        r"\href{javascript:alert(1)}{a}",
        r"$\write18{touch pwned}$",
    ],
)
def test_a_bibliographys_fields_are_text_too(tmp_path, resources, secret, field, text):  # noqa: F811
    fields = {"title": "A title", "author": "Author, A.", "journal": "J", "year": "2020"}
    fields[field] = text.replace("SECRET", str(secret))
    entry = ",\n".join(f"  {name} = {{{value}}}" for name, value in fields.items())
    bibliography = tmp_path / "a.bib"
    bibliography.write_text(f"@article{{one,\n{entry}\n}}\n")
    texts = written(with_text("See [@one]."), tmp_path / "out", resources, bibliography)
    if texts:
        check_harmless(texts)


@pytest.mark.parametrize("formula", FORMULAS)
def test_a_formula_that_is_a_program_is_refused(formula):
    for text in (f"So ${formula}$.", f"$$\n{formula}\n$$"):
        with pytest.raises(StudyError, match="is no mathematics") as caught:
            check_text(with_text(text), with_text(text), "")
        assert len(str(caught.value).splitlines()) <= 2


def test_tex_writes_nothing_but_the_paper(tmp_path, resources, secret, pdflatex):  # noqa: F811
    source = with_text("\n\n".join(escaped(" ".join(text.split())) for text in TEXTS))
    folder = resources / "tex"
    assert written(source, folder, resources)
    pdflatex(folder / "report.tex")
    endings = {"md", "html", "tex", "pdf", "aux", "log", "out"}
    assert {path.suffix[1:] for path in folder.iterdir()} <= endings
    assert not list(folder.rglob("pwned*"))


@pytest.mark.parametrize("name", NAMES)
def test_a_protocols_name_reaches_no_shell_and_no_path(name):
    config = read_yaml(ROOT / "config.yaml")
    with pytest.raises(ConfigError, match=r"^protocols"):
        check(config | {"protocols": {name: {}, **config["protocols"]}})


@pytest.mark.parametrize("key", ["hidden", "output"])
@pytest.mark.parametrize("name", ["$(touch pwned)", "../up", "relu;ls", "<script>"])
def test_an_activations_name_is_one_that_there_is(key, name):
    config = read_yaml(ROOT / "config.yaml")
    with pytest.raises(ConfigError, match=rf"^{key}"):
        check(config | {key: [name]})


@pytest.mark.parametrize("name", [name for name in NAMES if not set(name) & set('\n\0", а')])
def test_a_name_in_a_table_is_a_name(tmp_path, name):
    path = tmp_path / "published.csv"
    path.write_text(f"protocol,hidden,output,n,mean,sd\n{name},relu,sigmoid,3,0.5,0.1\n")
    with pytest.raises(TableError, match="column protocol, row 1"):
        read("published", path)


def test_a_run_with_such_a_name_ends_before_any_job(tmp_path):
    project = new_project(tmp_path)
    config = yaml.safe_load((tmp_path / "config.yaml").read_text())
    project.set(protocols={"$(touch pwned)": {}, **config["protocols"]})
    result = project.snakemake()
    assert result.returncode == 1
    assert result.stderr.strip().splitlines()[-1].startswith("config: protocols")
    assert not list(tmp_path.rglob("pwned"))
    assert not (tmp_path / "results/runs").exists()


def test_pandoc_runs_in_its_sandbox(tmp_path, resources, monkeypatch):  # noqa: F811
    commands, run = [], subprocess.run
    monkeypatch.setattr(
        formats.subprocess,
        "run",
        lambda command, **o: commands.append(command) or run(command, **o),
    )
    formats.write_all(with_text("A text."), tmp_path, resources, BIBLIOGRAPHY)
    assert len(commands) == 5
    assert all("--sandbox" in command for command in commands)


@pytest.mark.parametrize(
    "expression",
    [
        "''.__class__.__mro__",
        "config.__class__",
        "claim.__globals__",
        "rows.__code__",
        "'{0.__class__}'.format(config)",
        "self.__init__",
        "cycler.__init__.__globals__.os",
    ],
)
def test_a_template_sees_nothing_of_python(expression):
    with pytest.raises(template.TemplateError, match="line 1"):
        template.render(
            f"{{{{ {expression} }}}}", {"config": {}, "claim": check, "rows": lambda: None}
        )


@pytest.mark.parametrize("word", ["include", "import", "extends"])
def test_a_template_reads_no_other_file(word):
    text = {"import": "{% import '/etc/passwd' as x %}"}.get(word, f"{{% {word} '/etc/passwd' %}}")
    with pytest.raises(template.TemplateError, match="line 1"):
        template.render(text, {})


def test_no_command_of_the_project_lets_tex_run_commands():
    files = [ROOT / name for name in ("README.md", "Makefile", "Snakefile", ".ci/run")]
    files += [
        *ROOT.glob("scripts/*.py"),
        *ROOT.glob("report/layouts/*"),
        ROOT / "tests/conftest.py",
    ]
    for path in files:
        assert not re.search(r"(?<!-no)-shell-escape", path.read_text(encoding="utf-8"))
