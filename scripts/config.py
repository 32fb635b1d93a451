"""The study's configuration: checked before anything runs, and resolved into protocols."""

import ast
import contextlib
import difflib
import sys
from pathlib import Path

import jsonschema
import yaml

from scripts.errors import StudyError

ROOT = Path(__file__).parent.parent
SCHEMA = Path(__file__).with_name("config.schema.yaml")
ACTIVATION_FILES = [ROOT / "framework/activations.py", ROOT / "scripts/activations.py"]


class ConfigError(StudyError):
    """One line: the key, what was given, what is allowed, the nearest right name."""


def check(config):
    """ConfigError at the first thing in the config that the study cannot run."""
    error = next(validator().iter_errors(config), None)
    if error:
        raise ConfigError(message(error))
    for protocol, settings in protocols(config).items():
        check_combination(f"protocols.{protocol}", settings)


def protocols(config):
    """{protocol: all its settings}: the common ones with the protocol's own put over them."""
    common = {**config["training"], "hidden": config["hidden"], "output": config["output"]}
    return {name: {**common, **own} for name, own in config["protocols"].items()}


def training_settings(config):
    """{protocol: the settings that a run depends on}: not which others are run beside it."""
    return {
        protocol: {key: own[key] for key in config["training"]}
        for protocol, own in protocols(config).items()
    }


class Loader(yaml.SafeLoader):
    """YAML's loader, except that it refuses a key given twice, where the last would win."""

    def compose_mapping_node(self, anchor):
        node = super().compose_mapping_node(anchor)
        keys = [key.value for key, _ in node.value]
        for i, (key, _) in enumerate(node.value):
            if key.value in keys[:i]:
                problem = f"the key {key.value} is there twice"
                raise yaml.MarkedYAMLError(problem=problem, problem_mark=key.start_mark)
        return node


def check_syntax(path):
    """ConfigError where a file is no YAML, with the line."""
    try:
        yaml.load(Path(path).read_text(encoding="utf-8"), Loader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1
        raise ConfigError(f"{path}, line {line}: this is no YAML: {error.problem}") from None
    except (yaml.YAMLError, ValueError) as error:  # a character or a date that there is not
        raise ConfigError(f"{path}: this is no YAML: {str(error).splitlines()[0]}") from None


def check_combination(place, settings):
    """ConfigError where settings that are right alone contradict each other."""

    def refuse(key, given, allowed):
        raise ConfigError(f"{place}.{key}: got {given!r}; allowed: {allowed}")

    if settings["batch_size"] > settings["points"]:
        refuse("batch_size", settings["batch_size"], f"up to {settings['points']}, the points")
    if settings["momentum"] and settings["optimizer"] != "sgd":
        refuse("momentum", settings["momentum"], "0, unless the optimizer is sgd")
    if settings["loss"] == "bce":
        for output in settings["output"]:
            if settings["substitute"].get(output, output) not in ("identity", "sigmoid"):
                refuse("output", output, "identity or sigmoid, where the loss is bce")
    for name in settings["substitute"]:
        names = list(dict.fromkeys(settings["hidden"] + settings["output"]))
        if name not in names:
            hint = ", ".join(names) + nearest(name, names)
            refuse("substitute", name, f"what the protocol trains: {hint}")


def activation_names():
    """The names that config.yaml may use."""
    return sorted(name.lower() for name in activation_classes())


def activation_classes():
    """{class name: its syntax tree}, read from the code, so that torch need not be imported."""
    return {
        item.name: item
        for path in ACTIVATION_FILES
        for item in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(item, ast.ClassDef) and item.name != "Activation"
        if any(isinstance(part, ast.FunctionDef) and part.name == "function" for part in item.body)
    }


def unused_activations(names):
    """The activation classes that are neither named nor mentioned in the code of those that are."""
    classes = activation_classes()
    used, waiting = set(), [item for item in classes if item.lower() in names]
    while waiting:
        used.add(item := waiting.pop())
        mentioned = {node.id for node in ast.walk(classes[item]) if isinstance(node, ast.Name)}
        waiting += (classes.keys() & mentioned) - used
    return frozenset(classes.keys() - used)


def validator():
    schema = yaml.safe_load(SCHEMA.read_text())
    schema["$defs"]["activation"] = {"enum": activation_names()}
    types = jsonschema.Draft202012Validator.TYPE_CHECKER.redefine_many(
        {"integer": is_integer, "number": is_number}
    )
    return jsonschema.validators.extend(jsonschema.Draft202012Validator, type_checker=types)(schema)


def is_integer(_, value):
    return isinstance(value, int) and not isinstance(value, bool)


def is_number(_, value):
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and abs(value) <= sys.float_info.max


def message(error):
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
        wanted = validator().evolve(schema=error.schema["properties"][missing])
        allowed = message(next(wanted.iter_errors(None))).partition("; ")[2]
        return f"{place}: this key is missing; {allowed}"
    if error.validator == "enum":
        allowed = error.validator_value
        hint = ", ".join(allowed) + nearest(error.instance, allowed)
    else:
        hint = error.schema["description"] + unquoted(error.instance, error.schema)
    return f"{place or 'the file'}: got {error.instance!r}; allowed: {hint}"


def printable(key):
    """A key on one line."""
    return str(key) if str(key).isprintable() else repr(key)


def unquoted(value, schema):
    """How to write an allowed number that YAML reads as text, as it does 1e-3 and "10"."""
    if isinstance(value, str):
        with contextlib.suppress(ValueError, OverflowError):  # no number, or no finite one
            number = float(value)
            for meant in (int(number), number):
                if meant == number and validator().evolve(schema=schema).is_valid(meant):
                    return f" (this is text: write {yaml.safe_dump(meant).split()[0]})"
    return ""


def nearest(given, names):
    """' (did you mean …?)', or nothing where no name comes near."""
    close = difflib.get_close_matches(str(given), names, n=1)
    return f" (did you mean {close[0]}?)" if close else ""
