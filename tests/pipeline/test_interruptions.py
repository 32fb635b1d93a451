"""What goes wrong around a run: it is killed, the disk is full, a job dies, the clock jumps back.
It ends in the right result, or in a line about what to do; and then the same command goes on.
"""

import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import time

import pytest

from tests.effort import IN_CI
from tests.pipeline.project import HOOK, last_words, new_project

pytestmark = pytest.mark.slow

KILLS = 3 if IN_CI else 1
STAGES = [
    "train/*/*/*.log",
    "aggregate.log",
    "claims.log",
    "losses.log",
    "report.log",
    "manifest.log",
]
SNAKEMAKE = [sys.executable, "-m", "snakemake", "--cores", "2"]


def start(project):
    """A run in a process group of its own, as a terminal makes one."""
    return subprocess.Popen(
        SNAKEMAKE,
        cwd=project.folder,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for_log(project, pattern, since, process):
    """Wait until a step begins, or the run ends."""
    logs = project.folder / "results/logs"
    while process.poll() is None and not written(logs.glob(pattern), since):
        time.sleep(0.005)


def written(paths, since):
    """Whether one of the files was written since then. A step begins by deleting its log."""
    with contextlib.suppress(FileNotFoundError):
        return any(path.stat().st_mtime > since for path in paths)
    return False


@pytest.fixture
def new(tmp_path):
    """A project that was never run."""
    return new_project(tmp_path)


def test_killed_at_random_moments_it_ends_as_if_undisturbed(new, finished):
    chance = random.Random()
    killed, ended = 0, 0
    while killed < KILLS:
        since, process = time.time(), start(new)
        wait_for_log(new, chance.choice(STAGES), since, process)
        time.sleep(chance.uniform(0, 0.4))
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            killed += 1
            new.run("--unlock")
        said = process.communicate()[1]
        if process.returncode == 0:  # it was done before
            assert new.manifest() == finished.manifest()
            ended += 1
            for name in ("runs", "receipts", "logs"):
                shutil.rmtree(new.folder / "results" / name)
        else:
            assert process.returncode == -signal.SIGKILL, said
    new.run()
    assert new.manifest() == finished.manifest()
    left = [path.name for path in (new.folder / "results").rglob(".*")]
    assert left == []  # of half-written files


def test_a_run_whose_snakemake_alone_was_killed_goes_on_beside_what_it_left(new, finished):
    hold = '    while __import__("os").path.exists("hold"):\n        time.sleep(0.1)\n'
    new.edit("scripts/training/progress.py", HOOK, HOOK + hold)
    (new.folder / "hold").touch()
    since, process = time.time(), start(new)
    wait_for_log(new, STAGES[0], since, process)
    process.kill()
    process.wait()
    process.stderr.close()
    (new.folder / "hold").unlink()
    refused = new.snakemake()
    assert refused.returncode == 1
    assert "--unlock" in refused.stderr
    new.run("--unlock")
    new.run()
    assert new.manifest() == finished.manifest()


def in_namespace(project, mount, *commands):
    """Run commands where a file system of one's own lies over results/."""
    (project.folder / "results").mkdir()
    script = "\n".join(["set -u", f"{mount} results || exit 77", *commands])
    result = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script],
        cwd=project.folder,
        capture_output=True,
        text=True,
    )
    if result.returncode == 77 or result.stderr.startswith("unshare: "):
        pytest.skip(f"no file systems can be mounted here: {result.stderr}")
    return result


def test_a_full_disk_is_named_and_with_more_room_it_goes_on(new, finished):
    """Full in training, and in CI in what follows it, too."""
    snakemake = f"{sys.executable} -m snakemake --cores 2"
    sizes = ["40k", "200k"] if IN_CI else ["40k"]
    result = in_namespace(
        new,
        "mount -t tmpfs none",
        *(
            f"mount -o remount,size={size} results; {snakemake} 2> {size}.txt && exit 3"
            for size in sizes
        ),
        "mount -o remount,size=100m results",
        f"{snakemake} || exit 4",
        "cp results/MANIFEST.sha256 .",
    )
    assert result.returncode == 0, result.stderr
    for size in sizes:
        said = (new.folder / f"{size}.txt").read_text()
        assert "Traceback" not in said
        assert "No space left on device" in said or "results: the disk is full" in said
    assert (new.folder / "MANIFEST.sha256").read_text() == finished.manifest()


def test_a_results_folder_that_cannot_be_written_to_is_one_line(new):
    result = in_namespace(new, "mount -t tmpfs -o ro none", " ".join(SNAKEMAKE))
    assert result.returncode == 1
    assert last_words(result.stderr)[-1] == (
        "results: the folder results/ cannot be written to; check its owner and permissions"
    )


def test_a_job_that_dies_is_named_and_the_same_command_goes_on(project, finished):
    place = "plain/relu-identity/seeds-0-1"
    shutil.rmtree(project.folder / "results/runs" / place)
    killer = '    import os, sys; "--by" in sys.argv and os.kill(os.getpid(), 9)\n'
    project.edit("scripts/training/progress.py", HOOK, HOOK + killer)
    result = project.snakemake(cores=1)
    assert result.returncode == 1
    assert "scripts.train was ended by SIGKILL" in result.stderr
    assert f"results/logs/train/{place}.log" in result.stderr
    project.edit("scripts/training/progress.py", HOOK + killer, HOOK)
    project.run()
    assert project.manifest() == finished.manifest()


def test_a_mistake_in_the_code_is_shown(new):
    new.edit("scripts/training/progress.py", HOOK, f"{HOOK}    1 / 0\n")
    result = new.snakemake(cores=1)
    assert result.returncode == 1
    assert "\nZeroDivisionError: division by zero" in result.stderr
    assert len(result.stderr.splitlines()) < 80


def test_of_several_runs_at_once_one_makes_the_results(new, finished):
    runs = []
    for head_start in (0, 0.1, 1.5):  # seconds, of the last one
        time.sleep(head_start)
        runs.append(start(new))
    said = [process.communicate()[1] for process in runs]
    assert sorted(process.returncode for process in runs) == [0, 1, 1]
    for process, text in zip(runs, said, strict=True):
        assert process.returncode == 0 or "Directory cannot be locked" in text
    assert new.manifest() == finished.manifest()


def test_a_clock_that_jumps_back_is_no_matter(project, finished):
    """As after a jump, what was made before it is dated a day ahead."""
    (project.folder / "results/receipts/report.json").unlink()
    since, process = time.time(), start(project)
    wait_for_log(project, "report.log", since, process)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    project.run("--unlock")
    for path in project.folder.rglob("*"):
        if path.is_file():
            os.utime(path, (since + 86_400, since + 86_400))
    project.run()
    assert project.manifest() == finished.manifest()
    project.edit("report/report.md.j2", "# Summary", "# Last words")
    project.run()
    assert "Last words" in project.report()
    assert project.planned() == {}
