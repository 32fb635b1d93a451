"""What an edit runs again, and what it leaves as it is."""

import os
import re
import shutil

import pytest
import yaml

from scripts.study.layout import FIGURES
from tests.pipeline.project import JOBS, assert_same_files, last_words

pytestmark = pytest.mark.slow

AFTER_TRAINING = {"aggregate": 1, "claims": 1, "figure": len(FIGURES), "report": 1, "manifest": 1}


def test_editing_the_template_writes_the_report_alone(project):
    project.edit("report/report.md.j2", "# Summary", "# Last words")
    assert project.planned() == {"report": 1, "manifest": 1}
    tables = project.files("**/*.csv")
    project.run()
    assert project.files("**/*.csv") == tables
    for ending in ("md", "html", "tex"):
        assert "Last words" in (project.folder / f"results/report/report.{ending}").read_text()


def test_comments_docstrings_and_layout_run_nothing(project):
    for path, old, new in [
        (
            "framework/activations.py",
            "class ReLU(Activation):",
            "class ReLU(Activation):  # a comment",
        ),
        ("framework/linear.py", "import torch\n", "import torch\n\n\n# a comment\n"),
        ("framework/activations.py", '"""Return σ(x)."""', '"""The logistic function."""'),
        ("scripts/training/loop.py", "TEN = 10", "TEN = (10)"),
        ("scripts/study/datasets.py", '"""The study', '"""Said otherwise: the study'),
        ("scripts/analysis/inference.py", "REFITS = 999", "REFITS = (999)  # odd"),
    ]:
        project.edit(path, old, new)
    assert project.planned() == {}


@pytest.mark.parametrize(
    ("path", "old", "new", "jobs"),
    [
        ("framework/activations.py", "x.clamp(min=0)\n", "1 * x.clamp(min=0)\n", JOBS),
        ("framework/optim.py", "\nclass SGD", "\nUNUSED = 1\n\n\nclass SGD", JOBS),
        ("scripts/study/datasets.py", "import math\n", "import math\n\nUNUSED = 1\n", JOBS),
        # half of the networks end in a Sigmoid
        (
            "framework/activations.py",
            "return x.sigmoid()",
            "return 1 * x.sigmoid()",
            JOBS / 2,
        ),
    ],
)
def test_an_edit_of_code_trains_exactly_what_runs_it(project, path, old, new, jobs):
    project.edit(path, old, new)
    assert project.planned()["train"] == jobs


def test_an_edit_of_code_that_no_training_runs_trains_nothing(project):
    unused = "class SELU(Activation):"
    project.edit("framework/activations.py", unused, f"{unused}\n    A = 1")
    own = "return super().derivative("
    project.edit("scripts/study/activations.py", own, own.replace("super", "2 * super"))
    project.edit("scripts/writing/facts.py", "import platform\n", "import platform\n\nUNUSED = 1\n")
    planned = project.planned()
    assert "train" not in planned
    assert planned["report"] == 1


def test_editing_an_activation_that_stands_for_another_retrains(project):
    config = yaml.safe_load((project.folder / "config.yaml").read_text())
    project.set(training=config["training"] | {"substitute": {"relu": "publishedtanh"}})
    project.run("results/runs.csv")
    own = "return super().derivative("
    project.edit("scripts/study/activations.py", own, f"{own}0.9 * ")
    assert project.planned()["train"] == JOBS


def test_a_protocols_learning_rate_trains_that_protocol(project):
    project.edit("config.yaml", "learning_rate: 0.5", "learning_rate: 0.4")
    assert project.planned()["train"] == JOBS / 2
    shutil.rmtree(project.folder / ".snakemake")  # it is known without Snakemake's memory, too
    assert project.planned()["train"] == JOBS / 2


def test_other_dates_run_nothing(project):
    for path in sorted(project.folder.rglob("*.*"), reverse=True):
        if path.is_file() and ".snakemake" not in path.parts:
            os.utime(path)
    assert project.planned() == {}


