"""Read and check what people write in YAML: each mistake gives an error of one line."""

import contextlib
import difflib
import functools
import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NoReturn

import jsonschema
import yaml
from jsonschema.protocols import Validator

from scripts.study.errors import LONGEST, StudyError, not_utf8, one_line

DEEPEST = 20  # levels
MOST_NODES = 20_000
LONGEST_NUMBER = 100  # characters
# Values without quotes that every version of YAML reads alike. They exclude 010, which is 8 in
# version 1.1, as well as 1:40 (100) and on (true).
PLAIN = {
    "int": re.compile(r"[+-]?(0|[1-9][0-9]*)|0x[0-9a-f]+", re.IGNORECASE),
    "float": re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?|[+-]?\.inf|\.nan", re.I),
    "bool": re.compile("true|false", re.IGNORECASE),
    "timestamp": re.compile("(?!)"),  # matches nothing
}
NUMBERS = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")

# A text that YAML would read as something else.
UNQUOTED = re.compile(r": (?:[{\[%@`&*!|>]|\S.*: )")


class ConfigError(StudyError):
    """An error of one line: the key, what was given, what is allowed, the nearest right name."""


class Loader(yaml.SafeLoader):
    """YAML's safe loader, which also refuses ambiguous and excessive input.

    It refuses a key given twice, where SafeLoader takes the last value, and plain values whose
    meaning depends on the version of YAML. It also refuses what would take very long or fail:
    aliases that multiply or contain themselves, deep nesting, tags, and very long numbers.
    """

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self.depth = 0
        self.count = 0  # of nodes, where an alias counts as many as it stands for
        self.counts: dict[str | None, int] = {}  # {anchor: the number of its nodes}

    def compose_node(self, parent: yaml.Node | None, index: object) -> yaml.Node:
        """Return the next node, if it is not one too many, too deep, or an invalid alias."""
        event = self.peek_event()
        before = self.count
        if isinstance(event, yaml.AliasEvent):
            if event.anchor in self.anchors and event.anchor not in self.counts:
                refuse(event, f"*{event.anchor} contains itself")
            self.count += self.counts.get(event.anchor, 1)
        else:
            if event.tag:
                refuse(event, f"could not determine a constructor for the tag {event.tag!r}")
            self.count += 1
        if self.count > MOST_NODES:
            refuse(event, f"there are more than {MOST_NODES} keys and values")
        if self.depth == DEEPEST:
            refuse(event, f"this is nested more than {DEEPEST} levels deep")
        self.depth += 1
        node = super().compose_node(parent, index)
        self.depth -= 1
        self.counts.setdefault(event.anchor, self.count - before)
        return node

    def compose_scalar_node(self, anchor: str | None) -> yaml.ScalarNode:
        """Return a scalar node, if its text is not too long a number and not ambiguous."""
        node = super().compose_scalar_node(anchor)
        if node.tag in NUMBERS and len(node.value) > LONGEST_NUMBER:
            refuse(node, f"a number may have {LONGEST_NUMBER} characters at most")
        kind = node.tag.rpartition(":")[2]
        if node.style is None and kind in PLAIN and not PLAIN[kind].fullmatch(node.value):
            if kind == "timestamp":
                refuse(node, f"{node.value} would be read as a date; write '{node.value}'")
            value = yaml.safe_dump(self.construct_object(node)).split("\n")[0]
            refuse(node, f"{node.value} would be read as {value}; write {value} or '{node.value}'")
        return node

    def compose_mapping_node(self, anchor: str | None) -> yaml.MappingNode:
        """Return a mapping node, if no key is given twice."""
        node = super().compose_mapping_node(anchor)
        keys = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in keys:
                    refuse(key, f"the key {printable(key.value)} is given twice")
                keys.add(key.value)
        return node


class RefusedError(yaml.MarkedYAMLError):
    """An error in valid YAML that `Loader` refuses."""


def refuse(place: yaml.Event | yaml.Node, problem: str) -> NoReturn:
    """Raise RefusedError with the position of an event or node."""
    raise RefusedError(problem=problem, problem_mark=place.start_mark)


