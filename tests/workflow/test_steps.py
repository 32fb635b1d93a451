"""The steps of the study, and what decides whether one runs again."""

from pathlib import Path

import pytest
import yaml

from scripts.study.layout import FIGURES
from scripts.study.project import ROOT
from scripts.workflow.digest import imported
from scripts.workflow.steps import LEFT_OUT, code_of, missing_steps, steps, study_digest

CONFIG = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))


def changed(**settings):
    return CONFIG | settings


def code(module):
    return {
        str(path.relative_to(ROOT))
        for path in imported(ROOT / f"scripts/{module}.py", ROOT, LEFT_OUT)
    }


def test_training_runs_the_framework_and_what_draws_its_data():
    framework = {str(path.relative_to(ROOT)) for path in ROOT.glob("framework/*.py")}
    training = {str(path.relative_to(ROOT)) for path in ROOT.glob("scripts/training/*.py")}
    training -= {f"scripts/training/{name}.py" for name in ("__init__", "progress", "boundaries")}
    drawn = {f"scripts/{name}.py" for name in ("train", "study/datasets", "study/activations")}
    assert code("train") >= framework | training | drawn | {"scripts/tables/io.py"}


@pytest.mark.parametrize("module", ["claims", "figures", "report", "manifest"])
def test_after_aggregation_no_step_runs_the_framework(module):
    assert not {path for path in code(module) if path.startswith("framework/")}


def test_training_does_not_run_what_writes_the_report():
    others = ("analysis", "plots", "writing", "workflow")
    assert not {path for path in code("train") if path.split("/")[1] in others}


def test_each_step_comes_after_those_that_it_reads():
    names = list(steps(CONFIG))
    kinds = list(dict.fromkeys(name.split("/")[0] for name in names))
    figures = ["accuracy", "boundaries", "effects", "losses", "rates", "signal"]
    assert kinds == ["train", "aggregate", "claims", *figures, "report", "manifest"]


def test_a_protocols_setting_changes_its_own_training_and_all_that_follows():
    protocols = CONFIG["protocols"] | {"rate-5": {**CONFIG["protocols"]["rate-5"], "momentum": 0.5}}
    before, after = steps(CONFIG), steps(changed(protocols=protocols))
    assert before.keys() == after.keys()
    different = {name for name in before if before[name] != after[name]}
    trained = {name for name in different if name.startswith("train/")}
    heirs = ("rate-5", "standardised-rate-5", "standardised-rate-5-nudged")  # like rate-5
    heirs = tuple(f"train/{protocol}/" for protocol in heirs)
    assert trained == {name for name in before if name.startswith(heirs)}
    assert len(trained) == len(heirs)
    assert different - trained == {name for name in before if not name.startswith("train/")}


def test_other_protocols_and_seeds_leave_training_as_it_is():
    before = steps(CONFIG)
    after = steps(changed(seeds=40, protocols=CONFIG["protocols"] | {"another": {}}))
    for name in before:
        if name.startswith("train/"):
            assert after[name] == before[name]


def test_how_seeds_are_shared_out_to_jobs_leaves_the_study_as_it_is():
    assert study_digest(CONFIG) == study_digest(changed(seeds_per_job=7))
    assert study_digest(CONFIG) != study_digest(changed(seeds=7))


def test_an_activation_counts_where_it_is_trained():
    assert code_of("train", unused=frozenset({"SELU"})) != code_of("train")


def test_the_name_of_an_activations_class_counts_where_it_is_drawn(monkeypatch):
    before = steps(CONFIG)
    monkeypatch.setattr("scripts.workflow.steps.activation_name", str.upper)
    after = steps(CONFIG)
    assert {name for name in before if before[name] != after[name]} == set(FIGURES)


def test_blocks_that_are_missing_are_no_steps_but_change_what_is_gathered():
    whole = steps(CONFIG)
    block = next(iter(whole))
    partial = steps(CONFIG, [block])
    assert partial.keys() == whole.keys() - {block}
    assert partial["aggregate"] != whole["aggregate"]


def test_all_blocks_are_missing_where_none_was_trained(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert missing_steps(CONFIG) == [name for name in steps(CONFIG) if name.startswith("train/")]


def test_imports_are_followed_in_all_their_forms(tmp_path):
    package = tmp_path / "pack"
    package.mkdir()
    texts = {
        "__init__": "from .a import f",
        "a": "from . import b\nimport json",
        "b": "import pack.c as c",
        "c": "def g():\n    from pack import d",
        "d": "from os import path",
        "unused": "import pack.a",
    }
    for name, text in texts.items():
        (package / f"{name}.py").write_text(text)
    found = imported(package / "a.py", tmp_path)
    assert {path.stem for path in found} == {"__init__", "a", "b", "c", "d"}
    assert all(isinstance(path, Path) for path in found)
