"""The template: rendered with the study's facts, its mistakes named by line.

A message says the file and the line, shows the line, and names the nearest right thing.
"""

import re

import jinja2

from scripts.study.errors import StudyError, one_line
from scripts.study.schema import nearest
from scripts.writing.bound import Number
from scripts.writing.filters import FILTERS, checked, const

PATH = "report/report.md.j2"
TAG = re.compile(r"\{%-?\s*(\w+)(?:(?!%\}).)*%\}", re.S)
MISTAKES = (
    *(jinja2.TemplateError, ArithmeticError, AttributeError, LookupError),
    *(RuntimeError, SyntaxError, TypeError, ValueError),
)
BLOCKS = {"for", "if", "macro", "call", "filter", "block", "set"}


class TemplateError(StudyError):
    """The file, the line in it, what is wrong there, and the line itself."""


def render(template, facts):
    """The text of a template, its numbers marked (bound.py). TemplateError where it names what the
    facts do not hold, or writes a number that comes from nowhere.
    """
    environment = environment_of(facts)
    try:
        return environment.from_string(template).render(facts)
    except jinja2.TemplateSyntaxError as error:
        line = unclosed(template) if "needs to be closed" in error.message else error.lineno
        raise mistake(template, line, reworded(error.message, environment)) from None
    except MISTAKES as error:
        raise mistake(template, line_of(error), reworded(said_by(error), environment)) from None


def environment_of(facts):
    class Missing(jinja2.StrictUndefined):
        """What is not there, with the nearest of what is."""

        @property
        def _undefined_message(self):
            name, owner = self._undefined_name, self._undefined_obj
            what = repr(name) if isinstance(name, (str, int)) else f"entry of a {kind(name)}"
            if isinstance(owner, dict):
                return f"there is no {what} here{nearest(name, map(str, owner))}"
            if owner is not jinja2.utils.missing:
                return f"a {kind(owner)} has no {what}"
            return f"there is no {what}{nearest(name, [*facts, *environment.globals])}"

    def shown(value):
        """A text or a Number as it is: of anything else, Python's words would be in the report."""
        if not isinstance(checked(value), (str, Number, jinja2.Undefined)):
            raise TypeError(f"a {kind(value)} is no text; a filter may write it")
        return value

    environment = jinja2.Environment(
        undefined=Missing,
        finalize=shown,
        comment_start_string="{##",  # {#fig:losses} is an identifier of pandoc's
        comment_end_string="##}",
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= FILTERS
    environment.globals["const"] = const
    return environment


def kind(value):
    return type(value).__name__


def mistake(template, line, said):
    """The error of a line, which is shown."""
    if not line:
        return TemplateError(f"{PATH}: {one_line(said)}")
    lines = template.split("\n")
    shown = lines[min(line, len(lines)) - 1].strip()
    return TemplateError(f"{PATH}, line {line}: {one_line(said)}\n    {one_line(shown)}")


def line_of(error):
    """The line where the template went wrong."""
    frame, line = error.__traceback__, None
    while frame:
        if frame.tb_frame.f_code.co_filename == "<template>":
            line = frame.tb_lineno
        frame = frame.tb_next
    return line


def said_by(error):
    """What Python says of a mistake."""
    if isinstance(error, RecursionError):
        return "this is nested too deeply, or a macro calls itself without end"
    if isinstance(error, KeyError):
        return f"there is no {error}"
    return error.msg if isinstance(error, SyntaxError) else str(error)


def reworded(said, environment):
    """What jinja says of a mistake, in the words of one who writes templates."""
    if match := re.match(r"No (filter|test) named '(\w+)'", said):
        kind, name = match.groups()
        names = environment.filters if kind == "filter" else environment.tests
        return f"there is no {kind} {name!r}{nearest(name, names)}"
    if match := re.search(r"block that needs to be closed is '(\w+)'", said):
        return f"this {{% {match[1]} %}} is never closed; write {{% end{match[1]} %}}"
    return said


def unclosed(template):
    """The line of the innermost block that is open where another ends, or at the end."""
    waiting = []
    for tag in TAG.finditer(template):
        name = tag[1]
        if name == "set" and "=" in tag[0]:  # which ends there
            continue
        if name in BLOCKS:
            waiting.append((name, template.count("\n", 0, tag.start()) + 1))
        elif waiting and name.removeprefix("end") in BLOCKS:
            if name != f"end{waiting[-1][0]}":
                break
            waiting.pop()
    return waiting[-1][1] if waiting else None
