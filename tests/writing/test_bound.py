"""Numbers know their cells, through arithmetic and text, to a link in the report."""

import math

import pytest

from scripts.writing.bound import (
    LISTING,
    Names,
    Number,
    Source,
    linked,
    marked,
    plain,
    sources_of,
    with_listing,
)

A = Source("results/summary.csv", "p,relu,identity", "mean", "20")
B = Source("results/summary.csv", "p,tanh,identity", "mean", "20")
C = Source("config.yaml", "training.points", "")
RULES = {"results/summary.csv": "aggregate", "config.yaml": ""}
MEANINGS = {"results/summary.csv": {"mean": "the mean"}}


def test_a_number_prints_as_it_stands_with_its_source_around():
    assert [plain(str(Number(v, [A]))) for v in (20, 0.1, 2.0, 1e-9, math.nan)] == [
        *("20", "0.1", "2", "1e-09", "nan")
    ]
    assert plain(str(Number(1, [A], text="1.0"))) == "1.0"
    assert plain(str(Number(3))) == "3"


@pytest.mark.parametrize(
    ("value", "expected", "sources"),
    [
        (Number(6, [A]) + 1, 7, (A,)),
        (1 - Number(6, [A]), -5, (A,)),
        (Number(6, [A]) / Number(3, [B]), 2, (A, B)),
        (2 * Number(6, [A]), 12, (A,)),
        (Number(6, [A]) ** Number(2, [C]), 36, (A, C)),
        (-abs(Number(-6, [A])), -6, (A,)),
        (Number(6, [A]) * Number(2, [A]), 12, (A,)),
        (sum([Number(1, [A]), Number(2, [B])]), 3, (A, B)),
        (max(Number(1, [A]), Number(2, [B])), 2, (B,)),
    ],
)
def test_arithmetic_keeps_the_sources(value, expected, sources):
    assert (value, value.sources) == (expected, sources)


def test_what_floats_cannot_do_numbers_cannot():
    with pytest.raises(TypeError):
        Number(1, [A]) + "text"


def test_the_sources_of_values_are_found_each_once():
    values = [Number(1, [A]), "relu", None, Number(2, [B]), Number(3, [A]), Names(["tanh"], [C])]
    assert sources_of(values) == (A, B, C)


def entries(text):
    """The text with [number](entry:column) for each number."""
    return linked(
        with_listing(text, RULES, MEANINGS), lambda entry, origin, text: f"[{text}]({origin})"
    )


def test_a_number_leads_to_the_entry_of_its_row():
    share = marked("97 %", [A])
    assert entries(f"It is {share}, of {Number(1000, [C], '1000')}.\n\n{LISTING}\n") == (
        "It is [97 %](1:mean), of [1000](2:).\n\n"
        "::: sources\n\n"
        "**`config.yaml`**, written by hand:\n\n[`training.points`]{#source-2 .source "
        'file="config.yaml" row="training.points" seeds="" rule=""}.\n\n'
        "**`results/summary.csv`**, which the rule *aggregate* writes:\n\n"
        "`mean`\n:   the mean\n\n"
        "Rows of 20 seeds: [`p,relu,identity`]{#source-1 .source "
        'file="results/summary.csv" row="p,relu,identity" seeds="20" rule="aggregate"}.\n\n'
        ":::\n"
    )


def test_a_link_is_made_of_the_first_entry_all_cells_and_the_text():
    made = []
    text = with_listing(f"{Number(1, [B, A])}{Number(2, [A])}{LISTING}", RULES, MEANINGS)
    linked(text, lambda *parts: made.append(parts) or "")
    assert made == [("1", "1:mean+2:mean", "1"), ("2", "2:mean", "2")]


def test_a_row_is_listed_once_with_all_columns_that_were_read():
    other = Source(A.file, A.row, "sd", "20")
    text = with_listing(
        f"{Number(1, [A])} {Number(2, [other])} {Number(3, [A])}\n\n{LISTING}", RULES, MEANINGS
    )
    assert text.count("{#source-") == 1
    assert "`mean`\n:   the mean\n\n`sd`\n:   –\n\nRows of" in text


def test_a_number_without_a_source_is_text():
    assert entries(f"{marked('25', ())} of {Number(3)}\n\n{LISTING}").startswith("25 of 3\n")


def test_without_a_listing_numbers_are_text():
    assert entries(f"It is {Number(1, [A])}.") == "It is 1."


def test_text_without_numbers_stays_as_it_is():
    assert with_listing("No number.", RULES, MEANINGS) == linked("No number.", str) == "No number."
