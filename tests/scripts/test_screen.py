"""What the terminal says."""

import logging
import os
import sys

import pytest

from scripts import screen
from scripts.screen import edited, quieten, took, why_failed

STOPPED = "Stopped. The same command goes on from here."


class Rule:
    def __init__(self, name):
        self.name = name


class Job:
    def __init__(self, *logs, rule="train", output=("results/a.csv",)):
        self.log, self.rule, self.output = list(logs), Rule(rule), list(output)
        self.wildcards_dict = {
            "protocol": "p",
            "hidden": "relu",
            "output": "identity",
            "seeds": "0-1",
        }


NAME = "train p/relu-identity, seeds 0-1"
UNEXPLAINED = "it ended without a word. Was it killed, for want of memory?"


@pytest.fixture
def write(tmp_path):
    def written(name, text):
        (tmp_path / name).write_bytes(text.encode())
        return str(tmp_path / name)

    return written


@pytest.fixture(autouse=True)
def command(monkeypatch):
    monkeypatch.setattr(screen, "snakemake", lambda: "snakemake")


def test_a_failed_jobs_message_is_shown_with_its_command_and_the_place_of_its_log(write):
    log = write("a.log", f"epoch 2 of 3\n{NAME}: what is wrong\n\n")
    assert why_failed([Job(log)]) == (
        f"{NAME}: what is wrong\nAgain: snakemake --cores 1 results/a.csv\nThe log: {log}"
    )


def test_a_message_may_go_on_for_some_lines(write):
    log = write("a.log", "report: line 3: what is wrong\n    {{ a }}\n")
    said = why_failed([Job(log, rule="report")])
    assert said.startswith("report: line 3: what is wrong\n    {{ a }}\nAgain: ")


@pytest.mark.parametrize("text", ["", "\n \n", "epoch 10 of 300: median loss 0.2, 9 s left\n"])
def test_a_log_without_a_message_says_what_may_have_happened(write, text):
    log = write("a.log", text)
    assert why_failed([Job(log)]).startswith(f"{NAME}: {UNEXPLAINED}\nAgain: ")


def test_a_log_that_was_never_written_is_an_empty_one(tmp_path):
    assert why_failed([Job(str(tmp_path / "none.log"))]).startswith(f"{NAME}: {UNEXPLAINED}")


def test_where_a_full_disk_takes_no_message_it_is_named(write, monkeypatch):
    log = write("a.log", "")
    full = type("Usage", (), {"free": 0})
    monkeypatch.setattr(screen.shutil, "disk_usage", lambda folder: full)
    assert why_failed([Job(log)]).startswith(f"{NAME}: it ended without a word, and the disk is")


def test_of_a_mistake_in_the_code_the_last_line_is_shown(write):
    log = write("a.log", "Traceback (most recent call last):\n  File …\nKeyError: 'a'\n")
    assert why_failed([Job(log)]).startswith(f"{NAME}: KeyError: 'a'\nAgain: ")


def test_a_log_with_bytes_that_are_no_text_is_shown_all_the_same(tmp_path):
    (tmp_path / "a.log").write_bytes(f"{NAME}: what ".encode() + b"\xff is wrong")
    assert "is wrong" in why_failed([Job(str(tmp_path / "a.log"))])


def test_several_failed_jobs_come_in_the_order_of_their_logs(write):
    logs = [write(f"{n}.log", f"{NAME}: {n}.") for n in range(9)]
    said = why_failed([Job(log) for log in reversed(logs)])
    assert [said.index(f": {n}.\n") for n in range(5)] == sorted(
        said.index(f": {n}.\n") for n in range(5)
    )
    assert said.endswith("\n\nAnd 4 more; the logs are in results/logs/")


def test_the_command_is_one_that_can_be_typed_here(tmp_path, monkeypatch):
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "executable", str(tmp_path / ".venv/bin/python"))
    monkeypatch.setattr(screen.shutil, "which", lambda name: None)
    assert screen.snakemake() == ".venv/bin/python -m snakemake"
    monkeypatch.setattr(screen.shutil, "which", lambda name: str(tmp_path / ".venv/bin/snakemake"))
    assert screen.snakemake() == "snakemake"
    monkeypatch.setattr(screen.shutil, "which", lambda name: "/usr/bin/snakemake")
    monkeypatch.setattr(sys, "executable", "/opt/python")
    assert screen.snakemake() == "/opt/python -m snakemake"


@pytest.mark.parametrize("jobs", [[], [Job()]])
def test_without_a_log_the_run_was_stopped(jobs):
    assert why_failed(jobs) == STOPPED


def test_results_that_were_changed_are_named_up_to_a_few(capsys):
    edited([f"results/{n}.csv" for n in range(7)])
    said = capsys.readouterr().err.splitlines()
    assert said[0].startswith("results/0.csv was changed since it was made")
    assert len(said) == 6
    assert said[-1] == "… and so were 2 more"
    edited([])
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (0.6, "1 s"),
        (59, "59 s"),
        (59.7, "1 min 0 s"),
        (60, "1 min 0 s"),
        (61, "1 min 1 s"),
        (3725, "62 min 5 s"),
    ],
)
def test_the_time_that_a_run_took(monkeypatch, seconds, words):
    monkeypatch.setattr(screen.time, "monotonic", lambda: 1000 + seconds)
    assert took(1000) == words


