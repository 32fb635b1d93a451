"""The report's four files: Markdown, HTML, LaTeX and PDF, from one Markdown source.

The source's notation is described in `report/layouts/README.md`. Pandoc translates, the filters and
templates in `report/layouts/` shape, and Typst typesets the PDF. HTML is written in one go, since
`make watch` waits for it; the others share what `read` makes of the source. Nothing of the machine
or of the hour enters a file: the same source, figures and bibliography give the same bytes.
"""

import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pypandoc
import typst

from scripts.study.errors import StudyError
from scripts.study.files import write_whole
from scripts.writing import bound

LAYOUTS = Path(__file__).resolve().parents[2] / "report" / "layouts"
# Raw HTML and TeX in the source are text: what holds in one format only has no place in any.
READER = "markdown-raw_html-raw_tex-raw_attribute-latex_macros-native_divs-native_spans"
# pdflatex knows these besides ASCII: Latin letters, and signs that pandoc or the template handle.
LATEX_CHARACTERS = {chr(c) for c in range(0xA0, 0x180)} | set("–—‘’“”…−≤≥≈→\u202f")
LONGEST = 120  # seconds
UTF_8 = "en_US.UTF-8" if sys.platform == "darwin" else "C.UTF-8"  # for pandoc's arguments


class FormatError(StudyError):
    """A report that cannot be written, with the reason in the words of pandoc or Typst."""


def read(source: str, resources: Path, bibliography: Path) -> str:
    """The document that a source describes, as pandoc's JSON, with references resolved."""
    return _pandoc(source, resources, *_reading(bibliography), "--to=json")


def html(source: str, resources: Path, bibliography: Path) -> bytes:
    """One self-contained page: figures, style and MathML are inside."""
    style, script = (
        (LAYOUTS / f"html.{kind}").read_text(encoding="utf-8") for kind in ("css", "js")
    )
    text = _pandoc(
        source, resources, *_reading(bibliography), *_shaping("html.html"),
        "--to=html5", "--mathml", "--toc", "--toc-depth=3", "--wrap=none",
        f"--variable=style:{style}", f"--variable=script:{script}",
    )  # fmt: skip
    link = '<a href="#source-{}" class="bound" data-from="{}">{}</a>'.format
    return bound.linked(text, link).encode()


def markdown(document: str, resources: Path, folder: Path) -> bytes:
    """GitHub-flavoured Markdown with everything resolved; figures are linked, as seen from the
    folder where it will lie.
    """
    text = _pandoc(
        document, resources, "--from=json", *_shaping("markdown.md"),
        "--to=gfm+tex_math_dollars-tex_math_gfm", "--wrap=none",
        f"--variable=resources:{_relative(resources, folder)}",
    )  # fmt: skip
    return bound.plain(text).encode()


def latex(document: str, resources: Path, folder: Path) -> bytes:
    """An IEEEtran paper that compiles in its folder with a plain pdflatex."""
    text = _pandoc(
        document, resources, "--from=json", *_shaping("latex.tex"), "--to=latex",
        f"--variable=resources:{_relative(resources, folder)}",
    )  # fmt: skip
    text = bound.linked(text, lambda entry, _, text: rf"\hyperref[source-{entry}]{{{text}}}")
    if unknown := sorted({c for c in text if ord(c) > 127} - LATEX_CHARACTERS):
        raise FormatError(f"write these characters as $…$, pdflatex lacks them: {unknown}")
    return text.encode()


def pdf(document: str, resources: Path, _: Path) -> bytes:
    """A two-column paper, typeset by Typst with the fonts that it carries."""
    # Citations are resolved: pandoc need not leave them to Typst.
    options = ["--from=json", *_shaping("typst.typ"), "--to=typst-citations"]
    text = _pandoc(document, resources, *options)
    text = bound.linked(text, lambda entry, _, text: f"#link(<source-{entry}>)[{text}];")
    try:
        return typst.compile(
            text.encode(),
            root=str(resources),
            ignore_system_fonts=True,
            pdf_standards="ua-1",  # Typst checks that a screen reader can read it
        )
    except typst.TypstError as error:
        raise FormatError("\n".join([f"typst: {error.message}", *error.hints])) from None


def write_all(source: str, folder: Path, resources: Path, bibliography: Path) -> None:
    """Write the four files into a folder, or none; pandoc and Typst run beside Python."""
    with ThreadPoolExecutor() as pool:
        made = {"html": pool.submit(html, source, resources, bibliography)}
        document = read(source, resources, bibliography)
        for ending, make in (("pdf", pdf), ("tex", latex), ("md", markdown)):
            made[ending] = pool.submit(make, document, resources, folder)
    contents = {ending: content.result() for ending, content in made.items()}
    for ending, content in contents.items():
        write_whole(folder / f"report.{ending}", content)


def _reading(bibliography: Path) -> list[str]:
    return [
        f"--from={READER}",
        f"--lua-filter={LAYOUTS / 'crossref.lua'}",
        "--citeproc", f"--csl={LAYOUTS / 'numeric.csl'}",
        f"--bibliography={bibliography.resolve()}",
        "--metadata=link-citations:true", "--metadata=reference-section-title:References",
        f"--lua-filter={LAYOUTS / 'safe.lua'}",
    ]  # fmt: skip


def _shaping(template: str) -> list[str]:
    """A template and the filter of the same name."""
    layout = LAYOUTS / template
    shape = [f"--lua-filter={layout.with_suffix('.lua')}", f"--template={layout}"]
    return [*shape, "--syntax-highlighting=none"]


def _pandoc(text: str, resources: Path, *options: str) -> str:
    # --sandbox: reading the source opens no file; the filters alone open the figures. The time is
    # limited as its manual advises: for some texts it takes ages.
    # A filter finds its figures relative to the folder that pandoc runs in.
    command = [pypandoc.get_pandoc_path(), "--sandbox", "--fail-if-warnings"]
    try:
        result = subprocess.run(
            [*command, f"--data-dir={LAYOUTS}", *options],
            input=text,
            cwd=resources,
            capture_output=True,
            encoding="utf-8",
            env={**os.environ, "LC_ALL": UTF_8},
            timeout=LONGEST,
        )
    except subprocess.TimeoutExpired:
        raise FormatError(f"pandoc: it would take more than {LONGEST} s") from None
    if result.returncode:
        said = re.sub(r"Error running filter .*:\n", "", result.stderr)
        raise FormatError("pandoc: " + said.partition("stack traceback:")[0].strip())
    return result.stdout


def _relative(resources: Path, folder: Path) -> str:
    """Say how a file in a folder refers to the resources, in any system's LaTeX or browser."""
    return Path(os.path.relpath(resources, folder)).as_posix()
