"""Numbers know their cells, through arithmetic and text, to a link in the report."""

import math

import pytest

from scripts.bound import LISTING, MARK, Names, Number, Source, linked, marked, sources_of

A = Source("results/summary.csv", "p,relu,identity", "mean", "20")
B = Source("results/summary.csv", "p,tanh,identity", "mean", "20")
C = Source("config.yaml", "training.points", "")
RULES = {"results/summary.csv": "aggregate", "config.yaml": ""}


def test_a_number_prints_as_it_stands_with_its_source_around():
    assert [MARK.sub(r"\2", str(Number(v, [A]))) for v in (20, 0.1, 2.0, 1e-9, math.nan)] == [
        *("20", "0.1", "2", "1e-09", "nan")
    ]
    assert MARK.sub(r"\2", str(Number(1, [A], text="1.0"))) == "1.0"
    assert str(Number(3)) == "3"


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


def test_sources_are_found_in_rows_and_lists_each_once():
    row = {"mean": Number(1, [A]), "name": "relu", "more": [Number(2, [B]), Number(3, [A])]}
    assert sources_of(row) == (A, B)
    assert sources_of(Names(["relu"], [C])) == (C,)
    assert sources_of("text") == sources_of(None) == ()


def test_a_marked_number_becomes_a_link_to_its_row():
    text = (
        f"It is {marked('97 %', Number(0.97, [A]))}, of {Number(1000, [C], '1000')}.\n\n{LISTING}\n"
    )
    assert linked(text, RULES) == (
        'It is [97 %]{from="1:mean"}, of [1000]{from="2:"}.\n\n'
        "::: sources\n\n"
        "**config.yaml**, written by hand: [`training.points`]{#source-2 .source "
        'file="config.yaml" row="training.points" seeds="" rule=""}.\n\n'
        "**results/summary.csv**, which the rule *aggregate* writes: the columns `mean` of rows "
        "of 20 seeds: [`p,relu,identity`]{#source-1 .source "
        'file="results/summary.csv" row="p,relu,identity" seeds="20" rule="aggregate"}.\n\n'
        ":::\n"
    )


def test_a_number_of_several_cells_names_them_all_and_leads_to_the_first():
    text = linked(f"{Number(1, [A, B])} and {Number(2, [B])}{LISTING}", RULES)
    assert text.startswith('[1]{from="1:mean 2:mean"} and [2]{from="2:mean"}')


def test_a_row_is_listed_once_with_all_columns_that_were_read():
    other = Source(A.file, A.row, "sd", "20")
    text = linked(f"{Number(1, [A])} {Number(2, [other])} {Number(3, [A])}\n\n{LISTING}", RULES)
    assert text.count("{#source-") == 1
    assert "the columns `mean`, `sd` of rows" in text


def test_in_an_images_alternative_text_numbers_are_text():
    one, two, three = Number(1, [A]), Number(2, [A]), Number(3, [B])
    picture = f'![A {one}](a.svg){{#fig:a alt="From {two} \\" to {three}"}}'
    text = linked(picture + LISTING, RULES)
    assert 'alt="From 2 \\" to 3"' in text
    assert '![A [1]{from="1:mean"}' in text


def test_without_a_listing_numbers_are_text():
    assert linked(f"It is {Number(1, [A])}.", RULES) == "It is 1."


def test_text_without_numbers_stays_as_it_is():
    assert linked("No number.", RULES) == "No number."
