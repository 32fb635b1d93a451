"""The sandbox: nothing leaves it, nothing runs on and on, nothing takes much memory."""

import resource

import jinja2
import pytest
from jinja2.sandbox import SandboxedEnvironment

from scripts.sandbox import MEMORY, Sandbox, extent, little_memory
from scripts.template import environment_of


def test_templates_are_rendered_in_jinjas_sandbox():
    assert isinstance(environment_of({}), SandboxedEnvironment)


@pytest.mark.parametrize(
    ("operator", "left", "right", "least", "most"),
    [
        ("**", 9, 9**9, 10**9, 10**10),
        ("**", 2, 100, 100, 300),
        ("**", 2.5, 10**9, 0, 0),  # a float has its own bounds
        ("*", 2**100, 2**100, 200, 210),
        ("*", "ab", 500, 1000, 1000),
        ("*", 500, [1, 2], 1000, 1000),
        ("*", "ab", -1, -2, -2),
    ],
)
def test_the_extent_of_a_result_is_known_before_it_is_computed(operator, left, right, least, most):
    assert least <= extent(operator, left, right) <= most


@pytest.mark.parametrize(("product", "result"), [("2**100", 2**100), ("6 * 7", 42), ("2**-1", 0.5)])
def test_what_is_small_is_computed(product, result):
    assert Sandbox().compile_expression(product)() == result


@pytest.mark.parametrize(
    "template",
    [
        "{% for a in x %}{% for b in [a] %}{% endfor %}{% endfor %}",
        "{% macro m() %}{% endmacro %}{% for a in x %}{{ m() }}{% endfor %}",
    ],
)
def test_calls_and_turns_of_loops_are_counted_for_each_template_anew(template):
    sandbox = Sandbox()
    sandbox.from_string("{% for i in range(50000) %}{% endfor %}").render()
    assert sandbox.steps == 50_001  # with the call of range
    with pytest.raises(jinja2.TemplateRuntimeError, match="more than 100000 turns"):
        Sandbox().from_string(template).render(x=[1] * 60_000)
    Sandbox().from_string("{% for a in x %}{% endfor %}").render(x=[1] * 60_000)


def test_much_memory_is_refused_within_and_not_after():
    limits = resource.getrlimit(resource.RLIMIT_AS)
    with pytest.raises(MemoryError), little_memory():
        bytes(2 * MEMORY)
    assert resource.getrlimit(resource.RLIMIT_AS) == limits
    assert len(bytes(2 * MEMORY)) == 2 * MEMORY


@pytest.mark.parametrize("name", ["random", "round", "slice"])
def test_what_differs_each_time_or_takes_ages_is_no_filter(name):
    with pytest.raises(jinja2.TemplateError, match=f"No filter named '{name}'"):
        Sandbox().from_string(f"{{{{ x | {name} }}}}")
