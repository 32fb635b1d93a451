"""How values are written: their digits, signs and dashes, and what comes from nowhere."""

import math

import pytest

from scripts.writing.bound import MARK, Number, Source, plain
from scripts.writing.filters import (
    FILTERS,
    checked,
    const,
    percent,
    points,
    setting,
    significant,
)

NAN = math.nan
HERE = Source("results/summary.csv", "p,relu,identity", "n", "20")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.034213, "0.034"),
        (0.25, "0.25"),
        (0.0, "0.0"),
        (1.0, "1.0"),
        (12.3, "12"),
        (0.00012345, "0.00012"),
        (1.5e-10, "1.5\u00a0·\u00a010^−10^"),
        (236, "240"),
        (0.00012, "0.00012"),
        (0.0999, "0.10"),
        (NAN, "–"),
    ],
)
def test_two_significant_digits(value, text):
    assert plain(significant(Number(value))) == text


@pytest.mark.parametrize(("value", "text"), [(0.25, "0.250"), (0.0123449, "0.0123"), (NAN, "–")])
def test_three_significant_digits(value, text):
    assert plain(significant(Number(value), 3)) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.9731, "97.3\u00a0%"),
        (0.0, "0.0\u00a0%"),
        (1.0, "100.0\u00a0%"),
        (1e-9, "0.0\u00a0%"),
        (0.999, "99.9\u00a0%"),
        (NAN, "–"),
    ],
)
def test_percent(value, text):
    assert plain(percent(Number(value))) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0123, "1.2"), (0.0, "0.0"), (1.0, "100.0"), (1e-9, "0.0"), (NAN, "–")],
)
def test_percentage_points(value, text):
    assert plain(points(Number(value))) == text


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("signed_points", 0.0123, "+1.2"),
        ("signed_points", -0.0123, "−1.2"),
        ("signed_points", NAN, "–"),
        ("whole", 12.0, "12"),
        ("whole", NAN, "–"),
        ("scientific", 7.1e-6, "7\u00a0·\u00a010^−6^"),
        ("scientific", NAN, "–"),
    ],
)
def test_more_ways_to_write_a_number(name, value, text):
    assert plain(FILTERS[name](Number(value))) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({}, "none"),
        ({"tanh": "publishedtanh"}, "tanh → publishedtanh"),
        ({"a": "b", "c": "d"}, "a → b, c → d"),
        ([25, 25, 25], "25, 25, 25"),
        (["relu"], "relu"),
        (0.1, "0.1"),
        (0, "0"),
        ("shared", "shared"),
    ],
)
def test_a_setting_as_prose_has_it(value, text):
    assert setting(value) == text


@pytest.mark.parametrize(
    ("values", "ranked"),
    [
        ([0.9, NAN, 0.8], [0.8, 0.9]),
        ([NAN, 0.9, 0.7, NAN, 0.8], [0.7, 0.8, 0.9]),
        ([0.3], [0.3]),
    ],
)
def test_rows_are_sorted_by_the_values_that_there_are(values, ranked):
    rows = [{"x": value} for value in values]
    assert [row["x"] for row in FILTERS["sort"](rows, "x")] == ranked
    assert [row["x"] for row in FILTERS["sort"](rows, "x", reverse=True)] == ranked[::-1]


def test_rows_without_any_value_stay_as_they_are():
    rows = [{"x": NAN, "y": 1}, {"x": NAN, "y": 2}]
    assert FILTERS["sort"](rows, "x") == rows


@pytest.mark.parametrize("name", ["significant", "percent", "points", "whole", "scientific"])
def test_a_written_number_keeps_its_source(name):
    value = Number(0.5, [HERE])
    (match,) = MARK.finditer(FILTERS[name](value))
    assert match[0] == FILTERS[name](value)
    assert match[2] == plain(FILTERS[name](Number(0.5)))
    assert "p,relu,identity" in match[1]


@pytest.mark.parametrize("name", ["significant", "percent", "points", "whole", "scientific"])
@pytest.mark.parametrize("value", [0.5, 3])
def test_a_number_from_nowhere_is_refused(name, value):
    with pytest.raises(TypeError, match=rf"the number {value} comes .* write const\({value}\)"):
        FILTERS[name](value)


def test_what_is_no_number_is_not_asked_where_it_comes_from():
    assert [checked(value) for value in ("text", True, None)] == ["text", True, None]
    with pytest.raises(TypeError):
        checked(7)


def test_a_constant_comes_from_nowhere():
    assert plain(str(checked(const(25)))) == "25"
    assert plain(checked(const("some 25"))) == "some 25"
    assert plain(percent(const(0.5), 0)) == "50\u00a0%"


def test_a_count_comes_from_what_chose_what_is_counted():
    chosen = type("Chosen", (list,), {"sources": (HERE,)})("ab")
    assert (FILTERS["length"](chosen), FILTERS["length"](chosen).sources) == (2, (HERE,))
    assert FILTERS["length"]("abc").sources == ()


def test_the_exponential_keeps_its_source():
    assert FILTERS["exp"](Number(0.0, [HERE])).sources == (HERE,)
    assert FILTERS["exp"](Number(0.0, [HERE])) == 1
