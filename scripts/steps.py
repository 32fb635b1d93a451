"""The steps of the study, and for each a digest of the code and settings that decide what it makes.

A step's code is its module and whatever that imports of this project.
"""

import functools
from importlib.metadata import version

from scripts.config import ROOT, training_settings, unused_activations
from scripts.digest import code_digest, digest_of, imported, imports, items, parsed
from scripts.receipts import Audit
from scripts.study import FIGURES, blocks_by_combination

TORCH = version("torch")
# What these say is for people, and changes no result.
TALK = {ROOT / f"scripts/{name}.py" for name in ("errors", "progress", "receipts")}


def steps(config, missing=()):
    """{step: its digest}, each step after those whose results it reads. The steps that train the
    missing blocks are left out.
    """
    training, left_out = training_steps(config), set(missing)
    return {
        **{step: by for step, by in training.items() if step not in left_out},
        "aggregate": digest_of(config, code_of("aggregate"), *missing),
        "claims": digest_of(config, code_of("claims")),
        **{figure: digest_of(config, code_of("figures")) for figure in FIGURES},
        "report": digest_of(study_digest(config), code_of("report")),
        "manifest": digest_of(config, code_of("manifest")),
    }


def missing_steps(config):
    """The training steps that are not done, or not with the present code and settings."""
    return Audit(training_steps(config)).stale


def training_steps(config):
    """{step: its digest} of the blocks."""
    settings = training_settings(config)
    return {
        training_step(folder): digest
        for (protocol, hidden, output), folders in blocks_by_combination(config).items()
        for digest in [training_digest(settings[protocol], hidden, output)]
        for folder in folders
    }


def training_step(folder):
    """The step that trains a block."""
    return f"train/{folder.removeprefix('results/runs/')}"


def training_digest(settings, hidden, output):
    """What a training job runs: its settings, and the code, without the activations that it doesn't
    train.
    """
    trained = frozenset(settings["substitute"].get(name, name) for name in (hidden, output))
    return digest_of(settings, code_of("train", unused(trained)), TORCH)


unused = functools.cache(unused_activations)  # for many jobs train the same ones


@functools.cache
def code_of(module, unused=frozenset()):
    """A digest of what a step runs."""
    return code_digest(imported(ROOT / f"scripts/{module}.py", ROOT) - TALK, unused)


def forget_code():
    """Look at the code anew, in a process that lives on while it is edited."""
    for function in (code_of, unused, imported, imports, items, parsed):
        function.cache_clear()


def study_digest(config):
    """SHA-256 of all code and settings, by which a report says what made it. How seeds are shared
    out to jobs changes no result.
    """
    settings = {key: value for key, value in config.items() if key != "seeds_per_job"}
    modules = ("train", "aggregate", "claims", "figures", "report")
    return digest_of(settings, [code_of(module) for module in modules])
