"""The report's four files: Markdown, HTML, LaTeX and PDF, from one Markdown source.

Each function takes the same source (the notation is described in `report/layouts/README.md`) and
writes one file. Pandoc translates, the filters and templates in `report/layouts/` shape, and Typst
typesets the PDF. Nothing of the machine or of the hour enters a file: the same source, figures and
bibliography give the same bytes.
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


def write_markdown(source: str, path: Path, resources: Path, bibliography: Path) -> None:
    """Write GitHub-flavoured Markdown with everything resolved; figures are linked."""
    text = _pandoc(
        source, "markdown.md", resources, bibliography,
        "--to=gfm+tex_math_dollars-tex_math_gfm", "--wrap=none",
        f"--variable=resources:{_relative(resources, path)}",
    )  # fmt: skip
    _replace(path, text.encode())


def write_html(source: str, path: Path, resources: Path, bibliography: Path) -> None:
    """Write one self-contained page: figures, style and MathML are inside."""
    style = (LAYOUTS / "html.css").read_text(encoding="utf-8")
    text = _pandoc(
        source, "html.html", resources, bibliography,
        "--to=html5", "--mathml", "--toc", "--toc-depth=3", "--wrap=none",
        f"--variable=style:{style}",
    )  # fmt: skip
    _replace(path, text.encode())


def write_latex(source: str, path: Path, resources: Path, bibliography: Path) -> None:
    """Write an IEEEtran paper that compiles in its folder with a plain pdflatex."""
    text = _pandoc(
        source, "latex.tex", resources, bibliography,
        "--to=latex",
        f"--variable=resources:{_relative(resources, path)}",
    )  # fmt: skip
    if unknown := sorted({c for c in text if ord(c) > 127} - LATEX_CHARACTERS):
        raise FormatError(f"write these characters as $…$, pdflatex lacks them: {unknown}")
    _replace(path, text.encode())


def write_pdf(source: str, path: Path, resources: Path, bibliography: Path) -> None:
    """Write a two-column paper, typeset by Typst with the fonts that it carries."""
    text = _pandoc(source, "typst.typ", resources, bibliography, "--to=typst")
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


def _pandoc(source: str, template: str, resources: Path, bibliography: Path, *options: str) -> str:
    """Translate the source with a template and the filter of the same name."""
    # --sandbox: reading the source opens no file; the filters alone open the figures.
    # A filter finds its figures relative to the folder that pandoc runs in.
    command = [
        pypandoc.get_pandoc_path(),
        "--sandbox", "--fail-if-warnings", f"--data-dir={LAYOUTS}", f"--from={READER}",
        f"--lua-filter={LAYOUTS / 'crossref.lua'}",
        "--citeproc", f"--csl={LAYOUTS / 'numeric.csl'}",
        f"--bibliography={bibliography.resolve()}",
        "--metadata=link-citations:true", "--metadata=reference-section-title:References",
        f"--lua-filter={(LAYOUTS / template).with_suffix('.lua')}",
        f"--template={LAYOUTS / template}",
        "--syntax-highlighting=none",
        *options,
    ]  # fmt: skip
    result = subprocess.run(
        command, input=source, cwd=resources, capture_output=True, encoding="utf-8"
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
