"""Numbers that know where they come from, from a table's cell to a link in the report.

A `Number` is a float with its sources; arithmetic keeps them. `marked` writes them around the text
that a reader sees, in characters that no text holds; `with_listing` gives each row a number and
adds a listing of them all; `linked` makes links of the marks in the text of a format, after pandoc,
which takes them for letters.
"""

import re
from collections import defaultdict
from dataclasses import dataclass

OPEN, BETWEEN, CLOSE, ALSO, PART = "\ue000\ue001\ue002\ue003\ue004"  # for private use
MARK = re.compile(f"{OPEN}([^{BETWEEN}]*){BETWEEN}([^{CLOSE}]*){CLOSE}")
LISTING = f"{OPEN}{CLOSE}"  # where the listing goes
NO_LINK = re.compile(  # pictures' texts, headings, and what a page's head repeats
    r'alt="(?:[^"\\]|\\.)*"|^(?:#|title:|author:|keywords:).*$', re.M
)
OPERATIONS = (
    *("__add__", "__radd__", "__sub__", "__rsub__", "__mul__", "__rmul__", "__truediv__"),
    *("__rtruediv__", "__pow__", "__rpow__", "__neg__", "__abs__"),
)


@dataclass(frozen=True)
class Source:
    """A cell: its file, how the row begins there (a regular expression for several rows, nothing
    for all), its column, and how many seeds the row is about ("" if it is about none).
    """

    file: str
    row: str
    column: str
    seeds: str = ""


class Number(float):
    """A number with the cells that it comes from. It prints as it stands there."""

    def __new__(cls, value, sources=(), text=None):
        number = super().__new__(cls, value)
        number.sources = tuple(sources)
        number.text = text or (f"{value:.0f}" if float(value).is_integer() else str(float(value)))
        return number

    def __str__(self):
        return marked(self.text, self)


class Names(list):
    """Names that were chosen by what cells hold."""

    def __init__(self, names, sources):
        super().__init__(names)
        self.sources = tuple(sources)


def with_sources(operation):
    compute = getattr(float, operation)

    def method(self, *others):
        result = compute(self, *others)
        return result if result is NotImplemented else Number(result, sources_of([self, *others]))

    return method


for _operation in OPERATIONS:
    setattr(Number, _operation, with_sources(_operation))


def sources_of(value):
    """The sources of a Number or of Names, or of all among some values, each once."""
    if hasattr(value, "sources"):
        return value.sources
    values = value.values() if isinstance(value, dict) else value
    if not isinstance(value, (dict, list, tuple)):
        return ()
    return tuple(dict.fromkeys(source for item in values for source in sources_of(item)))


def marked(text, value):
    """A value's text with its sources around it."""
    sources = (
        PART.join([source.file, source.row, source.column, source.seeds])
        for source in sources_of(value)
    )
    around = ALSO.join(sources)
    return f"{OPEN}{around}{BETWEEN}{text}{CLOSE}" if around else text


def with_listing(text, rules):
    """The text with numbers of entries in the marks, and the listing that holds these. `rules` says
    which rule writes a file. Marks go where there can be no link, and where there is no listing.
    """
    if LISTING not in text:
        return plain(text)
    text = NO_LINK.sub(lambda match: plain(match[0]), text)
    places = {}  # {(file, row): number of the entry}
    cells = defaultdict(list)

    def numbered(match):
        cited = [Source(*cell.split(PART)) for cell in match[1].split(ALSO)]
        for source in cited:
            places.setdefault((source.file, source.row), len(places) + 1)
            cells[source.file].append(source)
        origin = "+".join(f"{places[s.file, s.row]}:{s.column}" for s in cited)
        return f"{OPEN}{origin}{BETWEEN}{match[2]}{CLOSE}"

    text = MARK.sub(numbered, text)
    entries = [entry(file, cells[file], places, rules[file]) for file in sorted(cells)]
    return text.replace(LISTING, "\n\n".join(["::: sources", *entries, ":::"]))


def linked(text, link):
    """A format's text, in which `link(entry, origin, text)` writes each number."""
    return MARK.sub(lambda match: link(match[1].partition(":")[0], match[1], match[2]), text)


def plain(text):
    return MARK.sub(r"\2", text)


def entry(file, sources, places, rule):
    """What the listing says of a file: the columns that were read, and the rows, by their seeds."""
    columns = ", ".join(dict.fromkeys(f"`{source.column}`" for source in sources if source.column))
    rows = defaultdict(list)
    for row, seeds in {source.row: source.seeds for source in sources}.items():
        rows[seeds].append(
            f"[`{row or 'all rows'}`]{{#source-{places[file, row]} .source"
            f' file="{file}" row="{row}" seeds="{seeds}" rule="{rule}"}}'
        )
    of_seeds = "; ".join(
        (f"of {seeds} seeds: " if seeds else "") + " · ".join(own) for seeds, own in rows.items()
    )
    if not columns:
        return f"**{file}**, written by hand: {of_seeds}."
    return f"**{file}**, which the rule *{rule}* writes: the columns {columns} of rows {of_seeds}."
