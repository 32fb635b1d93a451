"""The steps of the study, each with a digest of the code and settings that decide its results.

A step's code is its module and the modules of this project that it imports.
"""

import ast
import functools
from collections.abc import Collection
from importlib.metadata import version

from scripts.study.config import activation_classes, job_settings
from scripts.study.layout import FIGURES, blocks_of, combinations
from scripts.study.names import activation_name
from scripts.study.project import ROOT
from scripts.study.syntax import parsed
from scripts.workflow.digest import code_digest, digest_of, imported, imports, items
from scripts.workflow.receipts import Audit

TORCH = version("torch")
# These print messages for people or decide how steps are run, and change no result.
LEFT_OUT = frozenset(
    [
        *(ROOT / "scripts/workflow").glob("*.py"),
        ROOT / "scripts/study/errors.py",
        ROOT / "scripts/training/progress.py",
    ]
)


def steps(config: dict, missing: Collection[str] = ()) -> dict[str, str]:
    """Return {step: its digest}, each step after those whose results it reads.

    The training steps in `missing` are left out.
    """
    left_out = set(missing)
    training = {step: by for step, by in training_steps(config).items() if step not in left_out}
    named = shown_names(config)
    figures = {
        figure: digest_of(config, named, code_of("figures", f"plots/{figure}"))
        for figure in FIGURES
    }
    return {
        **training,
        "aggregate": digest_of(config, code_of("aggregate"), *missing),
        "claims": digest_of(config, code_of("claims")),
        **figures,
        "report": digest_of(study_digest(config), code_of("report")),
        "manifest": digest_of(config, code_of("manifest")),
    }


def shown_names(config: dict) -> list[str]:
    """Return the names by which figures call the activations, which are those of their classes."""
    activations = {name for _, *pair in combinations(config) for name in pair}
    return sorted(map(activation_name, activations))


def missing_steps(config: dict) -> list[str]:
    """Return the training steps that are not done with the present code and settings."""
    return Audit(training_steps(config)).stale


def training_steps(config: dict) -> dict[str, str]:
    """Return {step: its digest} of the steps that train the blocks."""
    settings = job_settings(config)
    digests = {
        (protocol, hidden, output): training_digest(settings[protocol], hidden, output)
        for protocol, hidden, output in combinations(config)
    }
    return {block.step: digests[block.combination] for block in blocks_of(config)}


def training_digest(settings: dict, hidden: str, output: str) -> str:
    """Return the digest of what a training job runs: its settings, its code, and torch's version.

    Its code is without the activations that it does not train.
    """
    trained = frozenset(settings["substitute"].get(name, name) for name in (hidden, output))
    return digest_of(settings, code_of("train", unused=unused_activations(trained)), TORCH)


@functools.cache  # many jobs train the same activations
def unused_activations(names: frozenset[str]) -> frozenset[str]:
    """Return the activation classes that the code of the named ones does not need.

    A class is needed if it is named, or mentioned in the code of one that is needed.
    """
    classes = activation_classes()
    used: set[str] = set()
    waiting = [name for name in classes if name.lower() in names]
    while waiting:
        name = waiting.pop()
        used.add(name)
        mentioned = {node.id for node in ast.walk(classes[name]) if isinstance(node, ast.Name)}
        waiting += (classes.keys() & mentioned) - used
    return frozenset(classes.keys() - used)


@functools.cache
def code_of(*modules: str, unused: frozenset[str] = frozenset()) -> str:
    """Return a digest of the code that a step runs: modules, and what they import."""
    paths = [imported(ROOT / f"scripts/{module}.py", ROOT, LEFT_OUT) for module in modules]
    return code_digest(frozenset.union(*paths), unused)


def forget_code() -> None:
    """Forget the code that was read, in a process that lives on while the code is edited."""
    for function in (code_of, unused_activations, imported, imports, items, parsed):
        function.cache_clear()


def study_digest(config: dict) -> str:
    """Return the SHA-256 of all code and settings, by which a report says what made it.

    How seeds are divided among jobs changes no result, and does not count.
    """
    settings = {key: value for key, value in config.items() if key != "seeds_per_job"}
    modules = ["train", "aggregate", "claims", "figures", "report"]
    modules += [f"plots/{figure}" for figure in FIGURES]
    return digest_of(settings, [code_of(module) for module in modules])
