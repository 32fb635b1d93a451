"""Checks of the report's text as pandoc has read it; each mistake is reported with its line.

No number may be typed: a number in the text must carry a mark (see bound.py). Every claim must be
used, and citations and references must have a target.
"""

import itertools
import re
from collections.abc import Iterator, Mapping

import yaml

from scripts.study.errors import one_line
from scripts.study.layout import TEMPLATE
from scripts.study.schema import Loader, nearest
from scripts.writing.bound import ALSO, BETWEEN, CLOSE, LISTING, MARK, OPEN, PART, Number, plain
from scripts.writing.filters import listed
from scripts.writing.template import TemplateError, line_at, line_with, mistake, position

NUMBER = re.compile(r"(?<!\w)(?<!\w-)(?<!\d[.,])\d+(?:[.,]\d+)*\w*")
LABEL = re.compile(r"\{#(eq:[^}]+)\}")  # what follows a formula, see crossref.lua
ENTRY = re.compile(r"^@\w+\{\s*([^,\s]+)\s*,", re.M)
HEAD = re.compile(r"^---\n(.*?)^(?:---|\.\.\.)$", re.S | re.M)
NO_CELLS = re.compile(r"`[^`]*`|\$[^$\n]*\$|\\.")  # in which a bar separates nothing
CELL = rf"(?:config\.yaml|results/\w+\.csv)(?:{PART}[^{OPEN}-{PART}]*){{3}}"
WHOLE = re.compile(f"{OPEN}(?:{CELL}(?:{ALSO}{CELL})*)?{BETWEEN}([^{OPEN}-{PART}]*){CLOSE}")
UNSEEN = re.compile(  # invisible characters, except the line break and the tab
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ue000-\uf8ff]"
)
NO_TEXT = {"Cite", "Code", "CodeBlock", "Math"}
BREAKS = {"Space", "SoftBreak", "LineBreak"}
PARTS = {"Para", "Plain", "Header", "Image", "Note", "MetaInlines"}  # what is read by itself
MOST_SHOWN = 20  # mistakes


def check_source(text: str, template: str) -> None:
    """Check what pandoc would pass over in the text that a template gives.

    Raises:
        TemplateError: At the first invisible character, at metadata that are not valid YAML, and at
            the first row of a table that has more or fewer cells than the table has columns.
    """
    check_characters(text, template)
    check_head(plain(text), template)
    check_rows(plain(text), template)


def check_document(document: dict, template: str, facts: Mapping, bibliography: str) -> None:
    """Check pandoc's document of the text that a template gives.

    Raises:
        TemplateError: With a message for each citation and reference without a target, each key of
            the bibliography that is given twice, each line with typed numbers, and each claim that
            is never used.
    """
    nodes = list(walk(document))
    found = [
        *repeated_keys(bibliography),
        *unknown_keys(nodes, template, bibliography),
        *typed_numbers(text_of(document), template, facts),
        *unused(template, facts),
    ]
    if found:
        messages = [str(error) for error in found[:MOST_SHOWN]]
        if len(found) > MOST_SHOWN:
            messages.append(f"{TEMPLATE}: and {len(found) - MOST_SHOWN} more mistakes")
        raise TemplateError("\n".join(messages))


def walk(node: object) -> Iterator[dict]:
    """Yield each element of a document."""
    if isinstance(node, dict):
        if "t" in node:
            yield node
        node = list(node.values())
    if isinstance(node, list):
        for part in node:
            yield from walk(part)


def text_of(node: object) -> str:
    """Return the text that a reader sees, with marks: a line for each paragraph, cell and caption.

    Headings begin with #. Formulas, code, citations and the listing of sources are left out.
    """
    if isinstance(node, list):
        return "".join(map(text_of, node))
    if not isinstance(node, dict):
        return ""
    kind = node.get("t")
    if kind is None:
        return "".join(map(text_of, node.values()))
    if kind == "Str":
        return LABEL.sub("", node["c"])
    if kind in BREAKS or kind in NO_TEXT or (kind == "Div" and "sources" in node["c"][0][1]):
        return " "
    text = text_of(node.get("c"))
    return f"\n{'# ' if kind == 'Header' else ''}{text}\n" if kind in PARTS else text


def typed_numbers(text: str, template: str, facts: Mapping) -> list[TemplateError]:
    """Return a mistake for each line with numbers that carry no mark."""
    lines: dict[tuple[int | None, str], list[str]] = {}
    heading, last = "", 0
    for paragraph in MARK.sub(" ", text).split("\n"):
        if paragraph.startswith("# "):
            heading = paragraph
        for number in NUMBER.finditer(paragraph):
            around = paragraph[: number.start()].split(), paragraph[number.end() :].split()
            end = position(template, number[0], *around, start=last)
            place = "" if end else f" in {one_line(paragraph.strip())!r}"
            last = end or last
            line = line_at(template, end) if end else line_with(template, heading)
            lines.setdefault((line, place), []).append(number[0])
    return [
        mistake(template, line, typed_message(numbers, facts, place))
        for (line, place), numbers in sorted(lines.items(), key=lambda item: item[0][0] or 0)
    ]


