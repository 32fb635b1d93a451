"""The study's configuration: checked before anything runs, and resolved into protocols."""

import ast
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from scripts.study.choices import LOSSES, OPTIMIZERS
from scripts.study.errors import StudyError
from scripts.study.project import ROOT
from scripts.study.schema import ConfigError, check_schema, given, nearest, parse_yaml, read_yaml
from scripts.study.syntax import dict_keys, parsed

NUDGED = "-nudged"  # NAME-nudged is NAME with `start: nudged`
SCHEMA = Path(__file__).with_name("config.schema.yaml")
FORMULAS = ("function", "derivative")  # a class that defines one of them is an activation
ACTIVATION_FILES = [ROOT / "framework/activations.py", ROOT / "scripts/study/activations.py"]


def completed(config: dict, files: Iterable[str | Path]) -> dict:
    """Return a config with the values that the command line sets.

    The command line sets them by --config, and by --configfile, which names the `files`. Text from
    --config is read as YAML, because Snakemake leaves numbers within braces as text.

    Raises ConfigError at the first mistake.
    """
    for path in files:
        read_yaml(os.path.relpath(path))  # refuses more than Snakemake does
    try:
        config = with_numbers(config, read_yaml("config.yaml"))
        check(config)
    except ConfigError as error:
        raise ConfigError(f"{error} (with --config or --configfile)") from None
    return config


def with_numbers(value: Any, original: Any) -> Any:
    """Return a part of the config with text from the command line read as YAML.

    Text that equals the `original`, the same part of config.yaml, is not from the command line and
    stays as it is.
    """
    if isinstance(value, dict):
        original = original if isinstance(original, dict) else {}
        return {key: with_numbers(item, original.get(key)) for key, item in value.items()}
    if isinstance(value, list) and value != original:
        return [with_numbers(item, None) for item in value]
    return parse_yaml(value) if isinstance(value, str) and value != original else value


def check(config: dict) -> None:
    """Raise ConfigError at the first thing in the config that the study cannot run."""
    check_schema(
        config,
        SCHEMA,
        activation={"enum": activation_names()},
        dataset={"enum": dataset_names()},
        loss={"enum": list(LOSSES)},
        optimizer={"enum": list(OPTIMIZERS)},
    )
    check_cases(config["protocols"])
    for protocol, settings in protocols(config).items():
        check_combination(f"protocols.{protocol}", settings)
        check_device(f"protocols.{protocol}", settings["device"])
    for protocol in config["keep"]:
        if protocol not in config["protocols"]:
            hint = ", ".join(config["protocols"]) + nearest(protocol, config["protocols"])
            raise ConfigError(f"keep: got {given(protocol)}; allowed: {hint}")
    shown = without_twins(config)["protocols"]
    if config["main"] not in shown:
        hint = ", ".join(shown) + nearest(config["main"], shown)
        raise ConfigError(f"main: got {given(config['main'])}; allowed: {hint}")


def check_cases(names: Iterable[str]) -> None:
    """Raise ConfigError if protocols differ in case alone: some file systems mix their results."""
    seen: dict[str, str] = {}
    for name in names:
        other = seen.setdefault(name.lower(), name)
        if other != name:
            raise ConfigError(
                f"protocols.{name}: got the name of {other} in other case; allowed: another name"
            )


def protocols(config: dict) -> dict[str, dict]:
    """Return all settings of each protocol: the common ones, overridden by its own."""
    common = config["training"] | {key: config[key] for key in ("hidden", "output", "seeds")}
    return {name: {**common, **own} for name, own in own_settings(config).items()}


def own_settings(config: dict) -> dict[str, dict]:
    """Return the settings that each protocol sets itself, or inherits by `like`.

    Raises ConfigError where `like` names an unknown protocol, or leads back to the same one.
    """
    return {name: _with_inherited(config["protocols"], name) for name in config["protocols"]}


