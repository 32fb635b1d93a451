"""What a template must not say: typed numbers, forgotten claims, broken tables, unknown keys."""

import pytest

from scripts.study.errors import one_line
from scripts.writing.bound import Number, Source
from scripts.writing.prose import check_template, check_text, typed_numbers
from scripts.writing.template import TemplateError

POINTS = Number(1000, [Source("config.yaml", "training.points", "")], "1000")
SEEDS = Number(20, [Source("config.yaml", "seeds", "")], "20")
FACTS = {"settings": {"points": POINTS, "loss": "mse"}, "config": {"seeds": SEEDS}, "of_source": {}}
BIBLIOGRAPHY = "@article{wang,\n title = {A}}\n@book{glorot2010, title = {B}}\n"


@pytest.mark.parametrize(
    ("template", "found"),
    [
        ("There are 25 units.", [(1, "25")]),
        ("one\ntwo 97.3 % and\n\n1,000 more", [(2, "97.3"), (4, "1,000")]),
        ('![A 3.](a.svg){#fig:a .wide alt="It\nhas 17 lines"}', [(1, "3"), (2, "17")]),
        ("| a |\n|---|\n| 5 |\n\n: Of 7. {#tbl:a1}", [(3, "5"), (5, "7")]),
        ("---\ntitle: In 3 acts\nabstract: |\n  Of 4 parts.\n---\n", [(4, "4")]),
        ("{{ 'of 12 runs' if x else 'C5 and gain-4' }}", [(1, "12")]),
        ('{% set words = "of 13 runs" %}', [(1, "13")]),
        ("300epochs, 2x, 1e5 and 0.97acc", [(1, n) for n in ("300epochs", "2x", "1e5", "0.97acc")]),
        ("**9** and *8* and (7)", [(1, "9"), (1, "8"), (1, "7")]),
        ("## A heading of 2\n\n1. an item\n2. of 3\n", [(4, "3")]),
    ],
)
def test_a_typed_number_is_found_by_its_line(template, found):
    assert typed_numbers(template) == found


@pytest.mark.parametrize(
    "template",
    [
        "{{ row.n }} of {{ rows(protocol='as-2') | percent(0) }}",
        "{% if 3 > 2 %}{% endif %}{## 17 of them ##}",
        "It is $25$, or $$\nx = 3\n$$ {#eq:a3}",
        "`f(3)` and\n\n```python\nx = 4\n```\n",
        "[@glorot2010], @fig:a1 and [@wang, sec. 2; @x3]",
        "a note[^1]\n\n[^1]: and its text",
        "C5, C6e, SHA-256, gain-4, tbl2, h2o",
        "[text](https://a.b/3) <https://a.b/4>",
        '![A.](figures/fig1.svg){#fig:a2 .wide2 alt="none"}',
        '{{ const("25") }} and {{ const(25) }}',
        "| a | b |\n|--:|:-----|\n",
    ],
)
def test_what_is_no_typed_number(template):
    assert typed_numbers(template) == []


def errors_of(template, claims=(), figures=()):
    with pytest.raises(TemplateError) as caught:
        check_template(template, FACTS | {"claims": claims}, figures)
    return str(caught.value).splitlines()


def test_the_message_says_what_to_write_instead():
    assert errors_of("a\nWe draw 1000 points\n") == [
        "report/report.md.j2, line 2: the number 1000 is typed: write where it comes from "
        "({{ settings.points }}, {{ a table's cell | percent }}), or "
        '{{ const("1000") }} or $1000$ for a number that is not a result',
        "    We draw 1000 points",
    ]
    assert "({{ config.seeds }}, " in errors_of("of 20 seeds")[0]


def test_all_typed_numbers_are_named_at_once_those_of_a_line_together():
    first, _, second, _ = errors_of("7 and 8 and 9\n\n10")
    assert "the numbers 7, 8 and 9 are typed: write" in first
    assert "the number 10 is typed: write" in second


def test_a_claim_or_figure_that_is_never_used_is_named():
    template = '{{ under("C1") }} ![x](figures/fig1.svg)'
    assert errors_of(template, ["C1", "C2"], ["fig1", "fig2"]) == [
        "report/report.md.j2: report/claims.yaml declares C2, and the report never uses it",
        "report/report.md.j2: fig2 is drawn, and the report never shows figures/fig2.svg",
    ]
    check_template(template, FACTS | {"claims": ["C1"]}, ["fig1"])


def test_claims_that_a_loop_goes_through_are_used():
    template = "{% for name in of_source %}{{ name }}{% endfor %}"
    check_template(template, FACTS | {"of_source": {"C1": {}}, "claims": ["C1"]}, [])


def text_error(text, template=None):
    with pytest.raises(TemplateError) as caught:
        check_text(text, text if template is None else template, BIBLIOGRAPHY)
    return str(caught.value).splitlines()


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
        ("a\n\n| one | b |\n|---|--:|\n| 1 | 2 |\n\nText.", 3, "a table needs a caption below it"),
        ("\n| a | b |\n|---|---|---|\n| 1 | 2 | 3 |", 2, "a table of 3 columns has a row of 2"),
        ("one\nIt is $\\write18{ls}$.", 2, r"\write is not mathematics, in the formula $"),
        ("one\n$x$ and $$\\text{\\input{/etc/passwd}}$$", 2, r"\input is not mathematics, in the"),
        ("one\n\n$\\text{^^5cinput{x}}$", 3, "^^ is not mathematics, in the formula"),
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
    message, shown = text_error(text)
    assert message.startswith(f"report/report.md.j2, line {line}: {said}")
    assert shown == "    " + one_line(text.split("\n")[line - 1].strip())


@pytest.mark.parametrize(
    "text",
    [
        "[@wang, sec. 2], [@glorot2010; @wang] and @wang.",
        "a@b.org, `@nobody`, $$x@y$$\n\n```\n@decorator\n```",
        "# A {#sec:a .appendix}\n\n$$x$$ {#eq:b}\n\n: T. {#tbl:c .wide}\n\n@sec:a, @eq:b, @tbl:c",
        "| a | b |\n|:--|--:|\n| `x|y` | \\| |\n| | |\n\n: T\nof two. {#tbl:t}",
        "```\n| a |\n|---|\n| b |\n```\n",
        "---\ntitle: a\n---\n\na | b in prose\n",
        r"$\theta \leftarrow \thetab$, `\write18`, `$` and \input{x} as text",
        "-" * 5000 + " x",
        "a" * 100_000 + " " + "{" * 100_000,
        f"{POINTS} and {SEEDS}",
    ],
)
def test_what_is_right_passes(text):
    check_text(text, text, BIBLIOGRAPHY)


def test_of_very_many_mistakes_the_first_are_named():
    found = errors_of("\n".join(["of 7 and"] * 50))
    assert len(found) == 2 * 20 + 1
    assert found[-1] == "report/report.md.j2: and 30 more mistakes"


def test_a_filter_that_spoils_a_numbers_mark_is_noticed():
    (message,) = text_error(str(POINTS).upper(), "{{ settings.points | upper }}")
    assert message.endswith("a number was changed when it was already text")
