"""Mistakes in the template are named by their line, with the line and the nearest right thing."""

import pytest

from scripts.bound import Number, Source
from scripts.template import TemplateError, render

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
        ("one\n{{ ().__class__.__mro__ }}\n", 2, "a tuple has no '__class__'"),
        ("one\n{{ 25 }}\n", 2, "the number 25 comes from no table and no setting; if that is"),
        ("{{ rows | length + 1 | percent }}", 1, "the number 1 comes from no table"),
        ("{% for r in rows %}\n{{ loop.index }}{% endfor %}", 2, "the number 1 comes from no"),
    ],
)
def test_a_mistake_is_named_by_its_line(template, line, said):
    message, shown = error_of(template).splitlines()
    assert message.startswith(f"report/report.md.j2, line {line}: ")
    assert said in message
    assert shown == "    " + template.splitlines()[line - 1].strip()


def test_what_is_written_is_marked_with_where_it_comes_from():
    text = render("{{ runs }} of {{ row.test_accuracy_mean | percent(0) }}{{ const(3) }}", FACTS)
    share = str(Number(0.9, [CELL], text="90\u00a0%"))
    assert text == f"{Number(20, [CELL])} of {share}3"
