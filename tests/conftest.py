"""What all tests share: settings, a finished study, a TeX and a browser."""

import re
import shutil
import signal
import subprocess
from types import SimpleNamespace

import pytest
import torch
from filelock import FileLock
from xdist.scheduler import LoadScopeScheduling

from tests.effort import IN_CI
from tests.pipeline.project import Project, new_project

SPREAD = ("interruptions.py", "options.py", "partial.py", "reruns.py", "run.py", "verify.py")

torch.set_num_threads(1)
# A job in the background ignores Ctrl-C, and so would the programs that tests start and interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)


class Schedule(LoadScopeScheduling):
    """The tests of a file go to one worker, for they share what takes long to make; but for those
    that take long themselves.
    """

    def _split_scope(self, nodeid):
        file = nodeid.partition("::")[0]
        return nodeid if file.endswith(SPREAD) else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    return Schedule(config, log)


def pytest_collection_modifyitems(items):
    """Long tests first, so that no worker is left alone with one; those of Slurm take longest."""

    def place(item):
        return item.get_closest_marker("slow") is None, item.path.name != "test_slurm.py"

    items.sort(key=place)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """In CI everything that tests need is installed: a test that skips there has failed."""
    report = yield
    if IN_CI and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome, report.longrepr = "failed", f"skipped in CI: {report.longrepr}"
    return report


@pytest.fixture(scope="session")
def finished(tmp_path_factory, worker_id):
    """A tiny study, run once for all workers. It stays as it is: `project` is a copy."""
    base = tmp_path_factory.getbasetemp()
    base = base if worker_id == "master" else base.parent
    folder = base / "finished"
    with FileLock(base / "finished.lock"):
        if not folder.exists():
            project = new_project(tmp_path_factory.mktemp("study"))
            result = project.run(cores=4)
            (project.folder / "stdout.txt").write_text(result.stdout)
            (project.folder / "stderr.txt").write_text(result.stderr)
            project.folder.rename(folder)
    project = Project(folder)
    project.result = SimpleNamespace(
        **{name: (folder / f"{name}.txt").read_text() for name in ("stdout", "stderr")}
    )
    return project


@pytest.fixture
def project(finished, tmp_path):
    return finished.copy(tmp_path / "project")


@pytest.fixture
def pdflatex():
    """A function that compiles a file and asserts: no error; and, where it must fit, no box more
    than 5 pt too wide.
    """
    if not shutil.which("pdflatex"):
        pytest.skip("pdflatex is not installed")
    if not subprocess.run(["kpsewhich", "IEEEtran.cls"], capture_output=True).stdout:
        pytest.skip("IEEEtran is not installed")

    def compile_twice(path, fits=True, program="pdflatex"):
        command = [program, "-no-shell-escape", "-halt-on-error", path.name]
        for _ in range(2):  # the second time with the numbers of the first
            result = subprocess.run(command, cwd=path.parent, capture_output=True)
            assert result.returncode == 0, result.stdout[-2000:]
        log = path.with_suffix(".log").read_text(errors="replace")
        wide = [w for w in re.findall(r"Overfull .hbox \((.*?)pt", log) if float(w) > 5]
        assert wide == [] or not fits
        assert "undefined references" not in log

    return compile_twice


@pytest.fixture(scope="session")
def browser():
    """Chromium without a window."""
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not chromium or not driver:
        pytest.skip("chromium and chromedriver are not installed")
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for option in ("headless=new", "no-sandbox", "disable-gpu", "disable-background-networking"):
        options.add_argument(f"--{option}")
    with webdriver.Chrome(options=options, service=webdriver.ChromeService(driver)) as browser:
        yield browser
