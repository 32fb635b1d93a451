"""An error that a user can mend ends the process with its message."""

import pytest

from scripts.study.errors import StudyError, not_utf8, one_line, reported
from scripts.study.schema import ConfigError
from scripts.tables.io import TableError


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (StudyError("what is wrong"), "train: what is wrong"),
        (ConfigError("seeds: got 0"), "train: seeds: got 0"),
        (TableError("runs.csv: cut off"), "train: runs.csv: cut off"),
        (
            FileNotFoundError(2, "No such file or directory", "runs.csv"),
            "train: [Errno 2] No such file or directory: 'runs.csv'",
        ),
        (PermissionError("no"), "train: no"),
    ],
)
def test_errors_of_the_study_and_of_the_system_end_with_their_message(error, message):
    with pytest.raises(SystemExit) as ended, reported("train"):
        raise error
    assert ended.value.code == message


@pytest.mark.parametrize("error", [ValueError, KeyError, ZeroDivisionError, KeyboardInterrupt])
def test_other_errors_keep_their_traceback(error):
    with pytest.raises(error), reported("train"):
        raise error


def test_without_an_error_nothing_happens():
    with reported("train"):
        done = True
    assert done


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("as it is: é, ½, 97\u00a0%", "as it is: é, ½, 97\u00a0%"),
        ("a\nb\tc", r"a\nb\tc"),
        ("\x1b[2J\x00\x85", r"\x1b[2J\x00\x85"),
        ("\u202e\ud800\ue000", r"\u202e\ud800\ue000"),
        ("x" * 501, "x" * 500 + " …"),
    ],
)
def test_what_somebody_wrote_is_shown_on_one_line(text, shown):
    assert one_line(text) == shown


def test_a_byte_that_is_no_utf8_is_named_with_its_line():
    with pytest.raises(UnicodeDecodeError) as caught:
        b"one\ntwo \xe9\n".decode()
    assert not_utf8(caught.value) == "line 2 holds the byte 0xe9, which is not UTF-8"
