"""The study on a real Slurm of one node on this machine, where a job and the daemon are killed.

The profile is the one that people use, except that Snakemake waits less for news and for files.
"""

import signal
import subprocess
import sys
import time
from importlib.util import find_spec

import pytest

from scripts.study.schema import read_yaml
from scripts.workflow.resources import megabytes
from tests.pipeline.project import HOOK, JOBS, new_project
from tests.pipeline.slurm import Slurm, lacking

pytestmark = pytest.mark.slow

LIMIT = 200  # seconds, for a run
PROFILE = ["--profile", "profiles/slurm", "--slurm-init-seconds-before-status-checks", "3"]
PROFILE += ["--latency-wait", "5"]
PROFILE += ["--group-components", f"training={JOBS // 2}"]  # two jobs
# A training job waits as long as there is a file called `hold`.
HOLD = '    while __import__("os").path.exists("hold"):\n        time.sleep(0.1)\n'


@pytest.fixture(scope="module")
def slurm(tmp_path_factory):
    if reason := lacking():
        pytest.skip(reason)
    if not find_spec("snakemake_executor_plugin_slurm"):
        pytest.skip("snakemake-executor-plugin-slurm is not installed (pip install -e .[slurm])")
    with Slurm(tmp_path_factory.mktemp("slurm")) as running:
        yield running


@pytest.fixture
def project(slurm, tmp_path):
    slurm.wait_until_idle()
    return new_project(tmp_path)


def start(project, *options):
    """Snakemake with the profile."""
    return subprocess.Popen(
        [sys.executable, "-m", "snakemake", *PROFILE, *options],
        cwd=project.folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def end(process):
    """What a run said, when it has ended."""
    try:
        return process.communicate(timeout=LIMIT)[1]
    finally:
        process.kill()


def wait(condition):
    end = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.1)


@pytest.fixture
def held(project):
    """A run whose blocks are being trained until `hold` is deleted."""
    project.edit("scripts/training/progress.py", HOOK, HOOK + HOLD)
    (project.folder / "hold").touch()
    process = start(project)
    logs = project.folder / "results/logs/train"
    wait(lambda: any(logs.rglob("*.log")) or process.poll() is not None)
    yield process
    if process.poll() is None:
        process.send_signal(signal.SIGINT)  # cancels its jobs
        process.communicate()


def test_training_goes_through_slurm_and_gives_the_same_bytes(slurm, project, finished):
    before = slurm.jobs()
    process = start(project, "--slurm-keep-successful-logs")
    said = end(process)
    assert process.returncode == 0, said
    assert project.manifest() == finished.manifest()
    jobs = slurm.jobs().items() - before.items()
    time = f"{JOBS // 2}:00"  # a minute for each block
    training = read_yaml(project.folder / "config.yaml")["training"]
    expected = ("COMPLETED", time, f"{megabytes(training)}M", "1", "rule_training_train")
    assert [job for _, job in jobs] == [expected] * 2  # and so nothing else went there
    for log in (project.folder / "results/logs/slurm").rglob("*.log"):
        text = log.read_text()
        assert f"{JOBS // 2} of {JOBS // 2} steps" in text
        assert text.count("SNAKEMAKE\n") == 2  # for all blocks: one that asks, and one that does


def test_a_job_that_is_killed_is_tried_again(slurm, project, held, finished):
    victim = next(number for number, job in slurm.jobs().items() if job[0] == "RUNNING")
    slurm.says("scancel", victim)
    (project.folder / "hold").unlink()
    said = end(held)
    assert held.returncode == 0, said
    assert "Trying to restart job" in said
    assert project.manifest() == finished.manifest()


def test_jobs_of_a_node_that_is_lost_are_begun_anew(slurm, project, held, finished):
    slurm.kill("slurmd")
    slurm.kill_jobs()
    slurm.says("scontrol", "update", "NodeName=localhost", "State=DOWN", "Reason=lost")
    (project.folder / "hold").unlink()
    slurm.start("slurmd")
    slurm.says("scontrol", "update", "NodeName=localhost", "State=RESUME")
    said = end(held)
    assert held.returncode == 0, said
    assert "Trying to restart job" not in said  # by Slurm, not by Snakemake
    assert project.manifest() == finished.manifest()


def test_the_log_of_a_job_that_fails_is_shown_and_named(project):
    project.edit("scripts/training/progress.py", HOOK, f"{HOOK}    1 / 0\n")
    process = start(project, "--retries", "0")
    said = end(process)
    assert process.returncode == 1
    assert "ZeroDivisionError: division by zero" in said
    assert "Log file: results/logs/train/" in said