def read_yaml(path: str | Path) -> Any:
    """Return the content of a YAML file.

    Raises ConfigError, with the line, if the file is not valid YAML or `Loader` refuses it.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: this is not valid YAML: {not_utf8(error)}") from None
    return parse_yaml(text, path)


def parse_yaml(text: str, path: str | Path = "the command line") -> Any:
    """Return the content of a text in YAML; errors name the path.

    Raises ConfigError, with the line, if the text is not valid YAML or `Loader` refuses it.
    """
    try:
        return yaml.load(text, Loader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1
        problem = one_line(error.problem)
        if not isinstance(error, RefusedError):
            problem = f"this is not valid YAML: {problem}"
            if UNQUOTED.search(text.split("\n")[error.problem_mark.line]):
                problem += "; a text with such signs goes in quotes"
        raise ConfigError(f"{path}, line {line}: {problem}") from None
    except (yaml.YAMLError, ValueError) as error:  # an invalid character or date
        message = str(error).splitlines()[0]
        raise ConfigError(f"{path}: this is not valid YAML: {message}") from None


def read_checked(path: str | Path, check: Callable[[Any], None]) -> Any:
    """Return the content of a YAML file that passes a check.

    Raises ConfigError, with the path, if the file is not valid YAML or the check raises it.
    """
    data = read_yaml(path)
    try:
        check(data)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None
    return data


def check_schema(data: Any, schema_path: Path, **definitions: dict) -> None:
    """Raise ConfigError at the first thing that a schema forbids.

    The `definitions` extend the schema's $defs by values that only the code knows.
    """
    schema = dict(_read_schema(schema_path))
    schema["$defs"] = schema["$defs"] | definitions
    draft = jsonschema.Draft202012Validator
    types = draft.TYPE_CHECKER.redefine_many({"integer": _is_integer, "number": _is_number})
    validator = jsonschema.validators.extend(draft, type_checker=types)(schema)
    errors = validator.iter_errors(data)  # not in the order of keys
    first = min(errors, key=lambda error: _position(data, error.absolute_path), default=None)
    if first is not None:
        raise ConfigError(_message(first, validator))


def _position(data: Any, path: Iterable) -> list[int]:
    # Errors are sorted by the index of each key of their path among its neighbours.
    indices = []
    for key in path:
        indices.append(key if isinstance(data, list) else list(data).index(key))
        data = data[key]
    return indices


@functools.cache
def _read_schema(path: Path) -> dict:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def _is_integer(_: object, value: object) -> bool:
    return isinstance(value, int) and _is_number(_, value)


def _is_number(_: object, value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) <= sys.float_info.max


def _message(error: jsonschema.ValidationError, validator: Validator) -> str:
    place = ".".join(map(printable, error.absolute_path))
    if error.validator == "additionalProperties":
        allowed = list(error.schema["properties"])
        unknown = next(key for key in error.instance if key not in allowed)
        place = f"{place}.{printable(unknown)}".strip(".")
        hint = ", ".join(allowed) + nearest(unknown, allowed)
        return f"{place}: unknown key; allowed: {hint}"
    if error.validator == "required":
        missing = next(key for key in error.validator_value if key not in error.instance)
        place = f"{place}.{missing}".strip(".")
        wanted = validator.evolve(schema=error.schema["properties"][missing])
        hint = _message(next(wanted.iter_errors(None)), validator).partition("; ")[2]
        return f"{place}: this key is missing; {hint}"
    if error.validator == "enum":
        hint = ", ".join(error.validator_value) + nearest(error.instance, error.validator_value)
    else:
        hint = error.schema["description"] + _unquoted(error.instance, error.schema, validator)
    return f"{place or 'the file'}: got {given(error.instance)}; allowed: {hint}"


def given(value: object) -> str:
    """Return the repr of what was given, on one line."""
    return one_line(repr(value))


def printable(key: object) -> str:
    """Return a key on one line, in quotes if it would be invisible or is not printable."""
    return one_line(str(key)) if str(key).isprintable() and str(key).strip() else given(key)


def _unquoted(value: object, schema: dict, validator: Validator) -> str:
    # How to write an allowed number that YAML reads as text, such as 1e-3 and "10".
    if isinstance(value, str):
        with contextlib.suppress(ValueError, OverflowError):  # not a number, or not a finite one
            number = float(value)
            for meant in (int(number), number):
                if meant == number and validator.evolve(schema=schema).is_valid(meant):
                    return f" (this is text: write {yaml.safe_dump(meant).split()[0]})"
    return ""


def nearest(name: object, names: Iterable[str]) -> str:
    """Return " (did you mean …?)" with the most similar name, or "" if none is similar."""
    close = difflib.get_close_matches(str(name)[:LONGEST].lower(), names, n=1)
    return f" (did you mean {close[0]}?)" if close else ""
