"""The study's configuration: checked before anything runs, and resolved into protocols."""

import ast
import difflib
import math
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


def check_syntax(path):
    """ConfigError where a file is no YAML, with the line."""
    try:
        yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1
        raise ConfigError(f"{path}, line {line}: this is no YAML: {error.problem}") from None


def check_combination(place, settings):
    """ConfigError where settings that are right alone contradict each other."""

    def refuse(key, given, allowed):
        raise ConfigError(f"{place}.{key}: got {given}; allowed: {allowed}")

    if settings["batch_size"] > settings["points"]:
        refuse("batch_size", settings["batch_size"], f"up to {settings['points']}, the points")
    if settings["momentum"] and settings["optimizer"] != "sgd":
        refuse("momentum", settings["momentum"], "0, unless the optimizer is sgd")
    if settings["loss"] == "bce":
        for output in settings["output"]:
            if settings["substitute"].get(output, output) not in ("identity", "sigmoid"):
                refuse("output", output, "identity or sigmoid, where the loss is bce")
    for name in settings["substitute"]:
        names = settings["hidden"] + settings["output"]
        if name not in names:
            refuse(
                f"substitute.{name}", name, f"a name that the protocol trains{nearest(name, names)}"
            )


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
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def message(error):
    """A jsonschema error as one line for a person."""
    place = ".".join(str(part) for part in error.absolute_path)
    if error.validator == "additionalProperties":
        allowed = list(error.schema["properties"])
        unknown = next(key for key in error.instance if key not in allowed)
        place = f"{place}.{unknown}".strip(".")
        hint = ", ".join(allowed) + nearest(unknown, allowed)
        return f"{place}: unknown key; allowed: {hint}"
    if error.validator == "required":
        missing = next(key for key in error.validator_value if key not in error.instance)
        place = f"{place}.{missing}".strip(".")
        return f"{place}: this key is missing"
    if error.validator == "enum":
        allowed = error.validator_value
        hint = ", ".join(allowed) + nearest(error.instance, allowed)
    else:
        hint = error.schema["description"] + unquoted(error.instance)
    return f"{place or 'the file'}: got {error.instance!r}; allowed: {hint}"


def unquoted(value):
    """How to write a number that YAML reads as text, as it does 1e-3 and "10"."""
    try:
        return f" (as text is given: write {float(value):g})" if isinstance(value, str) else ""
    except ValueError:
        return ""


def nearest(given, names):
    """' (did you mean …?)', or nothing where no name comes near."""
    close = difflib.get_close_matches(str(given), names, n=1)
    return f" (did you mean {close[0]}?)" if close else ""
