"""The report's four files: Markdown, HTML, LaTeX and PDF, from one Markdown source.

`read` resolves the cross-references and citations of the source, whose notation is described in
`report/layouts/README.md`; each `write_…` makes one file of what it returns. Pandoc translates, the
filters and templates in `report/layouts/` shape, and Typst typesets the PDF. Nothing of the machine
or of the hour enters a file: the same source, figures and bibliography give the same bytes.
"""

import os
import subprocess
from pathlib import Path

import pypandoc
import typst

from scripts.errors import StudyError

LAYOUTS = Path(__file__).resolve().parents[1] / "report" / "layouts"

# Raw HTML and TeX in the source are text: what holds in one format only has no place in any.
READER = "markdown-raw_html-raw_tex-raw_attribute-latex_macros-native_divs-native_spans"

# pdflatex knows these besides ASCII: Latin letters, and signs that pandoc or the template handle.
LATEX_CHARACTERS = {chr(c) for c in range(0xA0, 0x180)} | set("–—‘’“”…−≤≥≈→\u202f")


class FormatError(StudyError):
    """A report that cannot be written, with the reason in the words of pandoc or Typst."""


def read(source: str, resources: Path, bibliography: Path) -> str:
    """The document that a source describes, as pandoc's JSON."""
    return _pandoc(
        source, resources,
        f"--from={READER}", "--to=json",
        f"--lua-filter={LAYOUTS / 'crossref.lua'}",
        "--citeproc", f"--csl={LAYOUTS / 'numeric.csl'}",
        f"--bibliography={bibliography.resolve()}",
        "--metadata=link-citations:true", "--metadata=reference-section-title:References",
    )  # fmt: skip


def write_markdown(document: str, path: Path, resources: Path) -> None:
    """Write GitHub-flavoured Markdown with everything resolved; figures are linked."""
    text = _shaped(
        document, resources, "markdown.md",
        "--to=gfm+tex_math_dollars-tex_math_gfm", "--wrap=none",
        f"--variable=resources:{_relative(resources, path)}",
    )  # fmt: skip
    _replace(path, text.encode())


def write_html(document: str, path: Path, resources: Path) -> None:
    """Write one self-contained page: figures, style and MathML are inside."""
    style, script = (
        (LAYOUTS / f"html.{kind}").read_text(encoding="utf-8") for kind in ("css", "js")
    )
    text = _shaped(
        document, resources, "html.html",
        "--to=html5", "--mathml", "--toc", "--toc-depth=3", "--wrap=none",
        f"--variable=style:{style}", f"--variable=script:{script}",
    )  # fmt: skip
    _replace(path, text.encode())


def write_latex(document: str, path: Path, resources: Path) -> None:
    """Write an IEEEtran paper that compiles in its folder with a plain pdflatex."""
    text = _shaped(
        document, resources, "latex.tex",
        "--to=latex",
        f"--variable=resources:{_relative(resources, path)}",
    )  # fmt: skip
    if unknown := sorted({c for c in text if ord(c) > 127} - LATEX_CHARACTERS):
        raise FormatError(f"write these characters as $…$, pdflatex lacks them: {unknown}")
    _replace(path, text.encode())


def write_pdf(document: str, path: Path, resources: Path) -> None:
    """Write a two-column paper, typeset by Typst with the fonts that it carries."""
    text = _shaped(document, resources, "typst.typ", "--to=typst-citations")
    try:
        pdf = typst.compile(
            text.encode(),
            root=str(resources),
            ignore_system_fonts=True,
            pdf_standards="ua-1",  # Typst checks that a screen reader can read it
        )
    except typst.TypstError as error:
        raise FormatError("\n".join([f"typst: {error.message}", *error.hints])) from None
    _replace(path, pdf)


def _shaped(document: str, resources: Path, template: str, *options: str) -> str:
    """Translate a document with a template and the filter of the same name."""
    return _pandoc(
        document, resources,
        "--from=json",
        f"--lua-filter={(LAYOUTS / template).with_suffix('.lua')}",
        f"--template={LAYOUTS / template}",
        "--syntax-highlighting=none",
        *options,
    )  # fmt: skip


def _pandoc(text: str, resources: Path, *options: str) -> str:
    # --sandbox: reading the source opens no file; the filters alone open the figures.
    # A filter finds its figures relative to the folder that pandoc runs in.
    command = [pypandoc.get_pandoc_path(), "--sandbox", "--fail-if-warnings"]
    result = subprocess.run(
        [*command, f"--data-dir={LAYOUTS}", *options],
        input=text,
        cwd=resources,
        capture_output=True,
        encoding="utf-8",
    )
    if result.returncode:
        raise FormatError("pandoc: " + result.stderr.partition("stack traceback:")[0].strip())
    return result.stdout


def _relative(folder: Path, path: Path) -> str:
    """Say how a file refers to a folder, in any system's LaTeX or browser."""
    return Path(os.path.relpath(folder, path.parent)).as_posix()


def _replace(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".tmp")
    temporary.write_bytes(content)
    os.replace(temporary, path)
