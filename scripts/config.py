"""The study's configuration: checked before anything runs, and resolved into protocols."""

import ast
from pathlib import Path

from scripts.digest import parsed
from scripts.schema import ConfigError, check_schema, given

ROOT = Path(__file__).parent.parent
SCHEMA = Path(__file__).with_name("config.schema.yaml")
FORMULAS = ("function", "derivative")  # a class that defines one of them is an activation
ACTIVATION_FILES = [ROOT / "framework/activations.py", ROOT / "scripts/activations.py"]


def check(config):
    """ConfigError at the first thing in the config that the study cannot run."""
    check_schema(config, SCHEMA, activation={"enum": activation_names()})
    every = protocols(config)
    for protocol, settings in every.items():
        check_combination(f"protocols.{protocol}", settings)
        check_device(f"protocols.{protocol}", settings["device"])


def protocols(config):
    """{protocol: all its settings}: the common ones with the protocol's own put over them."""
    common = config["training"] | {key: config[key] for key in ("hidden", "output", "seeds")}
    return {name: {**common, **own} for name, own in config["protocols"].items()}


def training_settings(config):
    """{protocol: the settings that a run depends on}: not which others are run beside it."""
    return {
        protocol: {key: own[key] for key in config["training"]}
        for protocol, own in protocols(config).items()
    }


def check_combination(place, settings):
    """ConfigError where settings that are right alone contradict each other."""

    def refuse(key, value, allowed):
        raise ConfigError(f"{place}.{key}: got {given(value)}; allowed: {allowed}")

    if settings["batch_size"] > settings["points"]:
        refuse("batch_size", settings["batch_size"], f"up to {settings['points']}, the points")
    if settings["momentum"] and settings["optimizer"] != "sgd":
        refuse("momentum", settings["momentum"], "0, unless the optimizer is sgd")
    if settings["loss"] == "bce":
        for output in settings["output"]:
            if settings["substitute"].get(output, output) not in ("identity", "sigmoid"):
                refuse("output", output, "identity or sigmoid, where the loss is bce")


def check_device(place, device):
    """ConfigError where the device is not there."""
    if device == "cuda":
        import torch  # takes a second, which only a study that asks for a GPU spends

        if not torch.cuda.is_available():
            raise ConfigError(
                f"{place}.device: got 'cuda', which torch does not find here; allowed: cpu"
            )


def activation_names():
    """The names that config.yaml may use."""
    return sorted(name.lower() for name in activation_classes())


def activation_classes():
    """{class name: its syntax tree}, read from the code, so that torch need not be imported."""
    return {
        item.name: item
        for path in ACTIVATION_FILES
        for item in parsed(path).body
        if isinstance(item, ast.ClassDef) and item.name != "Activation"
        if any(isinstance(part, ast.FunctionDef) and part.name in FORMULAS for part in item.body)
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
