"""How the template writes values: a number's text keeps the number's sources."""

import functools
import math
from operator import itemgetter

from scripts.study.names import activation_name
from scripts.writing.bound import Number, marked, sources_of


class UnboundError(TypeError):
    """A number that comes from nowhere."""


def where(rows, **wanted):
    """Those of the rows whose columns have the values wanted."""
    return [row for row in rows if wanted.items() <= row.items()]


def listed(items):
    """a, b and c."""
    *first, last = [*items] or [""]
    return f"{', '.join(first)} and {last}" if first else last


def sort(rows, attribute, reverse=False):
    """Rows by the value of a column. Those that have none there have no rank and are left out,
    unless none has one.
    """
    ranked = [row for row in rows if row[attribute] == row[attribute]]
    return sorted(ranked, key=itemgetter(attribute), reverse=reverse) or list(rows)


def writes(form):
    """A filter: the text that `form` makes of a Number, bound to its sources; a missing value is a
    dash.
    """

    @functools.wraps(form)
    def write(value, *arguments):
        number = checked(value)
        return marked("–" if number != number else form(number, *arguments), number)

    return write


def checked(value):
    """A Number as it is. UnboundError for another number: its origin would not be known."""
    if isinstance(value, (int, float)) and not isinstance(value, (Number, bool)):
        raise UnboundError(
            f"the number {value} comes from no table and no setting; if that is meant, "
            f"write const({value})"
        )
    return value


@writes
def significant(value, digits=2):
    """0.03421 → 0.034."""
    return f"{value:#.{digits}g}".rstrip(".")


@writes
def percent(value, digits=1):
    """0.9731 → 97.3 %."""
    return f"{100 * value:.{digits}f}\u00a0%"


@writes
def points(value):
    """A difference of shares in percentage points, 0.0123 → 1.2."""
    return f"{100 * value:.1f}"


@writes
def signed_points(value):
    """A difference of shares in percentage points with its sign, -0.0123 → −1.2."""
    return f"{100 * value:+.1f}".replace("-", "−")


@writes
def whole(value):
    """A count: 12.0 → 12, 12.5 → 12."""
    return f"{value:.0f}"


@writes
def scientific(value):
    """0.0000071 → 7 · 10⁻⁶. (No formula: the name of a link is text.)"""
    digit, power = f"{value:.0e}".split("e")
    exponent = str(int(power)).replace("-", "−")
    return f"{digit}\u00a0·\u00a010^{exponent}^"


def setting(value):
    """A value of config.yaml as prose has it."""
    if isinstance(value, dict):
        return ", ".join(f"{key} → {other}" for key, other in value.items()) or "none"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def length(items):
    """How many there are, bound to what chose them."""
    return Number(len(items), getattr(items, "sources", ()))


def exp(value):
    return Number(math.exp(value), sources_of(value))


def const(value):
    """A number that is meant to come from nowhere, or a text with numbers in it."""
    return value if isinstance(value, str) else Number(value, text=str(value))


FILTERS = {
    "name": activation_name,
    "listed": listed,
    "where": where,
    "sort": sort,  # for jinja's, which a missing value confuses
    "length": length,
    "significant": significant,
    "percent": percent,
    "points": points,
    "signed_points": signed_points,
    "whole": whole,
    "scientific": scientific,
    "exp": exp,
    "setting": setting,
}
