"""The template: rendered with the study's facts, its mistakes named by line.

A message says the file and the line, shows the line, and names the nearest right thing.
"""

import re

import jinja2
from jinja2.sandbox import SandboxedEnvironment

from scripts.errors import StudyError
from scripts.filters import FILTERS, checked, const
from scripts.schema import nearest

PATH = "report/report.md.j2"
TAG = re.compile(r"\{%-?\s*(\w+)(?:(?!%\}).)*%\}", re.S)
BLOCKS = {"for", "if", "macro", "call", "filter"}


class TemplateError(StudyError):
    """The file, the line in it, what is wrong there, and the line itself."""


def render(template, facts):
    """The text of a template, its numbers marked (scripts/bound.py). TemplateError where it names
    what the facts do not hold, or writes a number that comes from nowhere.
    """
    environment = environment_of(facts)
    try:
        return environment.from_string(template).render(facts)
    except jinja2.TemplateSyntaxError as error:
        line = unclosed(template) if "needs to be closed" in error.message else error.lineno
        raise mistake(template, line, reworded(error.message, environment)) from None
    except (jinja2.TemplateError, ArithmeticError, LookupError, TypeError, ValueError) as error:
        raise mistake(template, line_of(error), reworded(str(error), environment)) from None


def environment_of(facts):
    class Missing(jinja2.StrictUndefined):
        """What is not there, with the nearest of what is."""

        @property
        def _undefined_message(self):
            name, owner = self._undefined_name, self._undefined_obj
            if isinstance(owner, dict):
                return f"there is no {name!r} here{nearest(name, map(str, owner))}"
            if owner is not jinja2.utils.missing:
                return f"a {type(owner).__name__} has no {name!r}"
            return f"there is no {name!r}{nearest(name, [*facts, *environment.globals])}"

    environment = SandboxedEnvironment(
        undefined=Missing,
        finalize=checked,
        comment_start_string="{##",  # {#fig:losses} is an identifier of pandoc's
        comment_end_string="##}",
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= FILTERS
    environment.globals["const"] = const
    return environment


def mistake(template, line, said):
    """The error of a line, which is shown."""
    if not line:
        return TemplateError(f"{PATH}: {said}")
    lines = template.splitlines()
    shown = lines[min(line, len(lines)) - 1].strip()
    return TemplateError(f"{PATH}, line {line}: {said}\n    {shown}")


def line_of(error):
    """The line where the template went wrong."""
    frame, line = error.__traceback__, None
    while frame:
        if frame.tb_frame.f_code.co_filename == "<template>":
            line = frame.tb_lineno
        frame = frame.tb_next
    return line


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
        if name in BLOCKS:
            waiting.append((name, template.count("\n", 0, tag.start()) + 1))
        elif waiting and name.removeprefix("end") in BLOCKS:
            if name != f"end{waiting[-1][0]}":
                break
            waiting.pop()
    return waiting[-1][1] if waiting else None
