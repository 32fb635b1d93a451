"""Files are written whole or not at all."""

import os
import resource
import subprocess
import sys

import pytest

from scripts.study.errors import StudyError
from scripts.study.files import check_writable, clear_unfinished, keep, replacing, write_whole


def test_a_file_is_written_with_its_folders(tmp_path):
    write_whole(tmp_path / "a/b/c.txt", b"all of it")
    assert (tmp_path / "a/b/c.txt").read_bytes() == b"all of it"
    assert os.listdir(tmp_path / "a/b") == ["c.txt"]


def test_until_it_is_whole_the_last_one_stays(tmp_path):
    path = tmp_path / "c.txt"
    path.write_text("before")
    with replacing(path) as temporary:
        temporary.write_text("aft")
        assert path.read_text() == "before"
        temporary.write_text("after")
    assert path.read_text() == "after"


def test_an_error_leaves_the_last_one_and_nothing_else(tmp_path):
    path = tmp_path / "c.txt"
    path.write_text("before")
    with pytest.raises(UnicodeEncodeError), replacing(path) as temporary:
        temporary.write_text("half\n" + "\udc00", encoding="utf-8")
    assert path.read_text() == "before"
    assert os.listdir(tmp_path) == ["c.txt"]


def test_an_error_of_the_disk_names_the_file(tmp_path):
    """A write to a full disk or above a limit fails without a name."""
    path = tmp_path / "c.txt"
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, limits[1]))
    try:
        with pytest.raises(OSError, match=rf"File too large: '{path}'$"):
            write_whole(path, b"more than ten bytes")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert os.listdir(tmp_path) == []


def test_what_a_killed_process_left_is_cleared_away(tmp_path):
    killed = (
        "import os, sys; from scripts.study.files import replacing\n"
        "with replacing(sys.argv[1]) as path: path.write_text('half'); os.kill(os.getpid(), 9)"
    )
    other = tmp_path / ".c.txt"
    other.write_text("another's")
    path = tmp_path / "runs/c [1].txt"
    assert subprocess.run([sys.executable, "-c", killed, path]).returncode == -9
    assert len(os.listdir(tmp_path / "runs")) == 1
    clear_unfinished(tmp_path)
    assert os.listdir(tmp_path / "runs") == []
    assert other.exists()


def test_two_processes_that_write_one_file_do_not_mix(tmp_path):
    path = tmp_path / "c.txt"
    with replacing(path) as temporary:
        temporary.write_bytes(b"ours")
        code = f"from scripts.study.files import write_whole; write_whole({str(path)!r}, b'theirs')"
        subprocess.run([sys.executable, "-c", code], check=True)
        assert path.read_bytes() == b"theirs"
        assert temporary.read_bytes() == b"ours"
    assert path.read_bytes() == b"ours"


def test_a_folder_that_cannot_be_written_to_is_named(tmp_path, monkeypatch):
    check_writable(tmp_path / "results")
    monkeypatch.setattr(os, "access", lambda path, rights: False)  # a superuser's rights go far
    with pytest.raises(StudyError, match="results/ cannot be written to"):
        check_writable(tmp_path / "results")


def test_files_that_are_kept_lie_as_they_lay_in_results(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_whole("results/figures/fig1.svg", b"edited")
    keep(["results/figures/fig1.svg"], "results/edited")
    assert (tmp_path / "results/edited/figures/fig1.svg").read_bytes() == b"edited"
    assert (tmp_path / "results/figures/fig1.svg").exists()
