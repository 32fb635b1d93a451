"""Numbers that know their sources, from a table's cell to a link in the report.

A `Number` is a float with its sources; arithmetic keeps them. `marked` writes the sources around
the text that a reader sees, with characters that occur in no text. `with_listing` numbers the rows
that are cited and adds a listing of them. Pandoc treats the marks as letters; after it has run,
`linked` turns the marks in the text of a format into links.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

OPEN, BETWEEN, CLOSE, ALSO, PART = "\ue000\ue001\ue002\ue003\ue004"  # for private use
MARK = re.compile(f"{OPEN}([^{BETWEEN}]*){BETWEEN}([^{CLOSE}]*){CLOSE}")
LISTING = f"{OPEN}{CLOSE}"  # where the listing goes
BINARY = ["add", "sub", "mul", "truediv", "pow"]
OPERATIONS = [*BINARY, *(f"r{name}" for name in BINARY), "neg", "abs"]


@dataclass(frozen=True)
class Source:
    """The place of a number: cells of a file.

    Attributes:
        file: The path of the file.
        row: How the row begins in the file. It is a regular expression if there are several rows,
            and empty if all rows count.
        column: The name of the column.
        seeds: The number of seeds that the row covers, or "" if it is not about seeds.
    """

    file: str
    row: str
    column: str
    seeds: str = ""


class Number(float):
    """A number with the cells that it comes from.

    `str` gives its text with the marks; the text is written as in the file.
    """

    sources: tuple[Source, ...]
    text: str

    def __new__(
        cls, value: float, sources: Iterable[Source] = (), text: str | None = None
    ) -> "Number":
        """Return a number; `text` defaults to its shortest exact notation."""
        number = super().__new__(cls, value)
        number.sources = tuple(sources)
        number.text = text or (f"{value:.0f}" if float(value).is_integer() else str(float(value)))
        return number

    def __str__(self) -> str:
        return marked(self.text, self.sources)


class Names(list):
    """Names that were chosen by the values of cells."""

    def __init__(self, names: Iterable[str], sources: Iterable[Source]) -> None:
        super().__init__(names)
        self.sources = tuple(sources)


def with_sources(operation: str) -> Callable:
    """Return a method of float whose result is a Number with the sources of all operands."""
    compute = getattr(float, operation)

    def method(self: Number, *others: float) -> Number:
        result = compute(self, *others)
        return result if result is NotImplemented else Number(result, sources_of([self, *others]))

    return method


for _operation in OPERATIONS:
    setattr(Number, f"__{_operation}__", with_sources(f"__{_operation}__"))


def sources_of(values: Iterable[object]) -> tuple[Source, ...]:
    """Return the sources of Numbers and Names among some values, each once."""
    sources = (source for value in values for source in getattr(value, "sources", ()))
    return tuple(dict.fromkeys(sources))


def marked(text: str, sources: Iterable[Source]) -> str:
    """Return a text with a mark around it that holds its sources.

    A mark without sources says only that the text was not typed.
    """
    cells = (PART.join([each.file, each.row, each.column, each.seeds]) for each in sources)
    return f"{OPEN}{ALSO.join(cells)}{BETWEEN}{text}{CLOSE}"


def with_listing(
    text: str, rules: Mapping[str, str], meanings: Mapping[str, Mapping[str, str]]
) -> str:
    """Return a text with its listing, and with the numbers of the listing's entries in the marks.

    If the text has no listing, the marks are left without a source.

    Args:
        text: The text, with marks.
        rules: The rule that writes each file.
        meanings: What each column of a file says.
    """
    if LISTING not in text:
        return MARK.sub(lambda match: marked(match[2], ()), text)
    numbers: dict[tuple[str, str], int] = {}  # {(file, row): number of the entry}
    cells = defaultdict(list)

    def numbered(match: re.Match) -> str:
        cited = [Source(*cell.split(PART)) for cell in match[1].split(ALSO) if cell]
        for source in cited:
            numbers.setdefault((source.file, source.row), len(numbers) + 1)
            cells[source.file].append(source)
        origin = "+".join(f"{numbers[s.file, s.row]}:{s.column}" for s in cited)
        return f"{OPEN}{origin}{BETWEEN}{match[2]}{CLOSE}"

    text = MARK.sub(numbered, text)
    entries = [
        entry(file, cells[file], numbers, rules[file], meanings.get(file, {}))
        for file in sorted(cells)
    ]
    return text.replace(LISTING, "\n\n".join(["::: sources", *entries, ":::"]))


def linked(text: str, link: Callable[[str, str, str], str]) -> str:
    """Return the text of a format, in which `link(entry, origin, text)` writes each number.

    A number whose mark has no source, or has lost it in a heading, is text.
    """

    def written(match: re.Match) -> str:
        entry = match[1].partition(":")[0]
        return link(entry, match[1], match[2]) if entry else match[2]

    return MARK.sub(written, text)


def plain(text: str) -> str:
    """Return a text without marks."""
    return MARK.sub(r"\2", text)


def entry(
    file: str,
    sources: list[Source],
    numbers: Mapping[tuple[str, str], int],
    rule: str,
    meanings: Mapping[str, str],
) -> str:
    """Return a file's entry in the listing: its columns that were read, and its rows by seeds."""
    rows = defaultdict(list)
    for row, seeds in {source.row: source.seeds for source in sources}.items():
        rows[seeds].append(
            f"[`{row or 'all rows'}`]{{#source-{numbers[file, row]} .source"
            f' file="{file}" row="{row}" seeds="{seeds}" rule="{rule}"}}'
        )
    groups = []
    for seeds, links in rows.items():
        groups.append((f"of {seeds} seeds: " if seeds else "") + " · ".join(links))
    of_seeds = "; ".join(groups)
    columns = dict.fromkeys(source.column for source in sources if source.column)
    if not columns:
        return f"**`{file}`**, written by hand:\n\n{of_seeds}."
    read = [f"`{column}`\n:   {meanings.get(column, '–')}" for column in columns]
    return "\n\n".join(
        [f"**`{file}`**, which the rule *{rule}* writes:", *read, f"Rows {of_seeds}."]
    )
