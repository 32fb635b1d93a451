"""One run at a time in a folder."""

import os
import subprocess
import sys

import pytest

from scripts import alone
from scripts.alone import Alone, BusyError


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(alone, "WAIT", 0.3)


def test_who_comes_first_has_the_folder():
    first, second = Alone(), Alone()
    first.insist()
    with pytest.raises(BusyError, match="another run is at work in this folder; wait"):
        second.insist()


def test_it_is_given_back():
    first, second = Alone(), Alone()
    first.give_back()
    second.insist()
    assert second.taken


def test_one_who_is_killed_leaves_no_lock_behind():
    kill = (
        "import os; from scripts.alone import Alone\n"
        "mine = Alone(); assert mine.taken; os.kill(os.getpid(), 9)"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    assert subprocess.run([sys.executable, "-c", kill], env=environment).returncode == -9
    assert Alone().taken


def test_a_child_does_not_hold_the_lock():
    first = Alone()
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    first.give_back()
    os.close(first.file)
    assert Alone().taken
    child.communicate(b"\n")
