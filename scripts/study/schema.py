"""What people write in YAML, checked: each mistake is one line for a person."""

import contextlib
import difflib
import functools
import re
import sys
from pathlib import Path

import jsonschema
import yaml

from scripts.study.errors import LONGEST, StudyError, not_utf8, one_line

DEEPEST, MOST_NODES, LONGEST_NUMBER = 20, 20_000, 100
# How values without quotes are written that are the same in every version of YAML: not 010, which
# is 8 in version 1.1, nor 1:40 (100), nor on (true).
PLAIN = {
    "int": re.compile(r"[+-]?(0|[1-9][0-9]*)|0x[0-9a-f]+", re.IGNORECASE),
    "float": re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?|[+-]?\.inf|\.nan", re.I),
    "bool": re.compile("true|false", re.IGNORECASE),
    "timestamp": re.compile("(?!)"),  # none
}
NUMBERS = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")


class ConfigError(StudyError):
    """One line: the key, what was given, what is allowed, the nearest right name."""


class Loader(yaml.SafeLoader):
    """YAML's loader, except that it refuses a key given twice, where the last would win, and what
    would keep it busy or trip it up: aliases without end, depth, tags, numbers of very many digits.
    """

    def __init__(self, stream):
        super().__init__(stream)
        self.depth = self.count = 0  # of the nodes; an alias counts as what it stands for
        self.counts = {}  # {anchor: the nodes that it stands for}

    def compose_node(self, parent, index):
        event, before = self.peek_event(), self.count
        if isinstance(event, yaml.AliasEvent):
            if event.anchor in self.anchors and event.anchor not in self.counts:
                refuse(event, f"*{event.anchor} stands within itself")
            self.count += self.counts.get(event.anchor, 1)
        else:
            if event.tag:
                refuse(event, f"could not determine a constructor for the tag {event.tag!r}")
            self.count += 1
        if self.count > MOST_NODES:
            refuse(event, f"there are more than {MOST_NODES} keys and values")
        if self.depth == DEEPEST:
            refuse(event, f"this lies more than {DEEPEST} levels deep")
        self.depth += 1
        node = super().compose_node(parent, index)
        self.depth -= 1
        self.counts.setdefault(event.anchor, self.count - before)
        return node

    def compose_scalar_node(self, anchor):
        node = super().compose_scalar_node(anchor)
        if node.tag in NUMBERS and len(node.value) > LONGEST_NUMBER:
            refuse(node, f"a number has {LONGEST_NUMBER} signs at most")
        kind = node.tag.rpartition(":")[2]
        if node.style is None and kind in PLAIN and not PLAIN[kind].fullmatch(node.value):
            if kind == "timestamp":
                refuse(node, f"{node.value} would be read as a date; write '{node.value}'")
            value = yaml.safe_dump(self.construct_object(node)).split("\n")[0]
            refuse(node, f"{node.value} would be read as {value}; write {value} or '{node.value}'")
        return node

    def compose_mapping_node(self, anchor):
        node = super().compose_mapping_node(anchor)
        keys = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in keys:
                    refuse(key, f"the key {printable(key.value)} is there twice")
                keys.add(key.value)
        return node


class Refused(yaml.MarkedYAMLError):
    """Valid YAML that is refused here."""


def refuse(place, problem):
    raise Refused(problem=problem, problem_mark=place.start_mark)


def read_yaml(path):
    """What a YAML file says. ConfigError where it is none, with the line."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: this is no YAML: {not_utf8(error)}") from None
    return parse_yaml(text, path)


def parse_yaml(text, path="the command line"):
    """What a text in YAML says. ConfigError where it is none, with the line."""
    try:
        return yaml.load(text, Loader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1
        kind = "" if isinstance(error, Refused) else "this is no YAML: "
        raise ConfigError(f"{path}, line {line}: {kind}{one_line(error.problem)}") from None
    except (yaml.YAMLError, ValueError) as error:  # a character or a date that there is not
        raise ConfigError(f"{path}: this is no YAML: {str(error).splitlines()[0]}") from None


def read_checked(path, check):
    """What a YAML file says, if `check` finds nothing wrong with it. ConfigError else, with the
    path.
    """
    data = read_yaml(path)
    try:
        check(data)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None
    return data


def check_schema(data, schema_path, **definitions):
    """ConfigError at the first thing that a schema forbids. The `definitions` are those of the
    schema's $defs that only the code knows.
    """
    schema = dict(read_schema(schema_path))
    schema["$defs"] = schema["$defs"] | definitions
    draft = jsonschema.Draft202012Validator
    types = draft.TYPE_CHECKER.redefine_many({"integer": is_integer, "number": is_number})
    validator = jsonschema.validators.extend(draft, type_checker=types)(schema)
    errors = validator.iter_errors(data)  # in no order of keys
    if error := min(errors, key=lambda each: position(data, each.absolute_path), default=None):
        raise ConfigError(message(error, validator))


def position(data, path):
    """Where a path leads, as the place of each of its keys among the others."""
    places = []
    for key in path:
        places.append(key if isinstance(data, list) else list(data).index(key))
        data = data[key]
    return places


@functools.cache
def read_schema(path):
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def is_integer(_, value):
    return isinstance(value, int) and is_number(_, value)


def is_number(_, value):
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and abs(value) <= sys.float_info.max


def message(error, validator):
    """A jsonschema error as one line for a person."""
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
        allowed = message(next(wanted.iter_errors(None)), validator).partition("; ")[2]
        return f"{place}: this key is missing; {allowed}"
    if error.validator == "enum":
        allowed = error.validator_value
        hint = ", ".join(allowed) + nearest(error.instance, allowed)
    else:
        hint = error.schema["description"] + unquoted(error.instance, error.schema, validator)
    return f"{place or 'the file'}: got {given(error.instance)}; allowed: {hint}"


def given(value):
    """What was given, on one line."""
    return one_line(repr(value))


def printable(key):
    """A key on one line, and so that it is seen."""
    return one_line(str(key)) if str(key).isprintable() and str(key).strip() else given(key)


def unquoted(value, schema, validator):
    """How to write an allowed number that YAML reads as text, as it does 1e-3 and "10"."""
    if isinstance(value, str):
        with contextlib.suppress(ValueError, OverflowError):  # no number, or no finite one
            number = float(value)
            for meant in (int(number), number):
                if meant == number and validator.evolve(schema=schema).is_valid(meant):
                    return f" (this is text: write {yaml.safe_dump(meant).split()[0]})"
    return ""


def nearest(given, names):
    """' (did you mean …?)', or nothing where no name comes near."""
    close = difflib.get_close_matches(str(given)[:LONGEST].lower(), names, n=1)
    return f" (did you mean {close[0]}?)" if close else ""
