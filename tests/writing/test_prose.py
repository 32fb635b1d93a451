"""What a report must not say: typed numbers, forgotten claims, broken tables, unknown keys."""

import json

import pytest

from scripts.study.errors import one_line
from scripts.writing import formats
from scripts.writing.bound import Number, Source
from scripts.writing.filters import const
from scripts.writing.prose import check_document, check_source
from scripts.writing.template import TemplateError

POINTS = Number(1000, [Source("config.yaml", "training.points", "")], "1000")
SEEDS = Number(20, [Source("config.yaml", "seeds", "")], "20")
FACTS = {"settings": {"points": POINTS, "loss": "mse"}, "config": {"seeds": SEEDS}, "of_source": {}}
BIBLIOGRAPHY = "@article{wang,\n title = {A}}\n@book{glorot2010, title = {B}}\n" + (
    "@misc{DBLP:conf/nips/DoeR17, title = {C}}"
)
PICTURE = "(figures/fig1.svg){#fig:a .wide2 alt="


def check(text, template=None, claims=(), facts=FACTS):
    """Check a text that a template gives: the text itself, unless there is another."""
    template = text if template is None else template
    check_source(text, template)
    document = json.loads(formats.read(text))
    check_document(document, template, facts | {"claims": claims}, BIBLIOGRAPHY)


def errors_of(text, template=None, **own):
    with pytest.raises(TemplateError) as caught:
        check(text, template, **own)
    return str(caught.value).splitlines()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("There are 25 units.", [(1, "25")]),
        ("one\ntwo 97.3 % and\n\n1,000 more", [(2, "97.3"), (4, "1,000")]),
        (f'![A 3.]{PICTURE}"It\nhas 17 lines"}}', [(1, "3"), (2, "17")]),
        ("| a |\n|---|\n| 5 |\n\n: Of 7. {#tbl:a1}", [(3, "5"), (5, "7")]),
        ("---\ntitle: In 3 acts\nabstract: |\n  Of 4 parts.\n---\n", [(2, "3"), (4, "4")]),
        ("300epochs, 2x, 1e5 and 0.97acc", [(1, "300epochs, 2x, 1e5 and 0.97acc")]),
        ("**9** and *8* and (7)", [(1, "9, 8 and 7")]),
        ("## A heading of 2\n\n1. an item\n2. of 3\n", [(1, "2"), (4, "3")]),
        ("a note[^1]\n\n[^1]: and its 4\n", [(3, "4")]),
        ("In US\\$, and 97.3 % were right; in A\\$.", [(1, "97.3")]),
        ("7 or\nof 8\n\nof 8\n", [(1, "7"), (2, "8"), (4, "8")]),
        (f"of {POINTS} and 10^−6^", [(1, "10 and 6")]),
        ("*[5](https://a.b)*", [(1, "5")]),
    ],
)
def test_a_typed_number_is_found_by_its_line(text, found):
    named = [line for line in errors_of(text) if line.startswith("report")]
    expected = [f"report/report.md.j2, line {line}: the number{{}} {n} " for line, n in found]
    assert len(named) == len(expected)
    for message, start in zip(named, expected, strict=True):
        assert message.startswith((start.format(" ")[:-1], start.format(""), start.format("s")))


@pytest.mark.parametrize(
    "text",
    [
        f"{POINTS} of {SEEDS}\n\n# {SEEDS}\n\n![A {SEEDS}.]{PICTURE}'of {SEEDS}'}}",
        "It is $25$, or $$\nx = 3\n$$ {#eq:a3}",
        "`f(3)` and\n\n```python\nx = 4\n```\n",
        "[@glorot2010], [@wang, sec. 2; see @glorot2010, p. 33] and [@DBLP:conf/nips/DoeR17]",
        "a note[^1]\n\n[^1]: and its text",
        "C5, C6e, SHA-256, gain-4, momentum-0.9, tbl2, h2o",
        "[text](https://a.b/3)",
        f'![A.]{PICTURE}"none"}}\n\n@fig:a',
        f"{const('25')} and {const(25)} and {const('2.13.0+cpu')}",
        "| a | b |\n|--:|:-----|\n",
        "3. an item",
        "A run costs less than a tenth of a US dollar (US\\$).",
        "::: sources\nof 20 seeds\n:::",
        "[@wang, sec. 2], [@glorot2010; @wang] and @wang.",
        "a@b.org, `@nobody`, $$x@y$$\n\n```\n@decorator\n```",
        "# A {#sec:a .appendix}\n\n$$x$$ {#eq:b}\n\n@sec:a and @eq:b",
        "| a |\n|---|\n\n: T {#tbl:c .wide}\n\n@tbl:c",
        "| a | b |\n|:--|--:|\n| `x|y` | \\| |\n| | $|x|$ |\n\n: T\nof two. {#tbl:t}",
        "a | b\n---|---\n$x$ | the size\n\n: T {#tbl:t}",
        "```\n| a |\n|---|\n| b |\n```\n",
        "---\ntitle: a\n---\n\na | b in prose\n",
        "-" * 5000 + " x",
        "a" * 10_000 + " " + "{" * 10_000,
    ],
)
def test_what_is_right_passes(text):
    check(text)


