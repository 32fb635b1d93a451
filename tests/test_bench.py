"""The benchmark compares like with like: each implementation trains the same networks."""

import importlib.util
import subprocess
import sys

import pandas as pd
import pytest
import torch
import yaml

from bench import growth, scale, shapes
from bench.peers import IMPLEMENTATIONS
from bench.project import Project
from bench.study import epochs_of_all_runs
from bench.training import arithmetic
from scripts.study.project import ROOT
from tests.effort import in_ci

pytestmark = pytest.mark.slow
SETTINGS = yaml.safe_load((ROOT / "config.yaml").read_text())["training"]
TINY = SETTINGS | {"points": 40, "batch_size": 10, "epochs": 3, "hidden_widths": [6, 5]}
HERE = [name for name in IMPLEMENTATIONS if name != "JAX" or importlib.util.find_spec("jax")]


PEERS = pytest.mark.parametrize("name", [name for name in HERE if name != "framework"])
SINGLE = TINY | {"precision": "single"}


@pytest.mark.parametrize("hidden", ["relu", "tanh", "selu", "sigmoid"])
@PEERS
def test_every_implementation_trains_the_same_networks(name, hidden):
    assert_the_same_losses(name, TINY, hidden, rel=1e-12)


@PEERS
def test_every_implementation_trains_them_in_single_precision(name):
    assert_the_same_losses(name, SINGLE, "selu", rel=1e-5)


def assert_the_same_losses(name, settings, hidden, rel):
    """Of twelve seeds: more than the framework trains at once."""
    (ours, _), (theirs, _) = (
        IMPLEMENTATIONS[key](settings, hidden, list(range(12))) for key in ("framework", name)
    )
    first = theirs()
    assert first == pytest.approx(ours(), rel=rel)
    assert theirs() == first  # a second turn starts anew


@pytest.mark.parametrize("name", HERE)
def test_single_precision_is_another(name):
    double, single = (
        IMPLEMENTATIONS[name](settings, "tanh", [0])[0]() for settings in (TINY, SINGLE)
    )
    assert double != single
    assert torch.tensor(single, dtype=torch.float64).float().tolist() == single
    assert torch.tensor(double, dtype=torch.float64).float().tolist() != double


@pytest.mark.parametrize("name", ["Linear", *shapes.ELEMENTWISE, *shapes.LOSSES])
@pytest.mark.parametrize("transposed", [False, True])
def test_both_frameworks_pass_through_each_shape(name, transposed):
    batches = [shape for kind, shape, _ in shapes.cases() if kind == name]
    assert {(1,), (1, 1), (0, 1), (1000, 1, 25)} <= set(batches)
    case = (name, (5, 1, 3), (3, 2) if name == "Linear" else ())
    row = shapes.measure(case, torch.float64, transposed, turns=1)
    assert row["input"] == "5×1×3"
    assert row["time_ratio"] == pytest.approx(row["framework_us"] / row["torch_nn_us"])
    assert row["time_ratio"] > 0
    assert row["memory_ratio"] == row["framework_bytes"] / row["torch_nn_bytes"]


def test_the_peak_is_of_the_tensors_that_are_held_at_one_time():
    x = torch.rand(5, 3, dtype=torch.float64)  # 120 bytes
    assert shapes.peak(lambda: [x + 1 for _ in range(4)]) == 4 * 120
    assert shapes.peak(lambda: [(x + 1).sum() for _ in range(4)]) == 120 + 4 * 8
    assert shapes.peak(lambda: (x + 1).mul_(2).mT) == 120


@pytest.mark.parametrize("name", ["Linear", *shapes.ELEMENTWISE, *shapes.LOSSES])
@pytest.mark.parametrize("batch", [(500, 1), (1, 500), (500, 1, 1), (25, 20), (500,)])
def test_memory_is_within_three_times_that_of_torch(name, batch):
    case = (name, (*batch, 25), (25, 25) if name == "Linear" else ())
    ours, theirs = map(shapes.peak, shapes.passes(case, torch.float32, transposed=False))
    assert ours <= 3 * theirs


def test_the_arithmetic_of_a_run_is_that_of_its_products():
    assert arithmetic(SETTINGS) == (6 * (50 + 625 + 625 + 25) - 100) * 1000 * 300


