"""A warm job does what a cold one does, sooner, and ends when it should."""

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from scripts.study.project import ROOT
from scripts.workflow import warm

TOY = """
import os, sys, time

print("imported by", os.getpid(), file=open("imports", "a"))


def main():
    action, *rest = sys.argv[1:]
    if action == "say":
        print(os.getpid(), os.getppid(), *rest)
    elif action == "fail":
        sys.exit(rest[0])
    elif action == "exit":
        sys.exit(int(rest[0]))
    elif action == "crash":
        raise KeyError(rest[0])
    elif action == "sleep":
        print(os.getpid(), file=open("sleeper", "w"), flush=True)
        time.sleep(60)


if __name__ == "__main__":
    main()
"""


@pytest.fixture
def parent():
    """A process that stands for Snakemake."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    yield process
    process.kill()
    process.wait()


@pytest.fixture
def command(tmp_path, parent):
    (tmp_path / "toy.py").write_text(TOY)
    path = os.pathsep.join([str(ROOT), str(tmp_path)])
    environment = {**os.environ, "PYTHONPATH": path, "WARM": f"{parent.pid} warm"}

    def start(*arguments, warm=True, module="toy"):
        own = environment if warm else {k: v for k, v in environment.items() if k != "WARM"}
        return subprocess.Popen(
            [sys.executable, "-m", "scripts.workflow.warm", module, *arguments],
            cwd=tmp_path,
            env=own,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    return start


def finish(process):
    out, err = process.communicate(timeout=300)
    return process.returncode, out, err


def wait_for(condition):
    for _ in range(3000):
        if condition():
            return True
        time.sleep(0.05)
    return False


def test_jobs_are_forks_of_one_process_that_imports_once(command, tmp_path):
    (_, first, _), (_, second, _) = (finish(command("say", "a b", "ü")) for _ in range(2))
    assert first.split()[2:] == second.split()[2:] == ["a", "b", "ü"]
    assert first.split()[0] != second.split()[0]
    assert first.split()[1] == second.split()[1]
    assert len((tmp_path / "imports").read_text().splitlines()) == 1


def test_another_module_is_run_in_the_same_way(command, tmp_path):
    (tmp_path / "other.py").write_text(TOY.replace('"imports"', '"others"'))
    server = finish(command("say"))[1].split()[1]
    assert finish(command("say", "x", module="other"))[1].split()[1:] == [server, "x"]
    assert (tmp_path / "others").exists()


def test_two_first_jobs_at_once_share_the_server(command, tmp_path):
    jobs = [command("say", str(i)) for i in range(4)]
    assert [finish(job)[0] for job in jobs] == [0, 0, 0, 0]
    assert len((tmp_path / "imports").read_text().splitlines()) == 1


@pytest.mark.parametrize("warm", [True, False])
def test_status_and_last_words_are_those_of_the_module(command, warm):
    assert finish(command("fail", "a message", warm=warm)) == (1, "", "a message\n")
    assert finish(command("exit", "3", warm=warm)) == (3, "", "")
    status, _, error = finish(command("crash", "lost", warm=warm))
    assert status == 1
    assert error.splitlines()[-1] == "KeyError: 'lost'"


def test_a_module_that_cannot_be_imported_says_so(command, tmp_path):
    (tmp_path / "toy.py").write_text("import nowhere_to_be_found")
    status, _, error = finish(command("say"))
    assert status == 1
    assert "nowhere_to_be_found" in error


def test_a_folder_that_cannot_be_written_leaves_the_job_to_itself(command, tmp_path):
    (tmp_path / "warm").write_text("a file stands where the folder would be")
    assert finish(command("say", "done"))[1].split()[2:] == ["done"]


def test_a_file_system_without_locks_leaves_the_job_to_itself(tmp_path, monkeypatch):
    def flock(*_):
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))

    monkeypatch.setattr("fcntl.flock", flock)
    assert warm.run_warm("toy", [], str(os.getpid()), str(tmp_path / "warm")) is None


def test_a_job_that_is_killed_says_by_which_signal(command, tmp_path):
    job = command("sleep")
    assert wait_for((tmp_path / "sleeper").exists)
    assert wait_for(lambda: (tmp_path / "sleeper").read_text().strip())
    os.kill(int((tmp_path / "sleeper").read_text()), signal.SIGKILL)
    assert finish(job) == (128 + signal.SIGKILL, "toy was ended by SIGKILL\n", "")
    assert finish(command("say", "on"))[0] == 0  # the server lives


def test_a_job_ends_with_the_one_who_asked_for_it(command, tmp_path):
    job = command("sleep")
    assert wait_for((tmp_path / "sleeper").exists)
    assert wait_for(lambda: (tmp_path / "sleeper").read_text().strip())
    sleeper = int((tmp_path / "sleeper").read_text())
    job.kill()
    job.communicate()
    assert wait_for(lambda: not running(sleeper))


def test_the_server_ends_with_its_parent_and_clears_up(command, parent, tmp_path):
    server = int(finish(command("say"))[1].split()[1])
    assert running(server)
    parent.kill()
    parent.wait()
    assert wait_for(lambda: not running(server))
    assert wait_for(lambda: not (tmp_path / "warm").exists())


def running(process):
    try:
        return "Z" not in Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
