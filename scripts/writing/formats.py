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
import unicodedata
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
# pdflatex has these beyond ASCII: letters of western and central Europe, and signs that pandoc or
# the template handles. LuaLaTeX has what the fonts have.
PDFLATEX = {chr(c) for c in range(0xA0, 0x180)} - set("ĦħĸĿŀŉŦŧſ")
PDFLATEX |= set("ȘșȚț–—‘’“”„‚‹›…−√′∂‖≤≥≈→€™†‡•‰\u2011\u202f")
# The one that is installed with pypandoc, which itself would prefer a newer one on the PATH.
PANDOC = str(Path(pypandoc.__file__).with_name("files") / "pandoc")
LONGEST = 120  # seconds that pandoc may take
UTF_8 = (
    "en_US.UTF-8" if sys.platform == "darwin" else "C.UTF-8"
)  # the encoding of pandoc's arguments

WARNINGS = {  # {of pandoc, with a part of the source: what is said}
    "Could not convert TeX math (.*), rendering as TeX": "this is not a formula: ",
    "Duplicate identifier '(.*)'": "an identifier is used twice: #",
}


class FormatError(StudyError):
    """A report that cannot be written, with the message of pandoc or Typst."""


class LackingError(FormatError):
    """A PDF that cannot be written, since no font has one of its characters."""


def read(source: str) -> str:
    """Return the document of a source as pandoc's JSON."""
    return _pandoc(source, f"--from={READER}", "--to=json")


def resolve(document: str, resources: Path, bibliography: Path) -> str:
    """Return a document with numbers, references and citations, which all formats share."""
    return _pandoc(
        document, "--from=json", "--to=json", *_filter("crossref"),
        "--citeproc", f"--csl={_address(LAYOUTS / 'numeric.csl')}",
        f"--bibliography={_address(bibliography.resolve())}",
        "--metadata=link-citations:true", "--metadata=reference-section-title:References",
        *_filter("safe"), folder=resources,
    )  # fmt: skip


def html(document: str, resources: Path, _: Path) -> bytes:
    """Return one self-contained page: it includes the figures, the style, MathML and its font."""
    style = (LAYOUTS / "html.css").read_text(encoding="utf-8")
    script = (LAYOUTS / "html.js").read_text(encoding="utf-8")
    text = _pandoc(
        document, *_shaping("html.html"), "--to=html5", "--mathml", "--toc", "--toc-depth=3",
        "--wrap=none", f"--variable=style:{style}", f"--variable=script:{script}",
        folder=resources,
    )  # fmt: skip
    link = '<a href="#source-{}" class="bound" data-from="{}">{}</a>'.format
    return bound.linked(text, link).encode()


def markdown(document: str, resources: Path, folder: Path) -> bytes:
    """Return GitHub-flavoured Markdown with everything resolved.

    Figures are linked, with paths relative to the folder of the file.
    """
    text = _pandoc(
        document, *_shaping("markdown.md"), "--to=gfm+tex_math_dollars-tex_math_gfm",
        "--wrap=none", f"--variable=resources:{_relative(resources, folder)}", folder=resources,
    )  # fmt: skip
    return bound.plain(text).encode()


def latex(document: str, resources: Path, folder: Path) -> bytes:
    """Return an IEEEtran paper that compiles in its folder with a plain pdflatex.

    With characters that pdflatex lacks, it compiles with lualatex, as its first line says.
    """
    text = _pandoc(
        document, *_filter("paper"), *_shaping("latex.tex"), "--to=latex",
        f"--variable=resources:{_relative(resources, folder)}", folder=resources,
    )  # fmt: skip
    text = bound.linked(text, lambda entry, _, text: rf"\hyperref[source-{entry}]{{{text}}}")
    text = unicodedata.normalize("NFC", text)  # pdflatex knows é, and not e with an accent
    lacking = [c for c in text if ord(c) > 127 and c not in PDFLATEX]
    if lacking:
        text = f"% !TeX program = lualatex\n% pdflatex lacks {lacking[0]}\n{text}"
    return text.encode()