def _with_inherited(
    all_protocols: dict[str, dict], name: str, heirs: tuple[str, ...] = ()
) -> dict[str, Any]:
    settings = all_protocols[name]
    if "like" not in settings:
        return settings
    like = settings["like"]
    others = [other for other in all_protocols if other != name]
    if like not in others or like in heirs:
        hint = ", ".join(others) + nearest(like, others)
        raise ConfigError(f"protocols.{name}.like: got {given(like)}; allowed: {hint}")
    own = {key: value for key, value in settings.items() if key != "like"}
    return _with_inherited(all_protocols, like, (name, *heirs)) | own


def without_twins(config: dict) -> dict:
    """Return the config without the protocols that only show which runs of others are chaotic."""
    every = config["protocols"]
    shown = {
        name: settings
        for name, settings in every.items()
        if not (name.endswith(NUDGED) and name.removesuffix(NUDGED) in every)
    }
    return config | {"protocols": shown}


def training_settings(config: dict) -> dict[str, dict]:
    """Return the settings of each protocol that the result of one run depends on.

    They leave out which activations and seeds are trained.
    """
    return {
        protocol: {key: settings[key] for key in config["training"]}
        for protocol, settings in protocols(config).items()
    }


def job_settings(config: dict) -> dict[str, dict]:
    """Return the settings of each protocol's training jobs, with the epochs to `keep`."""
    return {
        protocol: {**settings, "keep": config["keep"].get(protocol, [])}
        for protocol, settings in training_settings(config).items()
    }


def check_combination(place: str, settings: dict) -> None:
    """Raise ConfigError where settings that are valid on their own contradict each other."""

    def refuse(key: str, value: object, allowed: str) -> None:
        raise ConfigError(f"{place}.{key}: got {given(value)}; allowed: {allowed}")

    if settings["batch_size"] > settings["points"]:
        refuse("batch_size", settings["batch_size"], f"up to {settings['points']}, the points")
    if settings["momentum"] and "momentum" not in OPTIMIZERS[settings["optimizer"]].settings:
        with_momentum = [name for name, item in OPTIMIZERS.items() if "momentum" in item.settings]
        only = " or ".join(with_momentum)
        refuse("momentum", settings["momentum"], f"0, unless the optimizer is {only}")
    allowed = LOSSES[settings["loss"]].outputs
    for output in settings["output"]:
        if allowed and settings["substitute"].get(output, output) not in allowed:
            only = " or ".join(allowed)
            refuse("output", output, f"{only}, where the loss is {settings['loss']}")


def check_device(place: str, device: str) -> None:
    """Raise ConfigError if the device is not available."""
    if device == "cuda":
        import torch  # slow to import, so only for a study that asks for a GPU

        if not torch.cuda.is_available():
            raise ConfigError(
                f"{place}.device: got 'cuda', which torch does not find here; allowed: cpu"
            )


def dataset_names() -> list[str]:
    """Return the names of data sets that config.yaml may use, read from the code."""
    return dict_keys(ROOT / "scripts/study/datasets.py", "DATASETS")


def activation_names() -> list[str]:
    """Return the names of activations that config.yaml may use, read from the code."""
    return sorted(name.lower() for name in activation_classes())


def activation_classes() -> dict[str, ast.ClassDef]:
    """Return the syntax tree of each activation class by name.

    They are read from the code, so that torch need not be imported. Raises StudyError where a
    second class has the same name in lower case, which is its name in config.yaml.
    """
    classes: dict[str, ast.ClassDef] = {}
    for path in ACTIVATION_FILES:
        for item in parsed(path).body:
            if isinstance(item, ast.ClassDef) and _is_activation(item):
                name = item.name.lower()
                if name in map(str.lower, classes):
                    raise StudyError(
                        f"{path}, line {item.lineno}: got class {item.name}, a second activation "
                        f"of the name {name}; allowed: another name"
                    )
                classes[item.name] = item
    return classes


def _is_activation(item: ast.ClassDef) -> bool:
    methods = [part.name for part in item.body if isinstance(part, ast.FunctionDef)]
    return item.name != "Activation" and any(name in FORMULAS for name in methods)