def test_what_is_added_is_trained_alone_and_appears_in_tables_and_report(project):
    """A protocol of three lines, whose runs diverge; and an activation of one class."""
    addition = "protocols:\n  wild:\n    learning_rate: 1.0e+30\n    epochs: 2\n"
    project.edit("config.yaml", "protocols:\n", addition)
    assert project.planned()["train"] == JOBS / 2
    path = project.folder / "scripts/study/activations.py"
    path.write_text(
        path.read_text()
        + "\n\nclass Softsign(Activation):\n"
        + "    def function(self, x):\n        return x / (1 + x.abs())\n\n"
        + "    def derivative(self, x):\n        return (1 + x.abs()) ** -2\n"
    )
    project.set(hidden=["relu", "softsign"])
    assert project.planned()["train"] == JOBS / 2 + 1.5 * JOBS  # relu's stand
    project.run()
    runs = (project.folder / "results/runs.csv").read_text()
    assert "\nwild,relu,identity,0," in runs
    assert ",True,1,,\n" in runs
    assert ",softsign," in (project.folder / "results/summary.csv").read_text()
    for ending in ("md", "html", "tex"):
        assert "wild" in project.report(ending)
        assert "Softsign" in project.report(ending)
    assert re.search(r"Of the 36 runs, \d+ did", project.report())
    assert re.search(r"^## \d Training loss$", project.report(), re.M)


def test_blocks_of_which_a_file_is_lost_are_trained_again_alone(project):
    files = project.files("**/*.csv", "report/*")
    for lost in (
        "runs/fast/relu-sigmoid/seeds-0-1/runs.csv",
        "runs/fast/relu-identity/seeds-0-1/losses.csv",
        "runs/plain/relu-sigmoid/seeds-2-2/layers.csv",
        "receipts/train/plain/relu-identity/seeds-0-1.json",
    ):
        (project.folder / "results" / lost).unlink()
    assert project.planned()["train"] == 4
    project.run()
    assert_same_files(project.files("**/*.csv", "report/*"), files)


def test_a_lost_provenance_is_made_again(project):
    """It is in no receipt, since it says when it was made."""
    (project.folder / "results/provenance.json").unlink()
    assert project.planned() == {"manifest": 1}


def edited(content):
    return content.replace(b"1", b"2", 1)


def cut_off(content):
    return content[: len(content) // 2]


def test_results_that_were_changed_are_named_kept_and_made_again(project):
    changes = {
        "runs/fast/relu-sigmoid/seeds-0-1/runs.csv": edited,
        "runs/plain/relu-identity/seeds-2-2/losses.csv": cut_off,
        "runs.csv": edited,
        "figures/accuracy.svg": edited,
        "report/report.html": cut_off,
    }
    everything = ("**/*.csv", "figures/*", "report/*", "MANIFEST.sha256")
    right = project.files(*everything)
    wrong = {path: change(right[f"results/{path}"]) for path, change in changes.items()}
    for path, content in wrong.items():
        (project.folder / "results" / path).write_bytes(content)
    assert project.planned() == {"train": 2} | AFTER_TRAINING
    said = project.run().stderr
    for path, content in wrong.items():
        assert f"results/{path} was changed since it was made" in said
        assert (project.folder / "results/edited" / path).read_bytes() == content
    shutil.rmtree(project.folder / "results/edited")
    assert_same_files(project.files(*everything), right)
    assert project.planned() == {}


def test_a_changed_result_is_made_anew_for_each_target_that_rests_on_it(project):
    path = project.folder / "results/summary.csv"
    right = path.read_bytes()
    path.write_bytes(right.replace(b"plain", b"clear"))
    said = project.run("results/claims.csv").stderr
    assert "results/summary.csv was changed since it was made" in said
    assert path.read_bytes() == right
    assert project.planned() == {}


def test_a_template_with_an_old_date_is_used_whatever_the_target(project):
    project.edit("report/report.md.j2", "# Summary", "# Last words")
    os.utime(project.folder / "report/report.md.j2", (1, 1))
    project.run("results/report/report.md")
    assert "Last words" in project.report()


def test_a_source_that_is_missing_is_named_before_anything_runs(project):
    """Snakemake alone would leave out a step whose input is missing, if its output is there."""
    (project.folder / "report/published.csv").unlink()
    project.edit("config.yaml", "learning_rate: 0.5", "learning_rate: 0.4")
    before = project.files("**/*")
    result = project.snakemake()
    assert result.returncode == 1
    assert "report/published.csv is missing, or is not a file" in last_words(result.stderr)[-1]
    assert project.files("**/*") == before


def test_what_an_editor_leaves_beside_a_layout_is_none(project):
    (project.folder / "report/layouts/.#html.css").symlink_to("someone@somewhere.1")
    (project.folder / "report/layouts/html.css~").write_text("")
    assert project.planned() == {}
