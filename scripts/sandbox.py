"""Jinja's sandbox, in which a template also comes to an end: soon, and in little memory."""

import contextlib
import resource
from pathlib import Path

import jinja2
from jinja2 import nodes
from jinja2.sandbox import MAX_RANGE, SandboxedEnvironment

MOST_DIGITS = 10_000  # of a product or a power; or items, of what is repeated
MEMORY = 2**28  # bytes
# `round` and `slice` take any time for a great number, the others are different each time.
TAKEN_OUT = {"filters": ["round", "slice", "random"], "globals": ["lipsum"]}
TURNS = "turns of a loop"  # a filter that no template can name


class Sandbox(SandboxedEnvironment):
    intercepted_binops = frozenset(["*", "**"])

    def __init__(self, **options):
        super().__init__(**options)
        self.steps = 0
        for kind, names in TAKEN_OUT.items():
            for name in names:
                del getattr(self, kind)[name]
        self.filters[TURNS] = self.counted

    def call_binop(self, context, operator, left, right):
        if extent(operator, left, right) > MOST_DIGITS:
            raise jinja2.TemplateRuntimeError(f"{operator} makes more here than a report can hold")
        return super().call_binop(context, operator, left, right)

    def call(self, context, called, /, *arguments, **named):
        self.step()
        return super().call(context, called, *arguments, **named)

    def _generate(self, source, *arguments, **options):
        for loop in [*source.find_all(nodes.For)]:
            place = {"lineno": loop.lineno, "environment": self}
            loop.iter = nodes.Filter(loop.iter, TURNS, [], [], None, None, **place)
        return super()._generate(source, *arguments, **options)

    def counted(self, items):
        """The items that a loop goes through."""
        for item in items:
            self.step()
            yield item

    def step(self):
        self.steps += 1
        if self.steps > MAX_RANGE:
            said = f"there are more than {MAX_RANGE} turns of loops and calls of macros up to here"
            raise jinja2.TemplateRuntimeError(said)


def extent(operator, left, right):
    """About how many digits a product or a power has, or how many items what is repeated."""
    if isinstance(left, int) and isinstance(right, int):
        return left.bit_length() * (right if operator == "**" else 1) + right.bit_length()
    for many, times in ((left, right), (right, left)):
        if operator == "*" and isinstance(times, int) and hasattr(many, "__len__"):
            return len(many) * times
    return 0


@contextlib.contextmanager
def little_memory():
    """Within, what takes much memory ends in a MemoryError (where the system is Linux)."""
    limits = resource.getrlimit(resource.RLIMIT_AS)
    with contextlib.suppress(OSError, ValueError):  # no Linux, or a lower limit is there already
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        soft = pages * resource.getpagesize() + MEMORY
        resource.setrlimit(resource.RLIMIT_AS, (soft, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, limits)