def test_the_message_says_what_to_write_instead():
    assert errors_of("a\nWe draw 1000 points\n") == [
        "report/report.md.j2, line 2: the number 1000 is typed: write where it comes from "
        "({{ settings.points }}, {{ a table's cell | percent }}), or "
        '{{ const("1000") }} or $1000$ for a number that is not a result',
        "    We draw 1000 points",
    ]
    assert "({{ config.seeds }}, " in errors_of("of 20 seeds")[0]


def test_a_number_that_an_expression_writes_is_found_by_its_line():
    template = "one\n{{ 'of 12 runs' if main }}\n"
    assert errors_of("one\nof 12 runs\n", template)[1] == "    {{ 'of 12 runs' if main }}"


def test_a_number_from_elsewhere_is_shown_with_its_words_and_the_heading_above():
    message, shown = errors_of(
        "# One\n\ntwo {#x}\n\nwithin 5 %", "# One\n\ntwo {#x}\n\n{{ claim }}"
    )
    assert message.startswith("report/report.md.j2, line 1: the number 5 in 'within 5 %' is typed")
    assert shown == "    # One"


def test_all_typed_numbers_are_named_at_once_those_of_a_line_together():
    first, _, second, _ = errors_of("7 and 8 and 9\n\n10")
    assert "the numbers 7, 8 and 9 are typed: write" in first
    assert "the number 10 is typed: write" in second


def test_a_key_that_two_entries_have_is_named_with_its_line():
    document = json.loads(formats.read("It is.\n"))
    twice = f"{BIBLIOGRAPHY}\n@book{{wang,}}\n"
    with pytest.raises(TemplateError) as caught:
        check_document(document, "It is.\n", FACTS | {"claims": ()}, twice)
    line = BIBLIOGRAPHY.count("\n") + 2
    message = f"report/references.bib, line {line}: the key wang is given twice"
    assert str(caught.value) == message


def test_a_claim_that_is_never_used_is_named():
    template = '{{ under("C1") }}'
    assert errors_of("It is.", template=template, claims=["C1", "C2"]) == [
        "report/report.md.j2: report/claims.yaml declares C2, and the report never uses it",
    ]
    check("It is.", template, claims=["C1"])


def test_claims_that_a_loop_goes_through_are_used():
    template = "{% for name in of_source %}{{ name }}{% endfor %}"
    check("C1", template, claims=["C1"], facts=FACTS | {"of_source": {"C1": {}}})


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("See\n[@wangg].", 2, "there is no wangg in report/references.bib (did you mean wang?)"),
        ("[@wang; @glorot2011]", 1, "there is no glorot2011 in report/references.bib"),
        (
            "![A.](a.svg){#fig:losses .wide}\n\nAs @fig:loses shows",
            3,
            "there is no fig:loses in this report (did you mean fig:losses?)",
        ),
        (
            "a\n\n| a | b |\n|---|--:|\n| one | two |\n| three |\n\n: T. {#tbl:t}",
            6,
            "a table of 2 columns has a row of 1: | three |",
        ),
        ("\n| a | b |\n|---|---|---|\n| 1 | 2 | 3 |", 2, "a table of 3 columns has a row of 2"),
        ("one\ntwo\x00three", 2, r"the character '\x00' after 'two' cannot be shown"),
        ("one\ntwo\x85", 2, r"the character '\x85' after 'two' cannot be shown"),
        ("one\n\ue000x\ue001y\ue002", 2, "after '', a number was changed when it was already"),
        ("---\ntitle: [A\n---\n", 2, "the report's head is not valid YAML: expected ',' or ']'"),
        ("---\nauthor: [A]\ntitle: A: b\n---\n", 3, "the report's head is not valid YAML: mapping"),
        (
            "---\ntitle: A\ntitle: B\n---\n",
            3,
            "the report's head is not valid YAML: the key title is given",
        ),
    ],
)
def test_what_pandoc_would_pass_over_or_not_place_is_named_by_its_line(text, line, said):
    message, shown = errors_of(text)
    assert message.startswith(f"report/report.md.j2, line {line}: {said}")
    assert shown == "    " + one_line(text.split("\n")[line - 1].strip())


def test_of_very_many_mistakes_the_first_are_named():
    found = errors_of("\n".join(["of 7 and"] * 50))
    assert len(found) == 2 * 20 + 1
    assert found[-1] == "report/report.md.j2: and 30 more mistakes"


def test_a_filter_that_spoils_a_numbers_mark_is_noticed():
    (message,) = errors_of(str(POINTS).upper(), "{{ settings.points | upper }}")
    assert message.endswith("a number was changed when it was already text")
