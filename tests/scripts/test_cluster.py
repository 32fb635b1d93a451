"""What Snakemake's executors for clusters are taught: here, one of a cluster that plays tricks."""

import asyncio
import time
from types import SimpleNamespace

import pytest

from scripts import cluster
from scripts.cluster import ClusterError, attend, known_to_slurm


class Executor:
    """It learns the states that are given, and forgets all jobs if it learns nothing."""

    wait, next_seconds_between_status_checks = True, 60

    def __init__(self):
        self.states, self.reported = {}, []

    async def check_active_jobs(self, submitted):
        for each in submitted if self.states else []:
            state = self.states.get(each.external_jobid)
            if state == "COMPLETED":
                self.report_job_success(each)
            elif state == "FAILED":
                self.report_job_error(each, msg="FAILED", aux_logs=["a.log", None])
            else:
                yield each

    def report_job_success(self, each):
        self.reported.append((each.external_jobid, "done"))

    def report_job_error(self, each, msg=None, aux_logs=()):
        self.reported.append((each.external_jobid, msg))


@pytest.fixture
def listed(monkeypatch):
    """The jobs that squeue lists."""
    numbers = {"1", "2", "3"}
    monkeypatch.setattr(cluster, "known_to_slurm", lambda: set(numbers))
    return numbers


@pytest.fixture
def said():
    return {}


@pytest.fixture
def executor(said, listed):
    executor = Executor()
    attend(executor, said)
    return executor


class Job(str):
    """Its number, and the file that it makes."""

    __slots__ = ()

    @property
    def output(self):
        return [f"{self}.csv"]


def check(executor, *numbers):
    """The numbers of the jobs that it goes on watching."""
    submitted = [SimpleNamespace(external_jobid=each, job=Job(each), aux=None) for each in numbers]

    async def watched():
        return [each.external_jobid async for each in executor.check_active_jobs(submitted)]

    return asyncio.run(watched())


def test_jobs_that_have_ended_are_reported_and_the_others_watched(executor, said):
    executor.states = {"1": "COMPLETED", "2": "FAILED", "3": "RUNNING"}
    assert check(executor, "1", "2", "3") == ["3"]
    assert executor.reported == [("1", "done"), ("2", "FAILED")]
    assert said == {"2": ("FAILED", ["a.log"])}


def test_jobs_of_which_nothing_is_learnt_are_watched(executor, monkeypatch):
    assert check(executor, "1", "2") == ["1", "2"]
    monkeypatch.setattr(cluster, "known_to_slurm", lambda: None)
    for _ in range(3):
        assert check(executor, "1", "2") == ["1", "2"]
    assert executor.reported == []


def test_slurm_may_have_forgotten_all_jobs(executor, listed):
    assert check(executor, "1", "2") == ["1", "2"]
    listed.clear()
    assert check(executor, "1", "2") == ["1", "2"]
    assert check(executor, "1", "2") == []
    assert len(executor.reported) == 2


def test_a_job_that_slurm_has_forgotten_has_failed(executor, listed, said):
    executor.states = {"1": "RUNNING"}
    assert check(executor, "1", "2") == ["1", "2"]
    listed.remove("2")
    assert check(executor, "1", "2") == ["1", "2"]  # it may be a moment's
    assert check(executor, "1", "2") == ["1"]
    assert said == {"2": ("Slurm knows nothing any more of job 2", [])}


def test_a_job_that_slurm_remembers_again_or_never_listed_is_watched(executor, listed):
    executor.states = {"1": "RUNNING"}
    listed.remove("2")
    assert check(executor, "1", "4") == ["1", "4"]
    for _ in range(3):
        assert check(executor, "1", "4") == ["1", "4"]
        listed.symmetric_difference_update({"1"})
    assert executor.reported == []


def test_a_job_may_come_back_under_its_number(executor, listed):
    executor.states = {"1": "FAILED"}
    assert check(executor, "1") == []
    executor.states = {"1": "PENDING"}
    assert check(executor, "1") == ["1"]


@pytest.mark.parametrize("made_before", [False, True])
def test_a_job_that_slurm_has_forgotten_but_that_made_its_files_is_done(
    listed, said, tmp_path, monkeypatch, made_before
):
    monkeypatch.chdir(tmp_path)
    if made_before:
        (tmp_path / "1.csv").write_text("of an earlier run")
    executor = Slurm()
    attend(executor, said)
    executor.run_job(Job("1"))
    executor.reported.clear()
    assert check(executor, "1") == ["1"]
    listed.clear()
    assert check(executor, "1") == ["1"]
    if not made_before:
        (tmp_path / "1.csv").write_text("made")
    assert check(executor, "1") == []
    expected = "Slurm knows nothing any more of job 1" if made_before else "done"
    assert executor.reported == [("1", expected)]


class Slurm(Executor):
    """That of Slurm, which trips where it would say that a group could not be submitted."""

    def run_job(self, job):
        try:
            raise OSError(f"no partition for {job}")
        except OSError:
            self.no_such_attribute  # noqa: B018

    def _report_job_error_threadsafe(self, submitted, msg):
        self.report_job_error(submitted, msg)


def test_a_group_that_cannot_be_submitted_has_failed(listed, said):
    executor = Slurm()
    attend(executor, said)
    executor.run_job(Job("group"))
    assert said == {"group": ("no partition for group", [])}
    assert executor.reported == [(None, "no partition for group")]


def test_a_slurm_that_does_not_answer_is_named_before_anything_is_submitted(monkeypatch, said):
    monkeypatch.setattr(cluster, "known_to_slurm", lambda: None)
    with pytest.raises(ClusterError, match="Slurm does not answer squeue"):
        attend(Slurm(), said)


def test_it_sleeps_no_longer_than_it_runs(executor):
    executor.wait = False
    start = time.monotonic()
    asyncio.run(executor.sleep())
    assert time.monotonic() - start < 1


def test_without_a_cluster_nothing_changes(said):
    local = SimpleNamespace()
    attend(local, said)
    assert vars(local) == {}


@pytest.mark.parametrize(
    ("script", "numbers"),
    [("echo 7; echo 8_1", {"7", "8_1"}), (":", set()), ("echo 7; exit 1", None), (None, None)],
)
def test_slurm_is_asked_by_squeue(monkeypatch, tmp_path, script, numbers):
    if script:
        (tmp_path / "squeue").write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / "squeue").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert known_to_slurm() == numbers