def typed_message(numbers: list[str], facts: Mapping, place: str) -> str:
    """Return what to write for the typed numbers of a line: their source, or `const`."""
    sources = [*settings_with(numbers, facts), "{{ a table's cell | percent }}"]
    first = numbers[0]
    typed = f"the number {first}{place} is"
    if len(numbers) > 1:
        typed = f"the numbers {listed(numbers)}{place} are"
    written = f"write where it comes from ({', '.join(sources[-3:])})"
    meant = f'{{{{ const("{first}") }}}} or ${first}$ for a number that is not a result'
    return f"{typed} typed: {written}, or {meant}"


def settings_with(numbers: list[str], facts: Mapping) -> list[str]:
    """Return the template's expressions for settings with one of the numbers.

    Numbers of one digit are left out, since too many settings have them.
    """
    found = []
    for name in ("settings", "config"):
        for key, value in facts[name].items():
            values = value if isinstance(value, list) else [value]
            texts = [number.text for number in values if isinstance(number, Number)]
            if any(text in numbers and len(text) > 1 for text in texts):
                found.append(f"{{{{ {name}.{key} }}}}")
    return found


def repeated_keys(bibliography: str) -> Iterator[TemplateError]:
    """Yield a mistake for each entry with the key of one before it, of which pandoc takes one."""
    seen = set()
    for entry in ENTRY.finditer(bibliography):
        if entry[1] in seen:
            place = f"report/references.bib, line {line_at(bibliography, entry.start())}"
            yield TemplateError(f"{place}: the key {entry[1]} is given twice")
        seen.add(entry[1])


def unknown_keys(nodes: list[dict], template: str, bibliography: str) -> Iterator[TemplateError]:
    """Yield a mistake for each citation and reference without a target."""
    entries = ENTRY.findall(bibliography)
    defined = list(identifiers(nodes))
    cites = [node["c"][0] for node in nodes if node["t"] == "Cite"]
    for key in dict.fromkeys(cite["citationId"] for cite in itertools.chain(*cites)):
        known, place = entries, "report/references.bib"
        if re.match(r"(?:fig|tbl|sec|eq):", key):
            known, place = defined, "this report"
        if key not in known:
            message = f"there is no {key} in {place}{nearest(key, known)}"
            yield mistake(template, line_with(template, f"@{key}"), message)


def identifiers(nodes: list[dict]) -> Iterator[str]:
    """Yield what a reference may name: the identifiers of elements, and formulas' labels."""
    for node in nodes:
        if node["t"] in ("Figure", "Table", "Span", "Div"):
            yield node["c"][0][0]
        elif node["t"] == "Header":
            yield node["c"][1][0]
        elif node["t"] == "Str":
            yield from LABEL.findall(node["c"])


def unused(template: str, facts: Mapping) -> Iterator[TemplateError]:
    """Yield a mistake for each claim that the template never uses."""
    in_loops = facts["of_source"] if "of_source" in template else ()
    for name in facts["claims"]:
        if f'"{name}"' not in template and name not in in_loops:
            message = f"report/claims.yaml declares {name}, and the report never uses it"
            yield TemplateError(f"{TEMPLATE}: {message}")


def check_characters(text: str, template: str) -> None:
    """Raise a TemplateError at the first character that cannot be shown.

    The marks of numbers are private characters, too: a filter that changes them breaks them.
    """
    bare = WHOLE.sub(r"\1", text.replace(LISTING, ""))
    found = UNSEEN.search(bare)
    if not found:
        return
    character = found[0]
    before = one_line(bare[: found.start()].rpartition("\n")[2][-60:])
    message = f"the character {character!r} after {before!r} cannot be shown"
    if OPEN <= character <= PART:
        message = f"after {before!r}, a number was changed when it was already text"
    raise mistake(template, line_with(template, character), message)


def check_head(text: str, template: str) -> None:
    """Raise a TemplateError unless the metadata at the head of the text are valid YAML."""
    head = HEAD.search(text)
    metadata = head[1] if head else ""
    try:
        yaml.load(metadata, Loader)
    except yaml.MarkedYAMLError as error:
        line = metadata.rstrip().split("\n")[: error.problem_mark.line + 1][-1]
        message = f"the report's head is not valid YAML: {error.problem}: {line}"
        raise mistake(template, line_with(template, line), message) from None
    except (yaml.YAMLError, ValueError) as error:  # a character or a date that does not exist
        message = f"the report's head is not valid YAML: {str(error).splitlines()[0]}"
        raise mistake(template, None, message) from None


def check_rows(text: str, template: str) -> None:
    """Raise a TemplateError at the first row of a table with more or fewer cells than columns.

    Pandoc fills a row that is too short, and drops what is too much.
    """
    rows = re.sub("^```.*?^```", "", text, flags=re.S | re.M).split("\n")
    for i, line in enumerate(rows):
        if i == 0 or not {"|", "-"} <= set(line) <= set("|:- "):
            continue
        below = itertools.takewhile(lambda row: "|" in row, rows[i:])
        for row in [rows[i - 1], *below]:
            if cells(row) != cells(line):
                message = f"a table of {cells(line)} columns has a row of {cells(row)}: {row}"
                raise mistake(template, line_with(template, row), message)


def cells(row: str) -> int:
    """Return the number of cells in a row of a pipe table."""
    bare = NO_CELLS.sub("x", row).strip()
    return bare.removeprefix("|").removesuffix("|").count("|") + 1
