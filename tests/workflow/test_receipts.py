"""Receipts: what was made, from what, and whether that still holds."""

import hashlib
import json
import os
from pathlib import Path

import pytest

from scripts.workflow import receipts
from scripts.workflow.plan import remove_obsolete
from scripts.workflow.receipts import Audit, path_of, receipt

STEPS = {"train": "code 1", "aggregate": "code 2"}


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def write(path, text):
    with open(path, "w") as file:
        file.write(text)


@pytest.fixture
def done():
    """Two steps, the second of which reads what the first made."""
    with receipt("train", STEPS["train"], ["runs.csv"]):
        write("runs.csv", "1\n")
    write("source.yaml", "a: 1\n")
    with receipt("aggregate", STEPS["aggregate"], ["mean.csv"], ["runs.csv", "source.yaml"]):
        write("mean.csv", "1\n")


def test_a_receipt_says_what_was_made_and_read(done):
    said = json.loads(path_of("aggregate").read_text())
    one = hashlib.sha256(b"1\n").hexdigest()
    assert said["made"] == {"mean.csv": one}
    assert said["read"] == {"runs.csv": one, "source.yaml": hashlib.sha256(b"a: 1\n").hexdigest()}
    assert said["by"] == "code 2"


def test_what_is_as_it_was_holds(done):
    for _ in range(2):
        audit = Audit(STEPS)
        assert (audit.stale, audit.edited) == ([], [])


def test_without_a_digest_no_receipt_is_written():
    with receipt("train", None, ["runs.csv"], ["not there"]):
        write("runs.csv", "1\n")
    assert not path_of("train").exists()


def test_a_step_that_fails_leaves_no_receipt():
    with pytest.raises(ZeroDivisionError), receipt("train", "code 1", ["runs.csv"]):
        raise ZeroDivisionError
    assert Audit({"train": "code 1"}).stale == ["train"]


@pytest.mark.parametrize(
    ("change", "stale", "edited"),
    [
        (lambda: write("runs.csv", "2\n"), ["train", "aggregate"], ["runs.csv"]),
        (lambda: write("runs.csv", ""), ["train", "aggregate"], ["runs.csv"]),
        (lambda: os.remove("runs.csv"), ["train", "aggregate"], []),
        (lambda: write("mean.csv", "2\n"), ["aggregate"], ["mean.csv"]),
        (lambda: write("source.yaml", "a: 2\n"), ["aggregate"], []),
        (lambda: os.remove("source.yaml"), ["aggregate"], []),
        (lambda: os.remove(path_of("train")), ["train"], []),
        (lambda: write("runs.csv", "1\n"), [], []),
        (lambda: os.utime("runs.csv", (0, 0)), [], []),
        (lambda: os.utime("source.yaml", (4e9, 4e9)), [], []),
    ],
)
def test_what_is_not_as_it_was_is_noticed_whatever_the_dates_say(done, change, stale, edited):
    Audit(STEPS)
    change()
    for _ in range(2):
        audit = Audit(STEPS)
        assert (audit.stale, audit.edited) == (stale, edited)


def test_other_code_or_settings_are_noticed(done):
    assert Audit(STEPS | {"train": "other code"}).stale == ["train"]


def test_an_input_that_changes_while_it_is_read_is_noticed_afterwards():
    write("source.yaml", "a: 1\n")
    with receipt("claims", "code", ["made.csv"], ["source.yaml"]):
        write("made.csv", "from one of the two\n")
        write("source.yaml", "a: 2\n")
    assert Audit({"claims": "code"}).stale == ["claims"]


@pytest.mark.parametrize(
    "text",
    ["", "{", "3", "[]", "null", '{"by": "code 1"}', '{"by": 1, "made": 2, "read": 3}', "\0"],
)
def test_a_receipt_that_cannot_be_read_is_none(done, text):
    path_of("train").write_text(text)
    assert "train" in Audit(STEPS).stale


