"""The steps of the study, and for each a digest of the code and settings that decide what it makes.

A step's code is its module and whatever that imports of this project.
"""

import ast
import functools
from importlib.metadata import version

from scripts.study.config import activation_classes, training_settings
from scripts.study.layout import FIGURES, blocks_of, combinations
from scripts.study.project import ROOT
from scripts.study.syntax import parsed
from scripts.workflow.digest import code_digest, digest_of, imported, imports, items
from scripts.workflow.receipts import Audit

TORCH = version("torch")
# What these say is for people, or about how steps are run, and changes no result.
LEFT_OUT = frozenset(
    [
        *(ROOT / "scripts/workflow").glob("*.py"),
        *(ROOT / f"scripts/{name}.py" for name in ("study/errors", "training/progress")),
    ]
)


def steps(config, missing=()):
    """{step: its digest}, each step after those whose results it reads. The steps that train the
    missing blocks are left out.
    """
    training, left_out = training_steps(config), set(missing)
    return {
        **{step: by for step, by in training.items() if step not in left_out},
        "aggregate": digest_of(config, code_of("aggregate"), *missing),
        "claims": digest_of(config, code_of("claims")),
        **{figure: digest_of(config, code_of("figures", f"plots/{figure}")) for figure in FIGURES},
        "report": digest_of(study_digest(config), code_of("report")),
        "manifest": digest_of(config, code_of("manifest")),
    }


def missing_steps(config):
    """The training steps that are not done, or not with the present code and settings."""
    return Audit(training_steps(config)).stale


def training_steps(config):
    """{step: its digest} of the blocks."""
    settings = training_settings(config)
    digests = {
        (protocol, hidden, output): training_digest(settings[protocol], hidden, output)
        for protocol, hidden, output in combinations(config)
    }
    return {block.step: digests[block.combination] for block in blocks_of(config)}


def training_digest(settings, hidden, output):
    """What a training job runs: its settings, and the code, without the activations that it doesn't
    train.
    """
    trained = frozenset(settings["substitute"].get(name, name) for name in (hidden, output))
    return digest_of(settings, code_of("train", unused=unused_activations(trained)), TORCH)


@functools.cache  # for many jobs train the same ones
def unused_activations(names):
    """The activation classes that are neither named nor mentioned in the code of those that are."""
    classes = activation_classes()
    used, waiting = set(), [item for item in classes if item.lower() in names]
    while waiting:
        used.add(item := waiting.pop())
        mentioned = {node.id for node in ast.walk(classes[item]) if isinstance(node, ast.Name)}
        waiting += (classes.keys() & mentioned) - used
    return frozenset(classes.keys() - used)


@functools.cache
def code_of(*modules, unused=frozenset()):
    """A digest of what a step runs: modules, and what they import."""
    paths = [imported(ROOT / f"scripts/{module}.py", ROOT, LEFT_OUT) for module in modules]
    return code_digest(frozenset.union(*paths), unused)


def forget_code():
    """Look at the code anew, in a process that lives on while it is edited."""
    for function in (code_of, unused_activations, imported, imports, items, parsed):
        function.cache_clear()


def study_digest(config):
    """SHA-256 of all code and settings, by which a report says what made it. How seeds are shared
    out to jobs changes no result.
    """
    settings = {key: value for key, value in config.items() if key != "seeds_per_job"}
    modules = ["train", "aggregate", "claims", "figures", "report"]
    modules += [f"plots/{figure}" for figure in FIGURES]
    return digest_of(settings, [code_of(module) for module in modules])
