"""What the terminal says."""

import logging
import sys

import pytest

from scripts import screen
from scripts.screen import quieten, took, why_failed

STOPPED = "Stopped. The same command goes on from here."


class Job:
    def __init__(self, *logs):
        self.log = list(logs)

    def __str__(self):
        return "train"


@pytest.fixture
def write(tmp_path):
    def written(name, text):
        (tmp_path / name).write_bytes(text.encode())
        return str(tmp_path / name)

    return written


def test_a_failed_jobs_log_is_shown_with_its_place(write):
    log = write("a.log", "train p/relu-identity: what is wrong\n\n")
    assert why_failed([Job(log)]) == f"train p/relu-identity: what is wrong\nThe log: {log}"


@pytest.mark.parametrize("text", ["", "\n \n"])
def test_an_empty_log_says_what_may_have_happened(write, text):
    log = write("a.log", text)
    assert why_failed([Job(log)]) == (
        f"train ended without a word. Was it killed, for want of memory?\nThe log: {log}"
    )


def test_a_log_that_was_never_written_is_an_empty_one(tmp_path):
    log = str(tmp_path / "none.log")
    assert why_failed([Job(log)]).startswith("train ended without a word.")


def test_a_log_with_bytes_that_are_no_text_is_shown_all_the_same(tmp_path):
    (tmp_path / "a.log").write_bytes(b"what \xff is wrong")
    assert "is wrong" in why_failed([Job(str(tmp_path / "a.log"))])


def test_several_failed_jobs_come_in_the_order_of_their_logs(write):
    logs = [write("b.log", "second"), write("a.log", "first"), write("c.log", "third")]
    said = why_failed([Job(log) for log in logs])
    assert [said.index(word) for word in ("first", "second", "third")] == sorted(
        said.index(word) for word in ("first", "second", "third")
    )
    assert said.count("\n\n") == 2


@pytest.mark.parametrize("jobs", [[], [Job()]])
def test_without_a_log_the_run_was_stopped(jobs):
    assert why_failed(jobs) == STOPPED


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
