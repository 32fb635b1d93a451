"""The template's filters: the text of a number keeps the number's sources."""

import functools
import math
from collections.abc import Callable, Iterable, Sequence
from operator import itemgetter

from scripts.study.names import activation_name
from scripts.writing.bound import Number, marked, sources_of


def where(rows: Iterable[dict], **wanted: object) -> list[dict]:
    """Return the rows whose columns have the wanted values."""
    return [row for row in rows if wanted.items() <= row.items()]


def listed(items: Iterable[str]) -> str:
    """Return the items as an enumeration: "a, b and c"."""
    *first, last = list(items) or [""]
    return f"{', '.join(first)} and {last}" if first else last


def sort(rows: Sequence[dict], attribute: str, reverse: bool = False) -> list[dict]:
    """Return the rows sorted by the value of a column.

    Rows with a missing value are left out; if all values are missing, all rows are returned.
    """
    ranked = [row for row in rows if row[attribute] == row[attribute]]
    return sorted(ranked, key=itemgetter(attribute), reverse=reverse) or list(rows)


def writes(form: Callable[..., str]) -> Callable[..., str]:
    """Return a filter that formats a Number with `form` and keeps its sources.

    A missing value becomes a dash.
    """

    @functools.wraps(form)
    def write(value: float, *arguments: int) -> str:
        number = checked(value)
        text = "–" if number != number else form(number, *arguments)
        return marked(text, sources_of([number]))

    return write


def checked(value: object) -> object:
    """Return a value as it is.

    Raises:
        TypeError: If it is a number but not a Number: its origin is not known.
    """
    if isinstance(value, (int, float)) and not isinstance(value, (Number, bool)):
        raise TypeError(
            f"the number {value} comes from no table and no setting; if that is meant, "
            f"write const({value})"
        )
    return value


@writes
def significant(value: float, digits: int = 2) -> str:
    """Return a number with so many significant digits: 0.03421 → 0.034, 236 → 240."""
    text = f"{value:#.{digits}g}".rstrip(".")
    if "e" not in text:
        return text
    return _power_of_ten(value, digits) if abs(value) < 1 else f"{float(text):.0f}"


@writes
def percent(value: float, digits: int = 1) -> str:
    """Return a share in percent: 0.9731 → 97.3 %."""
    return f"{100 * value:.{digits}f}\u00a0%"


@writes
def points(value: float, digits: int = 1) -> str:
    """Return a difference of shares in percentage points: 0.0123 → 1.2."""
    return f"{100 * value:.{digits}f}"


@writes
def signed_points(value: float, digits: int = 1) -> str:
    """Return a difference of shares in percentage points with its sign: -0.0123 → −1.2."""
    return f"{100 * value:+.{digits}f}".replace("-", "−")


@writes
def whole(value: float) -> str:
    """Return a count: 12.0 → 12, 12.5 → 12."""
    return f"{value:.0f}"


@writes
def scientific(value: float) -> str:
    """Return a number as a power of ten with one digit: 0.0000071 → 7 · 10⁻⁶.

    The result is text, not a formula, since a link can only hold text.
    """
    return _power_of_ten(value, 1)


def _power_of_ten(value: float, digits: int) -> str:
    factor, power = f"{value:.{digits - 1}e}".split("e")
    exponent = str(int(power)).replace("-", "−")
    return f"{factor}\u00a0·\u00a010^{exponent}^"


def setting(value: object) -> str:
    """Return a value of config.yaml as text for a sentence."""
    if isinstance(value, dict):
        return ", ".join(f"{key} → {other}" for key, other in value.items()) or "none"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value)


def length(items: Sequence) -> Number:
    """Return the number of items, bound to the cells that chose them."""
    return Number(len(items), getattr(items, "sources", ()))


def cells(values: Iterable[object]) -> str:
    """Return values as the cells of a table's row: "a | b | c"."""
    return " | ".join(str(checked(value)) for value in values)


def exp(value: float) -> Number:
    """Return e to the power of a number, with the number's sources."""
    return Number(math.exp(value), sources_of([value]))


def const(value: str | float) -> str | Number:
    """Return a number that needs no source, or a text with such numbers, marked as meant."""
    return marked(value, ()) if isinstance(value, str) else Number(value, text=str(value))


FILTERS = {
    "name": activation_name,
    "listed": listed,
    "cells": cells,
    "where": where,
    "sort": sort,  # replaces jinja's, which a missing value confuses
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
