"""The report's four files: Markdown, HTML, LaTeX and PDF, from one Markdown source.

The source's notation is described in `report/layouts/README.md`. Pandoc translates the source, with
the filters and templates in `report/layouts/`, and Typst typesets the PDF. HTML is written directly
from the source, since `make watch` waits for it; the other formats share the document that `read`
returns. The files do not depend on the machine or the time: the same source, figures and
bibliography give the same bytes.
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
# Raw HTML and TeX in the source are read as text, since they would work in one format only.
READER = "markdown-raw_html-raw_tex-raw_attribute-latex_macros-native_divs-native_spans"
# pdflatex knows these beyond ASCII: Latin letters, and signs that pandoc or the template handles.
LATEX_CHARACTERS = {chr(c) for c in range(0xA0, 0x180)} | set("–—‘’“”…−≤≥≈→\u202f")
LONGEST = 120  # seconds that pandoc may take
UTF_8 = (
    "en_US.UTF-8" if sys.platform == "darwin" else "C.UTF-8"
)  # the encoding of pandoc's arguments


class FormatError(StudyError):
    """A report that cannot be written, with the message of pandoc or Typst."""


def read(source: str, resources: Path, bibliography: Path) -> str:
    """Return the document of a source as pandoc's JSON, with references resolved."""
    return _pandoc(source, resources, *_reading(bibliography), "--to=json")


def html(source: str, resources: Path, bibliography: Path) -> bytes:
    """Return one self-contained page: it includes the figures, the style and MathML."""
    style = (LAYOUTS / "html.css").read_text(encoding="utf-8")
    script = (LAYOUTS / "html.js").read_text(encoding="utf-8")
    text = _pandoc(
        source, resources, *_reading(bibliography), *_shaping("html.html"),
        "--to=html5", "--mathml", "--toc", "--toc-depth=3", "--wrap=none",
        f"--variable=style:{style}", f"--variable=script:{script}",
    )  # fmt: skip
    link = '<a href="#source-{}" class="bound" data-from="{}">{}</a>'.format
    return bound.linked(text, link).encode()


def markdown(document: str, resources: Path, folder: Path) -> bytes:
    """Return GitHub-flavoured Markdown with everything resolved.

    Figures are linked, with paths relative to the folder of the file.
    """
    text = _pandoc(
        document, resources, "--from=json", *_shaping("markdown.md"),
        "--to=gfm+tex_math_dollars-tex_math_gfm", "--wrap=none",
        f"--variable=resources:{_relative(resources, folder)}",
    )  # fmt: skip
    return bound.plain(text).encode()


def latex(document: str, resources: Path, folder: Path) -> bytes:
    """Return an IEEEtran paper that compiles in its folder with a plain pdflatex."""
    text = _pandoc(
        document, resources, "--from=json", *_shaping("latex.tex"), "--to=latex",
        f"--variable=resources:{_relative(resources, folder)}",
    )  # fmt: skip
    text = bound.linked(text, lambda entry, _, text: rf"\hyperref[source-{entry}]{{{text}}}")
    unknown = sorted({c for c in text if ord(c) > 127} - LATEX_CHARACTERS)
    if unknown:
        raise FormatError(f"write these characters as $…$, pdflatex lacks them: {unknown}")
    return text.encode()


def pdf(document: str, resources: Path, _: Path) -> bytes:
    """Return a two-column paper, typeset by Typst with the fonts that it includes."""
    # -citations: they are resolved already and need not be left to Typst.
    options = ["--from=json", *_shaping("typst.typ"), "--to=typst-citations"]
    text = _pandoc(document, resources, *options)
    text = bound.linked(text, lambda entry, _, text: f"#link(<source-{entry}>)[{text}];")
    try:
        return typst.compile(  # type: ignore[call-overload]  # it takes text and a path as root
            text.encode(),
            root=str(resources),
            ignore_system_fonts=True,
            pdf_standards="ua-1",  # Typst checks that a screen reader can read it
        )
    except typst.TypstError as error:
        raise FormatError("\n".join([f"typst: {error.message}", *error.hints])) from None


def write_all(source: str, folder: Path, resources: Path, bibliography: Path) -> None:
    """Write the four files into a folder, or none if one fails; they are made in parallel."""
    with ThreadPoolExecutor() as pool:
        futures = {"html": pool.submit(html, source, resources, bibliography)}
        document = read(source, resources, bibliography)
        for ending, write in (("pdf", pdf), ("tex", latex), ("md", markdown)):
            futures[ending] = pool.submit(write, document, resources, folder)
    contents = {ending: future.result() for ending, future in futures.items()}
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
    layout = LAYOUTS / template
    return [
        f"--lua-filter={layout.with_suffix('.lua')}",  # the filter has the template's name
        f"--template={layout}",
        "--syntax-highlighting=none",
    ]


def _pandoc(text: str, resources: Path, *options: str) -> str:
    # --sandbox: reading the source opens no file. Only the filters open files, the figures, with
    # paths relative to the folder that pandoc runs in. Pandoc's manual advises a time limit, since
    # some texts take very long.
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
        raise FormatError(f"pandoc: it takes more than {LONGEST} s") from None
    if result.returncode:
        message = re.sub(r"Error running filter .*:\n", "", result.stderr)
        raise FormatError("pandoc: " + message.partition("stack traceback:")[0].strip())
    return result.stdout


def _relative(resources: Path, folder: Path) -> str:
    # With slashes on every system, since LaTeX and browsers expect them.
    return Path(os.path.relpath(resources, folder)).as_posix()
