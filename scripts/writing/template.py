"""The template: it is rendered with the study's facts, and mistakes are reported with their line.

A message names the file and the line, shows the line, and suggests the nearest right name.
"""

import re
from collections.abc import Mapping, Sequence

import jinja2

from scripts.study.errors import StudyError, one_line
from scripts.study.layout import TEMPLATE
from scripts.study.schema import nearest
from scripts.writing.bound import Number
from scripts.writing.filters import FILTERS, checked, const

TAG = re.compile(r"\{%-?\s*(\w+)(?:(?!%\}).)*%\}", re.S)
BLOCKS = {"for", "if", "macro", "call", "filter", "block", "set"}


class TemplateError(StudyError):
    """A mistake in the template: the file, the line number, the mistake, and the line itself."""


def render(template: str, facts: Mapping[str, object]) -> str:
    """Return the text of a template, with its numbers marked (see bound.py).

    Raises:
        TemplateError: If the template uses a name that is not among the facts, or writes a number
            without a source.
    """
    environment = environment_of(facts)
    try:
        return environment.from_string(template).render(facts)
    except jinja2.TemplateSyntaxError as error:
        message = error.message or ""
        line = unclosed(template) if "needs to be closed" in message else error.lineno
        raise mistake(template, line, reworded(message, environment)) from None
    except Exception as error:  # whatever an expression of the template raises
        raise mistake(template, line_of(error), reworded(message_of(error), environment)) from None


def environment_of(facts: Mapping[str, object]) -> jinja2.Environment:
    """Return jinja2's environment for a template that uses the facts."""

    class Missing(jinja2.StrictUndefined):
        """A missing name, whose message suggests the nearest known name."""

        @property
        def _undefined_message(self) -> str:
            name, owner = self._undefined_name, self._undefined_obj
            what = repr(name) if isinstance(name, (str, int)) else f"entry of a {kind(name)}"
            if isinstance(owner, dict):
                return f"there is no {what} here{nearest(name, map(str, owner))}"
            if owner is not jinja2.utils.missing:
                return f"a {kind(owner)} has no {what}"
            return f"there is no {what}{nearest(name, [*facts, *environment.globals])}"

    def shown(value: object) -> object:
        # Python's notation of other types does not belong in the report.
        if not isinstance(checked(value), (str, Number, jinja2.Undefined)):
            raise TypeError(f"a {kind(value)} is not text; write it with a filter")
        return value

    environment = jinja2.Environment(
        undefined=Missing,
        finalize=shown,
        comment_start_string="{##",  # {#fig:losses} is an identifier for pandoc
        comment_end_string="##}",
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= FILTERS
    environment.globals["const"] = const
    return environment


def kind(value: object) -> str:
    """Return the name of a value's type."""
    return type(value).__name__


def mistake(template: str, line: int | None, message: str) -> TemplateError:
    """Return the error with a message and the line of the template, if the line is known."""
    if not line:
        return TemplateError(f"{TEMPLATE}: {one_line(message)}")
    lines = template.split("\n")
    shown = lines[min(line, len(lines)) - 1].strip()
    return TemplateError(f"{TEMPLATE}, line {line}: {one_line(message)}\n    {one_line(shown)}")


def line_with(template: str, words: str) -> int | None:
    """Return the first line of the template that contains the words, or None."""
    end = position(template, words)
    return end and line_at(template, end)


def line_at(template: str, position: int) -> int:
    """Return the line of a position in the template."""
    return template.count("\n", 0, position) + 1


def position(
    template: str, words: str, before: Sequence[str] = (), after: Sequence[str] = (), start: int = 0
) -> int | None:
    """Return where words end in the template, or None.

    It is the place with most of the words before and after them, the first behind `start` if
    there are several.
    """
    core = r"\s+".join(map(re.escape, re.split("[ \n]+", words.strip(" \n"))))
    for width in (3, 2, 1, 0):
        near = [re.escape(word) for word in before[max(0, len(before) - width) :]]
        far = [re.escape(word) for word in after[:width]]
        pattern = re.compile(r"\s*".join([*near, rf"(?<!\d)({core})(?!\d)", *far]))
        found = pattern.search(template, start) or pattern.search(template)
        if found:
            return found.end(1)
    return None


def line_of(error: BaseException) -> int | None:
    """Return the line of the template at which an error was raised."""
    frame = error.__traceback__
    line = None
    while frame:
        if frame.tb_frame.f_code.co_filename == "<template>":
            line = frame.tb_lineno
        frame = frame.tb_next
    return line


def message_of(error: BaseException) -> str:
    """Return the message of an error that Python raised."""
    if isinstance(error, RecursionError):
        return "this is nested too deeply, or a macro calls itself without end"
    if isinstance(error, KeyError):
        return f"there is no {error}"
    if isinstance(error, SyntaxError):
        return error.msg
    return str(error)


def reworded(message: str, environment: jinja2.Environment) -> str:
    """Return a message of jinja2 in words for the template's authors."""
    unknown = re.match(r"No (filter|test) named '(\w+)'", message)
    if unknown:
        role, name = unknown.groups()
        names = environment.filters if role == "filter" else environment.tests
        return f"there is no {role} {name!r}{nearest(name, names)}"
    block = re.search(r"block that needs to be closed is '(\w+)'", message)
    if block:
        return f"this {{% {block[1]} %}} is never closed; write {{% end{block[1]} %}}"
    return message


def unclosed(template: str) -> int | None:
    """Return the line of the innermost block that is still open where another block ends.

    If no block ends too early, it is the innermost block that is open at the template's end.
    """
    waiting: list[tuple[str, int]] = []  # the open blocks, each with its line
    for tag in TAG.finditer(template):
        name = tag[1]
        if name == "set" and "=" in tag[0]:  # not a block: it ends with the tag
            continue
        if name in BLOCKS:
            waiting.append((name, line_at(template, tag.start())))
        elif waiting and name.removeprefix("end") in BLOCKS:
            if name != f"end{waiting[-1][0]}":
                break
            waiting.pop()
    return waiting[-1][1] if waiting else None
