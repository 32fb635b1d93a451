"""Mistakes in the template are named by their line, with the line and the nearest right thing."""

import pytest

from scripts.writing.bound import Number, Source
from scripts.writing.filters import const
from scripts.writing.template import TemplateError, render

CELL = Source("results/summary.csv", "p,relu,identity", "n", "20")
ROW = {"hidden": "relu", "n": Number(20, [CELL]), "test_accuracy_mean": Number(0.9, [CELL])}
FACTS = {"runs": Number(20, [CELL]), "main": "as-written", "row": ROW, "rows": [ROW, ROW]}


def error_of(template):
    with pytest.raises(TemplateError) as caught:
        render(template, FACTS)
    return str(caught.value)


@pytest.mark.parametrize(
    ("template", "line", "said"),
    [
        ("one\n{{ runz }}\n", 2, "there is no 'runz' (did you mean runs?)"),
        ("one\n{{ maine ~ runs }}\n", 2, "there is no 'maine' (did you mean main?)"),
        ("\n\n{{ row.hiden }}\n", 3, "there is no 'hiden' here (did you mean hidden?)"),
        (
            "{{ (rows | first).test_acuracy_mean | percent }}",
            1,
            "there is no 'test_acuracy_mean' here (did you mean test_accuracy_mean?)",
        ),
        ("{{ main.size }}", 1, "a str has no 'size'"),
        (
            "one\ntwo\n{{ row.n | precent }}\n",
            3,
            "there is no filter 'precent' (did you mean percent?)",
        ),
        ("{{ 1 if row is strin }}", 1, "there is no test 'strin' (did you mean string?)"),
        (
            "one\n{% for r in rows %}\n{{ r.n }}\n",
            2,
            "this {% for %} is never closed; write {% endfor %}",
        ),
        (
            "{% for r in rows %}\n{% if r.n %}\n{% endif %}\n{%- if main -%}\n{% endfor %}",
            4,
            "this {% if %} is never closed; write {% endif %}",
        ),
        (
            "{% if main %}\n{% endif %}\n{% macro m() %}\n{% if main %}\n{{ 1 }}",
            4,
            "this {% if %} is never closed; write {% endif %}",
        ),
        ("one\n{% endfor %}\n", 2, "unknown tag 'endfor'"),
        ("one\n{{ runs \n", 2, "unexpected end of template"),
        ("{% macro m(x) %}\n{{ x.y.z }}\n{% endmacro %}\n{{ m(runs) }}\n", 2, "has no 'y'"),
        ("one\n{{ main | significant }}\n", 2, "Unknown format code"),
        ("one\n{{ main + 1 }}\n", 2, "can only concatenate str"),
        ("one\n{{ 1 / 0 }}\n", 2, "division by zero"),
        ("one\n{{ rows | sort(attribute='zzz') }}\n", 2, "zzz"),
        ("one\n{{ ().__class__.__mro__ }}\n", 2, "a tuple is not text"),
        ("one\n{{ 25 }}\n", 2, "the number 25 comes from no table and no setting; if that is"),
        ("{{ rows | length + 1 | percent }}", 1, "the number 1 comes from no table"),
        ("{% for r in rows %}\n{{ loop.index }}{% endfor %}", 2, "the number 1 comes from no"),
        ("one\n{{ rows }}\n", 2, "a list is not text; write it with a filter"),
        ("one\n{{ main.upper }}\n", 2, "a builtin_function_or_method is not text"),
        ("{{ none }}", 1, "a NoneType is not text"),
        (
            "{% macro m() %}\n{{ m() }}\n{% endmacro %}\n{{ m() }}\n",
            2,
            "this is nested too deeply, or a macro calls itself without end",
        ),
        ("one\n{{ main | dictsort }}\n", 2, "'str' object has no attribute 'items'"),
        ("one\n{{ row[rows] }}\n", 2, "there is no entry of a list here"),
        ("one\n{% include 'x' %}\n", 2, "no loader for this environment"),
        ("one\n{% set x %}\n", 2, "this {% set %} is never closed; write {% endset %}"),
        ("one\x0ctwo\u2028\n{{ rnus }}\n", 2, "there is no 'rnus' (did you mean runs?)"),
        ("one\n{{ rnus }} \x1b[2J\n", 2, "there is no 'rnus' (did you mean runs?)"),
    ],
)
def test_a_mistake_is_named_by_its_line(template, line, said):
    message, shown = error_of(template).splitlines()
    assert message.startswith(f"report/report.md.j2, line {line}: ")
    assert said in message
    whole = template.split("\n")[line - 1].strip()
    assert shown == "    " + whole.replace("\x1b", r"\x1b")


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{{ " + "(" * 500, "this is nested too deeply, or a macro calls itself without end"),
        ("{% for a in rows %}" * 30 + "{% endfor %}" * 30, "too many statically nested blocks"),
        ("{{ const(a=1, a=2) }}", "keyword argument repeated: a"),
    ],
)
def test_a_mistake_of_the_whole_is_named(template, said):
    assert error_of(template).startswith(f"report/report.md.j2: {said}")


def test_a_long_line_is_not_shown_whole():
    _, shown = error_of("x" * 10_000 + "{{ rnus }}").splitlines()
    assert shown == f"    {'x' * 500} …"


def test_loops_know_their_ends_though_they_are_counted():
    text = "{% for r in 'abc' %}{{ r }}{{ ', ' if not loop.last }}{% endfor %}"
    assert render(text, FACTS) == "a, b, c"
    text = "{% for r in 'abc' %}{{ 'last' if loop.revindex == 1 }}{% else %}none{% endfor %}"
    assert render(text, FACTS) == "last"
    assert render("{% for r in [] %}{% else %}none{% endfor %}", FACTS) == "none"


def test_what_is_written_is_marked_with_where_it_comes_from():
    text = render("{{ runs }} of {{ row.test_accuracy_mean | percent(0) }}{{ const(3) }}", FACTS)
    share = str(Number(0.9, [CELL], text="90\u00a0%"))
    assert text == f"{Number(20, [CELL])} of {share}{const(3)}"