def pdf(document: str, resources: Path, _: Path) -> bytes:
    """Return a two-column paper, typeset by Typst with the fonts that it includes.

    If these lack a character, the system's fonts are used, too.
    """
    text = _pandoc(
        document, *_filter("paper"), *_shaping("typst.typ"),
        "--to=typst-citations", folder=resources,  # the citations are resolved already
    )  # fmt: skip
    text = bound.linked(text, lambda entry, _, text: f"#link(<source-{entry}>)[{text}];")
    try:
        return _typeset(text, resources, ignore_system_fonts=True)
    except LackingError:
        return _typeset(text, resources, ignore_system_fonts=False)


def _typeset(text: str, resources: Path, ignore_system_fonts: bool) -> bytes:
    try:
        return typst.compile(  # type: ignore[call-overload]  # it takes text and a path as root
            text.encode(),
            root=str(resources),
            ignore_system_fonts=ignore_system_fonts,
            pdf_standards="ua-1",  # Typst checks that a screen reader can read it
        )
    except typst.TypstError as error:
        lacking = re.search(r"the text `\"(.*)\"` could not be displayed", error.message)
        if lacking:
            message = "no font here has this; install one of its script, for example Noto's"
            raise LackingError(f"{message}: {lacking[1]}") from None
        raise FormatError("; ".join([f"typst: {error.message}", *error.hints])) from None


def write_all(document: str, folder: Path, resources: Path) -> None:
    """Write a resolved document in the four formats, in parallel.

    Raises:
        FormatError: If formats fail, with a message for each; the others are written.
    """
    with ThreadPoolExecutor() as pool:
        futures = {
            ending: pool.submit(write, document, resources, folder)
            for ending, write in WRITERS.items()
        }
    failed = []
    for ending, future in futures.items():
        try:
            write_whole(folder / f"report.{ending}", future.result())
        except FormatError as error:
            failed.append(f"report.{ending} is not written: {error}")
    if failed:
        raise FormatError("\n".join(failed))


WRITERS = {"html": html, "pdf": pdf, "tex": latex, "md": markdown}


def _address(path: Path) -> str:
    # Pandoc decodes these paths, as if they were addresses.
    return str(path).replace("%", "%25")


def _filter(name: str) -> list[str]:
    return [f"--lua-filter={LAYOUTS / name}.lua"]


def _shaping(template: str) -> list[str]:
    layout = LAYOUTS / template  # the filter has the template's name
    return [
        "--from=json",
        *_filter(layout.stem),
        f"--template={_address(layout)}",
        "--syntax-highlighting=none",
    ]


def _pandoc(text: str, *options: str, folder: Path | None = None) -> str:
    # --sandbox: reading the source opens no file. Only the filters open files, the figures, with
    # paths relative to the folder that pandoc runs in. Pandoc's manual advises a time limit, since
    # some texts take very long.
    command = [PANDOC, "--sandbox", "--fail-if-warnings"]
    try:
        result = subprocess.run(
            [*command, f"--data-dir={LAYOUTS}", *options],
            input=text,
            cwd=folder,
            capture_output=True,
            encoding="utf-8",
            env={**os.environ, "LC_ALL": UTF_8},
            timeout=LONGEST,
        )
    except subprocess.TimeoutExpired:
        raise FormatError(f"pandoc: it takes more than {LONGEST} s") from None
    if result.returncode:
        raise FormatError(_message(result.stderr))
    return result.stdout


def _message(stderr: str) -> str:
    # Pandoc's errors and warnings have lines of details.
    for pattern, words in WARNINGS.items():
        found = re.search(pattern, stderr)
        if found:
            return f"pandoc: {words}{found[1]}"
    message = re.sub(r"Error running filter .*:\n", "", stderr).partition("stack traceback:")[0]
    return "pandoc: " + " ".join(message.split())


def _relative(resources: Path, folder: Path) -> str:
    # With slashes on every system, since LaTeX and browsers expect them.
    return Path(os.path.relpath(resources, folder)).as_posix()
