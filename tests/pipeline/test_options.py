"""What the options of Snakemake do here that a user of a local or a cluster run has use for."""

import os
import shlex
import shutil
import subprocess
import sys

import pytest

from scripts.study.layout import FIGURES
from tests.pipeline.project import JOBS, last_words

pytestmark = pytest.mark.slow

DRAWN = len(FIGURES)
AFTER_CLAIMS = {"figure": 1, "report": 1, "manifest": 1}
ALL = {
    "train": JOBS,
    "aggregate": 1,
    "claims": 1,
    "figure": DRAWN,
    "report": 1,
    "manifest": 1,
}


@pytest.mark.parametrize(
    ("options", "jobs"),
    [
        ("", {}),
        ("-R claims", {"claims": 1} | AFTER_CLAIMS),
        ("-f results/claims.csv", {"claims": 1}),
        ("-F", ALL),
        (
            "-F figures",
            {"train": JOBS, "aggregate": 1, "claims": 1, "figure": DRAWN, "figures": 1},
        ),
        ("-F --until aggregate", {"train": JOBS, "aggregate": 1}),
        ("-F --omit-from claims", {"train": JOBS, "aggregate": 1, "figure": DRAWN - 1}),
        ("-R aggregate --batch aggregate=1/2", {}),
        ("--config seeds=4", {k: v for k, v in ALL.items() if k != "train"} | {"train": JOBS / 2}),
        ("--config 'training={epochs: 4}'", ALL),
        ("--config 'protocols={fast: {epochs: 4}}'", ALL | {"train": JOBS / 2}),
        ("--configfile more.yaml", ALL | {"train": JOBS / 2}),
        ("--rerun-triggers mtime --rerun-incomplete --nolock --keep-going", {}),
        ("--profile profiles/default --jobs 3 --retries 2 --default-resources mem_mb=100", {}),
        ("--workflow-profile none --quiet rules --max-jobs-per-timespan 5/1s", {}),
    ],
)
def test_an_option_does_what_it_says(project, options, jobs):
    (project.folder / "more.yaml").write_text("protocols: {new: {epochs: 4}}\n")
    assert project.planned(*shlex.split(options)) == jobs


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            "--config 'training={epochs: 0}'",
            "config: training.epochs: got 0; allowed: a whole number, 1 or more "
            "(with --config or --configfile)",
        ),
        (
            "--config traning=1",
            "config: traning: unknown key; allowed: seeds, seeds_per_job, hidden, output, "
            "training, keep, main, "
            "protocols (did you mean training?) (with --config or --configfile)",
        ),
        (
            "--config main=fats",
            "config: main: got 'fats'; allowed: fast, plain (did you mean fast?) "
            "(with --config or --configfile)",
        ),
        (
            "--configfile octal.yaml",
            "config: octal.yaml, line 1: 010 would be read as 8; write 8 or '010'",
        ),
    ],
)
def test_what_is_wrong_on_the_command_line_is_blamed_on_it(project, options, said):
    (project.folder / "octal.yaml").write_text("seeds: 010\n")
    result = project.snakemake(*shlex.split(options))
    assert result.returncode == 1
    assert last_words(result.stderr)[-1] == said


TELLING = {  # {options: what is then said}
    "--summary": "results/claims.csv\t",
    "--list-changes code": "",
    "--dag": 'label = "aggregate"',
    "--list-target-rules": "figures",
    "--archive kept.tar.gz": "",
    "--report shown.html": "",
    "--unlock": "",
}


def test_what_only_tells_leaves_the_results_as_they_are(project):
    before = project.files("**/*")
    for options, said in TELLING.items():
        assert said in project.run(*options.split()).stdout, options
        assert project.files("**/*") == before, options
    assert project.planned() == {}


def test_no_command_grows_with_the_study(project):
    """A system starts no command that is too long."""
    lengths = []
    for seeds in (3, 30):
        settings = ["--config", f"seeds={seeds}", "seeds_per_job=1", "--detailed-summary"]
        header, *rows = project.run(*settings).stdout.splitlines()
        place = header.split("\t").index("shellcmd")
        commands = [row.split("\t")[place] for row in rows]
        assert sum("scripts.aggregate" in command for command in commands) > 1
        lengths.append(max(map(len, commands)))
    assert lengths[1] - lengths[0] < 10  # digits


def test_steps_take_no_harm_from_options_of_jobs(project):
    before = project.files("**/*.csv")
    project.run(
        *("-f", "results/claims.csv", "--benchmark-extended", "--retries", "1"),
        *("--shadow-prefix", "shadow", "--executor", "local", "--default-resources", "mem_mb=9"),
    )
    assert project.files("**/*.csv") == before
    header = (project.folder / "results/benchmarks/claims.tsv").read_text()
    assert "rule_name" in header


def test_the_code_decides_whatever_triggers_are_chosen(project):
    project.edit("framework/activations.py", "x.clamp(min=0)\n", "1 * x.clamp(min=0)\n")
    assert project.planned("--rerun-triggers", "mtime") == ALL
    plan = project.run("--summary").stdout
    assert "updated input files" in plan


def test_touch_is_refused_where_it_would_make_something_valid(project):
    project.run("--touch")  # nothing to be done
    path = project.folder / "results/runs.csv"
    path.write_bytes(path.read_bytes().replace(b"plain", b"clear"))
    refused = project.snakemake("--touch")
    assert refused.returncode == 1
    assert last_words(refused.stderr)[-1] == (
        "results: --touch makes no result valid: receipts decide, not dates"
    )
    assert project.planned()["aggregate"] == 1


def test_another_folder_has_its_own_study_by_the_code_of_the_snakefile(project, tmp_path):
    """And imports nothing of what lies there."""
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "scripts").mkdir(parents=True)
    (elsewhere / "scripts/__init__.py").write_text("1 / 0\n")
    shutil.copy(project.folder / "config.yaml", elsewhere)
    shutil.copytree(project.folder / "report", elsewhere / "report")
    before = project.files("**/*")
    project.run("--directory", str(elsewhere))
    assert project.files("**/*") == before
    made = (elsewhere / "results/MANIFEST.sha256").read_text()
    assert made == project.manifest()


def test_a_folder_without_a_study_is_named(project, tmp_path):
    for text in (
        f"include: '{project.folder}/Snakefile'\n",
        f"module other:\n    snakefile: '{project.folder}/Snakefile'\n"
        "    config: config\nuse rule * from other as other_*\n",
    ):
        (tmp_path / "Snakefile").write_text(text)
        command = [sys.executable, "-m", "snakemake", "--cores", "1"]
        result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
        assert result.returncode == 1
        assert last_words(result.stderr)[-1] == (
            f"study: {tmp_path}: report/causes.yaml is missing, or is not a file"
        )


def test_the_users_own_python_path_is_respected(project, tmp_path):
    (tmp_path / "own.py").write_text("")
    project.edit("scripts/claims.py", "def decide_all", "import own\n\n\ndef decide_all")
    result = project.snakemake("results/claims.csv", PYTHONPATH=str(tmp_path))
    assert result.returncode == 0, result.stderr


def test_a_run_that_was_told_to_ignore_hangups_does(project):
    """As by nohup."""
    (project.folder / "results/claims.csv").unlink()
    command = (
        f"trap '' HUP; {sys.executable} -m snakemake --cores 1 & sleep 2; kill -HUP $!; wait $!"
    )
    environment = {**os.environ, "COLUMNS": "200"}
    result = subprocess.run(command, shell=True, cwd=project.folder, env=environment)
    assert result.returncode == 0
    assert (project.folder / "results/claims.csv").exists()
