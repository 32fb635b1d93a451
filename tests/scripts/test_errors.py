"""An error that a user can mend ends the process with its message."""

import pytest

from scripts.config import ConfigError
from scripts.errors import StudyError, reported
from scripts.tables import TableError


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
