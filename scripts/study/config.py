"""The study's configuration: checked before anything runs, and resolved into protocols."""

import ast
import os
from pathlib import Path

from scripts.study.choices import LOSSES, OPTIMIZERS
from scripts.study.project import ROOT
from scripts.study.schema import ConfigError, check_schema, given, nearest, parse_yaml, read_yaml
from scripts.study.syntax import dict_keys, parsed

NUDGED = "-nudged"  # NAME-nudged is NAME with `start: nudged`
SCHEMA = Path(__file__).with_name("config.schema.yaml")
FORMULAS = ("function", "derivative")  # a class that defines one of them is an activation
ACTIVATION_FILES = [ROOT / "framework/activations.py", ROOT / "scripts/study/activations.py"]


def completed(config, files):
    """A config with what the command line adds to it: --config, and --configfile's `files`. Text
    that --config gives is read as YAML, since Snakemake leaves numbers within braces as text.
    ConfigError at the first mistake.
    """
    for path in files:
        read_yaml(os.path.relpath(path))  # refuses more than Snakemake does
    try:
        config = with_numbers(config, read_yaml("config.yaml"))
        check(config)
    except ConfigError as error:
        raise ConfigError(f"{error} (with --config or --configfile)") from None
    return config


def with_numbers(value, own):
    """A part of the config, in which text that is not in config.yaml's own is read as YAML."""
    if isinstance(value, dict):
        own = own if isinstance(own, dict) else {}
        return {key: with_numbers(each, own.get(key)) for key, each in value.items()}
    if isinstance(value, list) and value != own:
        return [with_numbers(each, None) for each in value]
    return parse_yaml(value) if isinstance(value, str) and value != own else value


def check(config):
    """ConfigError at the first thing in the config that the study cannot run."""
    check_schema(
        config,
        SCHEMA,
        activation={"enum": activation_names()},
        dataset={"enum": dataset_names()},
        loss={"enum": list(LOSSES)},
        optimizer={"enum": list(OPTIMIZERS)},
    )
    every = protocols(config)
    for protocol, settings in every.items():
        check_combination(f"protocols.{protocol}", settings)
        check_device(f"protocols.{protocol}", settings["device"])
    shown = without_twins(config)["protocols"]
    if config["main"] not in shown:
        hint = ", ".join(shown) + nearest(config["main"], shown)
        raise ConfigError(f"main: got {given(config['main'])}; allowed: {hint}")


def protocols(config):
    """{protocol: all its settings}: the common ones with the protocol's own put over them."""
    common = config["training"] | {key: config[key] for key in ("hidden", "output", "seeds")}
    return {name: {**common, **own} for name, own in own_settings(config).items()}


def own_settings(config):
    """{protocol: what it sets itself}, with what the protocol sets that it is `like`."""

    def own(name, *heirs):
        settings = config["protocols"][name]
        if "like" not in settings:
            return settings
        like, others = settings["like"], [each for each in config["protocols"] if each != name]
        if like not in others or like in heirs:
            hint = ", ".join(others) + nearest(like, others)
            raise ConfigError(f"protocols.{name}.like: got {given(like)}; allowed: {hint}")
        own_keys = {key: value for key, value in settings.items() if key != "like"}
        return own(like, name, *heirs) | own_keys

    return {name: own(name) for name in config["protocols"]}


def without_twins(config):
    """The config without the protocols that only tell which runs of others are chaotic."""
    every = config["protocols"]
    shown = {
        name: own
        for name, own in every.items()
        if not (name.endswith(NUDGED) and name.removesuffix(NUDGED) in every)
    }
    return config | {"protocols": shown}


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
    if settings["momentum"] and "momentum" not in OPTIMIZERS[settings["optimizer"]].settings:
        with_momentum = [name for name, each in OPTIMIZERS.items() if "momentum" in each.settings]
        only = " or ".join(with_momentum)
        refuse("momentum", settings["momentum"], f"0, unless the optimizer is {only}")
    allowed = LOSSES[settings["loss"]].outputs
    for output in settings["output"]:
        if allowed and settings["substitute"].get(output, output) not in allowed:
            only = " or ".join(allowed)
            refuse("output", output, f"{only}, where the loss is {settings['loss']}")


def check_device(place, device):
    """ConfigError where the device is not there."""
    if device == "cuda":
        import torch  # takes a second, which only a study that asks for a GPU spends

        if not torch.cuda.is_available():
            raise ConfigError(
                f"{place}.device: got 'cuda', which torch does not find here; allowed: cpu"
            )


def dataset_names():
    """The data sets that config.yaml may name, read from the code likewise."""
    return list(dict_keys(ROOT / "scripts/study/datasets.py", "DATASETS"))


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