def test_files_are_read_once_and_then_when_the_file_system_says_that_they_changed(
    done, monkeypatch
):
    Audit(STEPS)
    read = []
    right = receipts.sha256
    monkeypatch.setattr(receipts, "sha256", lambda path: read.append(path) or right(path))
    Audit(STEPS)
    assert read == []
    state = os.stat("runs.csv")
    write("runs.csv", "2\n")  # as long, and dated back
    os.utime("runs.csv", ns=(state.st_atime_ns, state.st_mtime_ns))
    assert Audit(STEPS).edited == ["runs.csv"]
    assert read == ["runs.csv"]


@pytest.mark.parametrize("text", ["", "{", "3", "\0"])
def test_a_memory_that_cannot_be_read_is_none(done, text):
    Audit(STEPS)
    receipts.CACHE.write_text(text)
    assert Audit(STEPS).stale == []


@pytest.fixture
def dropped(monkeypatch):
    """A figure that no step draws any more, and a table that its step no longer writes."""
    os.mkdir("results")
    with receipt("fig9", "code", ["results/fig9.svg"]):
        write("results/fig9.svg", "a figure")
    with receipt("aggregate", "code", ["results/runs.csv", "results/old.csv"]):
        write("results/runs.csv", "1\n")
        write("results/old.csv", "1\n")
    monkeypatch.setattr("scripts.workflow.plan.MADE", ["results/runs.csv"])


def results():
    return sorted(str(path) for path in Path("results").rglob("*.[cs]*v*"))


def test_what_no_step_makes_any_more_is_removed(dropped):
    write("results/notes.csv", "of someone")
    remove_obsolete()
    assert results() == ["results/notes.csv", "results/runs.csv"]
    remove_obsolete()
    assert results() == ["results/notes.csv", "results/runs.csv"]


def test_nothing_is_left_of_a_step_that_is_gone(dropped):
    """Of others, logs and times stay."""
    for step in ("fig9", "aggregate"):
        for left in (f"results/logs/{step}.log", f"results/benchmarks/{step}.tsv"):
            Path(left).parent.mkdir(exist_ok=True)
            write(left, "")
    remove_obsolete()
    files = [str(path) for path in Path("results").rglob("*") if path.is_file()]
    assert [path for path in files if "fig9" in path] == []
    assert len([path for path in files if "aggregate" in path]) == 3


def test_what_was_edited_is_kept_and_named(dropped, capsys):
    write("results/fig9.svg", "a better figure")
    remove_obsolete()
    assert results() == ["results/edited/fig9.svg", "results/runs.csv"]
    assert Path("results/edited/fig9.svg").read_text() == "a better figure"
    assert capsys.readouterr().err == (
        "results/fig9.svg was changed since it was made, and no step makes it now: "
        "results/edited/ has it\n"
    )


def test_what_training_made_stays_for_settings_that_ask_for_it_again(dropped):
    with receipt("train/p/relu-identity/seeds-0-1", "code", ["results/losses.csv"]):
        write("results/losses.csv", "1\n")
    remove_obsolete()
    assert "results/losses.csv" in results()


def test_nothing_outside_of_results_is_removed(dropped, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    os.symlink(elsewhere, "results/folder")
    os.symlink(elsewhere / "target.csv", "results/link.csv")
    outside = [
        elsewhere / "target.csv",
        "results/link.csv",
        "results/folder/a.csv",
        "results/../b.csv",
        "c.csv",
    ]
    with receipt("fig8", "code", outside):
        for path in outside:
            write(path, "1\n")
    remove_obsolete()
    assert all(os.path.exists(path) for path in outside)


def test_results_may_be_a_link_themselves(dropped, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "results"
    os.rename("results", elsewhere)
    os.symlink(elsewhere, "results")
    remove_obsolete()
    assert sorted(path.name for path in elsewhere.glob("*.*")) == ["runs.csv"]