class Screen(logging.Handler):
    """Keeps what reaches the screen."""

    def __init__(self):
        super().__init__()
        self.shown = []

    def emit(self, record):
        self.shown.append((record.getMessage(), getattr(record, "event", None)))


class Terminal:
    """What quieten sees of the process: its screen, and what it will say at the end."""

    def __init__(self, monkeypatch, report, tty=False):
        self.screen, self.last_words = Screen(), []
        self.logger = logging.Logger("snakemake")
        self.logger.addHandler(self.screen)
        monkeypatch.setattr(
            screen.atexit, "register", lambda _, text, file: self.last_words.append(text)
        )
        monkeypatch.setattr(sys.stderr, "isatty", lambda: tty, raising=False)
        quieten(self.logger, str(report))

    def say(self, text, **extra):
        self.screen.shown.clear()
        self.logger.info(text, extra=extra)
        return self.screen.shown


@pytest.fixture
def report(tmp_path):
    path = tmp_path / "report.html"
    path.write_text("")
    return path


@pytest.mark.parametrize(
    "text",
    ["RuleException: in line 3", "Shutting down, this", "Exiting because a", "Complete log(s): x"],
)
def test_snakemakes_own_words_on_a_failure_are_left_out(monkeypatch, report, text):
    terminal = Terminal(monkeypatch, report)
    assert terminal.say(text) == []
    assert terminal.say("text", event="job_error") == []
    assert terminal.last_words == []


@pytest.mark.parametrize("text", ["Building DAG of jobs...", "a RuleException:", ""])
def test_other_words_are_shown(monkeypatch, report, text):
    terminal = Terminal(monkeypatch, report)
    assert terminal.say(text) == [(text, None)]
    assert terminal.say(text, event="job_info") == [(text, "job_info")]


def test_progress_is_words_where_no_bar_can_be_drawn(monkeypatch, report):
    terminal = Terminal(monkeypatch, report)
    assert terminal.say("", event="progress", done=3, total=9) == [("3 of 9 steps done", None)]


def test_progress_is_left_to_the_bar_on_a_terminal(monkeypatch, report):
    terminal = Terminal(monkeypatch, report, tty=True)
    assert terminal.say("bar", event="progress", done=3, total=9) == [("bar", "progress")]


@pytest.mark.parametrize(
    ("text", "last"),
    [("Elapsed time: 3", "Done in 0 s."), ("Nothing to be done (all)", "All is up to date.")],
)
def test_a_run_ends_with_the_reports_place(monkeypatch, report, text, last):
    terminal = Terminal(monkeypatch, report)
    assert terminal.say(text) == []
    assert terminal.last_words == [f"{last} The report: {report}"]


@pytest.mark.parametrize("text", ["Elapsed time: 3", "Nothing to be done"])
def test_no_report_is_promised_that_is_not_there(monkeypatch, tmp_path, text):
    terminal = Terminal(monkeypatch, tmp_path / "none.html")
    assert terminal.say(text) == [(text, None)]
    assert terminal.last_words == []


class Group:
    def __init__(self, *jobs):
        self.jobs, self.log = set(jobs), [log for job in jobs for log in job.log]


def test_of_a_group_the_job_is_named_that_says_what_went_wrong(write):
    logs = [write("a.log", ""), write("b.log", f"{NAME}: what is wrong"), write("c.log", "epoch 1")]
    group = Group(*map(Job, logs))
    assert why_failed([group], {group: ("FAILED", ["slurm.log"])}) == (
        f"{NAME}: what is wrong\nAgain: snakemake --cores 1 results/a.csv\n"
        f"The log: {logs[1]} and slurm.log"
    )


def test_of_a_group_without_a_message_the_clusters_is_shown(write):
    group = Group(Job(write("a.log", "")), Job(write("b.log", "epoch 1")))
    assert why_failed([group], {group: ("TIMEOUT\nand more", ["slurm.log"])}) == (
        "train, 2 blocks in one job: it ended without a word. Was it killed, for want of memory or "
        "time?\nThe cluster: TIMEOUT\nThe same command goes on from here.\nThe log: slurm.log"
    )


def test_groups_that_slurm_does_not_take_are_named_once_with_its_reason(write):
    of_cluster = (
        "SLURM sbatch failed. The error message was 'sbatch: error: invalid partition specified: no"
        "\nsbatch: error: Batch job submission failed'.\n    sbatch call:\n        sbatch …"
    )
    groups = [Group(*(Job(write(f"{n}{i}.log", "")) for i in range(n + 2))) for n in range(2)]
    assert why_failed(groups, dict.fromkeys(groups, (of_cluster, []))) == (
        "train: Slurm does not take the jobs: sbatch: error: invalid partition specified: no"
    )


def test_a_message_of_an_earlier_run_is_not_blamed(write):
    old = write("a.log", f"{NAME}: what was wrong")
    os.utime(old, (1, 1))
    said = why_failed([Group(Job(old), Job(write("b.log", "")))], {})
    assert said.startswith("train, 2 blocks in one job: it ended without a word.")


def test_what_the_cluster_says_of_all_groups_alike_is_said_once(write):
    groups = [Group(Job(write(f"{n}.log", "")), Job(write(f"{n}.txt", ""))) for n in range(9)]
    said = why_failed(groups, dict.fromkeys(groups, ("invalid partition", [])))
    assert said.count("The cluster: invalid partition") == 1
    assert said.endswith("\nThe same command goes on from here.")
