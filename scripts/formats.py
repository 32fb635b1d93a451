"""The report's four files: Markdown, HTML, LaTeX and PDF, from one Markdown source.

The source's notation is described in `report/layouts/README.md`. Pandoc translates, the filters and
templates in `report/layouts/` shape, and Typst typesets the PDF. HTML is written in one go, since
`make watch` waits for it; the others share what `read` makes of the source. Nothing of the machine
or of the hour enters a file: the same source, figures and bibliography give the same bytes.
"""

import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pypandoc
import typst

from scripts import bound
from scripts.errors import StudyError

LAYOUTS = Path(__file__).resolve().parents[1] / "report" / "layouts"

# Raw HTML and TeX in the source are text: what holds in one format only has no place in any.
READER = "markdown-raw_html-raw_tex-raw_attribute-latex_macros-native_divs-native_spans"

# pdflatex knows these besides ASCII: Latin letters, and signs that pandoc or the template handle.
LATEX_CHARACTERS = {chr(c) for c in range(0xA0, 0x180)} | set("–—‘’“”…−≤≥≈→\u202f")


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


def write_markdown(document: str, path: Path, resources: Path) -> None:
    """Write GitHub-flavoured Markdown with everything resolved; figures are linked."""
    text = _pandoc(
        document, resources, "--from=json", *_shaping("markdown.md"),
        "--to=gfm+tex_math_dollars-tex_math_gfm", "--wrap=none",
        f"--variable=resources:{_relative(resources, path)}",
    )  # fmt: skip
    write_whole(path, bound.plain(text).encode())


def write_latex(document: str, path: Path, resources: Path) -> None:
    """Write an IEEEtran paper that compiles in its folder with a plain pdflatex."""
    text = _pandoc(
        document, resources, "--from=json", *_shaping("latex.tex"), "--to=latex",
        f"--variable=resources:{_relative(resources, path)}",
    )  # fmt: skip
    text = bound.linked(text, lambda entry, _, text: rf"\hyperref[source-{entry}]{{{text}}}")
    if unknown := sorted({c for c in text if ord(c) > 127} - LATEX_CHARACTERS):
        raise FormatError(f"write these characters as $…$, pdflatex lacks them: {unknown}")
    write_whole(path, text.encode())


def write_pdf(document: str, path: Path, resources: Path) -> None:
    """Write a two-column paper, typeset by Typst with the fonts that it carries."""
    # Citations are resolved: pandoc need not leave them to Typst.
    options = ["--from=json", *_shaping("typst.typ"), "--to=typst-citations"]
    text = _pandoc(document, resources, *options)
    text = bound.linked(text, lambda entry, _, text: f"#link(<source-{entry}>)[{text}];")
    try:
        pdf = typst.compile(
            text.encode(),
            root=str(resources),
            ignore_system_fonts=True,
            pdf_standards="ua-1",  # Typst checks that a screen reader can read it
        )
    except typst.TypstError as error:
        raise FormatError("\n".join([f"typst: {error.message}", *error.hints])) from None
    write_whole(path, pdf)


def write_all(source: str, folder: Path, resources: Path, bibliography: Path) -> None:
    """Write the four files into a folder; pandoc and Typst run beside Python."""
    with ThreadPoolExecutor() as pool:
        page = pool.submit(html, source, resources, bibliography)
        document = read(source, resources, bibliography)
        writing = [
            pool.submit(write, document, folder / f"report.{ending}", resources)
            for ending, write in [("pdf", write_pdf), ("tex", write_latex), ("md", write_markdown)]
        ]
    for written in writing:
        written.result()
    write_whole(folder / "report.html", page.result())


def _reading(bibliography: Path) -> list[str]:
    return [
        f"--from={READER}",
        f"--lua-filter={LAYOUTS / 'crossref.lua'}",
        "--citeproc", f"--csl={LAYOUTS / 'numeric.csl'}",
        f"--bibliography={bibliography.resolve()}",
        "--metadata=link-citations:true", "--metadata=reference-section-title:References",
    ]  # fmt: skip


def _shaping(template: str) -> list[str]:
    """A template and the filter of the same name."""
    layout = LAYOUTS / template
    shape = [f"--lua-filter={layout.with_suffix('.lua')}", f"--template={layout}"]
    return [*shape, "--syntax-highlighting=none"]


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


def write_whole(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".tmp")
    temporary.write_bytes(content)
    os.replace(temporary, path)