@in_ci
def test_the_benchmark_writes_a_row_for_each_implementation(tmp_path):
    (tmp_path / "config.yaml").write_text(yaml.safe_dump({"training": TINY}))
    command = "--implementations framework torch.nn --hidden relu --replicas 3 --repeats 2"
    result = subprocess.run(
        [sys.executable, "-m", "bench.training", *command.split(), "--epochs", "3"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    rows = pd.read_csv(tmp_path / "results/bench/training.csv")
    own = rows[["replicas", "implementation", "precision", "runs"]].itertuples(index=False)
    assert [tuple(row) for row in own] == [
        (3, "framework", "double", 3),
        (3, "torch.nn", "double", 2),
        (3, "framework", "single", 3),
    ]
    assert (rows["seconds"] > 0).all()
    per_run = (rows["seconds"] / rows["runs"]).tolist()
    assert rows["seconds_per_run"].tolist() == pytest.approx(per_run, rel=1e-4)
    assert (tmp_path / "results/bench/training.png").stat().st_size > 5000
    assert "% of peak" in result.stdout


def tiny_project(folder):
    project = Project(folder)
    project.configure(project.config | {"training": TINY})
    return project


def test_the_plain_pipeline_trains_the_same_run(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    tiny_project(tmp_path).python("bench.one_run", "selu", 3, "run.csv")
    (row,) = pd.read_csv(tmp_path / "run.csv").to_dict("records")
    (ours,) = IMPLEMENTATIONS["framework"](TINY, "selu", [3])[0]()
    assert (row["hidden"], row["seed"]) == ("selu", 3)
    assert row["loss"] == pytest.approx(ours, rel=1e-12)


def test_all_epochs_of_a_study_are_those_of_each_of_its_runs():
    config = {"seeds": 3, "hidden": ["relu", "tanh"], "output": ["identity"]}
    config |= {"training": {"epochs": 5}}
    config |= {
        "main": "p",
        "protocols": {"p": {}, "q": {"hidden": ["relu"], "seeds": 2, "epochs": 7}},
    }
    assert epochs_of_all_runs(config) == 2 * 3 * 5 + 1 * 2 * 7


@in_ci
def test_growth_measures_a_study_of_so_many_seeds(monkeypatch):
    monkeypatch.setattr(growth, "SEEDS_PER_JOB", 2)
    row = growth.grown(seeds=3, epochs=2)
    assert (row["seeds"], row["jobs"]) == (3, 2)
    assert 0 < row["dag_seconds"] < row["seconds"]
    assert row["core_seconds_a_run"] >= row["seconds"] / 3
    assert 0 < row["aggregate_mib"] < row["job_mib"]
    assert row["files"] > 2 * 5  # a block's tables, receipt and log
    assert row["mib"] > 0


def test_growth_counts_files_and_bytes(tmp_path):
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a/b/one").write_text("12345")
    (tmp_path / "two").write_text("678")
    assert growth.left_in(tmp_path) == (2, 8)


def test_a_study_of_many_runs_costs_as_many_times_what_was_measured():
    large = {"seeds": 100, "jobs": 10, "core_seconds_a_run": 3.6, "dag_seconds": 1}
    large |= {"files": 98, "mib": 60, "aggregate_seconds": 7}
    small = {"seeds": 10, "jobs": 1, "files": 26, "mib": 15, "aggregate_seconds": 1.6}
    row = scale.scaled(small, large, 0.01, runs=64_000, seeds_per_job=10)
    assert row["jobs"] == 6400
    assert row["core_hours"] == pytest.approx(64)
    assert row["plan_seconds"] == pytest.approx(1 + 63.9)
    assert row["files"] == pytest.approx(18 + 8 * 6400)
    assert row["gb"] == pytest.approx((10 + 0.5 * 64_000) * 2**20 / 1e9)
    assert row["aggregate_minutes"] == pytest.approx((1 + 0.06 * 64_000) / 60)


def test_jobs_are_whole_and_of_one_combination_each():
    assert scale.jobs_of(6400, 80) == 128  # two for each of 64, the second with 20 runs
