"""What all tests share: the settings under which training gives the same bits."""

import os
import re
import shutil
import subprocess

os.environ.setdefault("MKL_CBWR", "AUTO")  # before torch's first product; see framework/product.py

import pytest
import torch

torch.set_num_threads(1)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """In CI everything that tests need is installed: a test that skips there has failed."""
    report = yield
    if os.environ.get("CI") and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome, report.longrepr = "failed", f"skipped in CI: {report.longrepr}"
    return report


@pytest.fixture
def pdflatex():
    """A function that compiles a file and asserts: no error; and, where it must fit, no box more
    than 5 pt too wide.
    """
    if not shutil.which("pdflatex"):
        pytest.skip("pdflatex is not installed")
    if not subprocess.run(["kpsewhich", "IEEEtran.cls"], capture_output=True).stdout:
        pytest.skip("IEEEtran is not installed")

    def compile_twice(path, fits=True):
        command = ["pdflatex", "-no-shell-escape", "-halt-on-error", path.name]
        for _ in range(2):  # the second time with the numbers of the first
            result = subprocess.run(command, cwd=path.parent, capture_output=True)
            assert result.returncode == 0, result.stdout[-2000:]
        log = path.with_suffix(".log").read_text(errors="replace")
        wide = [w for w in re.findall(r"Overfull .hbox \((.*?)pt", log) if float(w) > 5]
        assert wide == [] or not fits
        assert "undefined" not in log

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
