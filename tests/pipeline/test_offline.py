"""The study runs anywhere, to the same files: without a network, on one core, in another locale,
without a home, and whatever the user has set for Python and pandoc.
"""

import ast
import os
import re
import shutil
import socket
import subprocess
import sys
from html.parser import HTMLParser

import pytest

from scripts.study.project import ROOT
from tests.pipeline.project import assert_same_files, new_project

pytestmark = pytest.mark.slow
# First it proves that nothing can be reached: neither a server of this machine, whose port it is
# told, nor any other machine. (To connect a datagram socket sends nothing: it looks for a way.)
RUN = """
import os, socket, sys
server = (socket.SOCK_STREAM, ("127.0.0.1", int(sys.argv[1])))
for kind, address in (server, (socket.SOCK_DGRAM, ("198.51.100.1", 9))):
    try:
        socket.socket(socket.AF_INET, kind).connect(address)
    except OSError:
        continue
    sys.exit(f"there is a network: it leads to {address}")
os.execv(sys.executable, [sys.executable, "-m", "snakemake", "--cores", "1"])
"""
CLIENTS = re.compile(
    r"(ftplib|fsspec|http\.client|requests|smart_open|torch\.hub|urllib\.request|urllib3)(\.|$)"
)


@pytest.fixture(scope="module")
def without_network():
    """A command that runs another one in a network namespace of its own, which has no network."""
    for options in (["--net"], ["--map-root-user", "--net"]):
        command = [shutil.which("unshare") or "false", *options]
        if subprocess.run([*command, "true"], capture_output=True).returncode == 0:
            return command
    pytest.skip("unshare is not installed, or not permitted to make a network namespace")


@pytest.fixture(scope="module")
def server():
    """The port of a server on this machine."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


@pytest.fixture(scope="module")
def offline(without_network, server, tmp_path_factory):
    """A tiny study that was run without a network, and otherwise where all is different, too."""
    folder, home = (tmp_path_factory.mktemp(name) for name in ("offline", "home"))
    project = new_project(folder)
    nowhere = "/dev/null/home"  # where nothing can be written
    elsewhere = {"HOME": nowhere, "XDG_CACHE_HOME": nowhere, "MPLCONFIGDIR": home / "plots"}
    elsewhere |= {"PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo", "LC_ALL": "C", "PYTHONUTF8": "0"}
    elsewhere |= {"PYTHONOPTIMIZE": "2", "PYTHONPATH": home, "PYPANDOC_PANDOC": "/bin/false"}
    for package in ("matplotlib", "torch"):
        (home / f"{package}.py").write_text("1 / 0  # another version")
    project.result = subprocess.run(
        [*without_network, sys.executable, "-c", RUN, str(server)],
        cwd=project.folder,
        env={**os.environ, **{name: str(value) for name, value in elsewhere.items()}},
        capture_output=True,
        text=True,
    )
    return project


def test_the_whole_study_runs_elsewhere_and_gives_the_same_files(offline, finished):
    assert offline.result.returncode == 0, offline.result.stderr
    patterns = ("**/*.csv", "figures/*", "report/*")
    assert_same_files(offline.files(*patterns), finished.files(*patterns))


def test_where_there_is_a_network_the_same_command_says_so(server):
    """So the study above ran where it could not have reached anything."""
    command = [sys.executable, "-c", RUN, str(server)]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 1
    assert result.stderr == f"there is a network: it leads to ('127.0.0.1', {server})\n"


def test_no_code_of_the_study_imports_what_fetches():
    """That goes for code that the study doesn't run, too."""
    files = [path for folder in ("framework", "scripts") for path in (ROOT / folder).rglob("*.py")]
    assert len(files) > 20
    found = {(path.name, name) for path in files for name in imported(path) if CLIENTS.match(name)}
    assert found == set()


def imported(path):
    """The modules that a file imports, and `a.b` if it takes b from a."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


class Fetched(HTMLParser):
    """What a browser would fetch for a page: not what it only links to."""

    def __init__(self, text):
        super().__init__()
        self.addresses = re.findall(r"@import\s+\S+|url\((?!['\"]?(?:data:|#))[^)]*\)", text)
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            fetches = name in ("src", "srcset", "poster", "data", "background", "xlink:href")
            if fetches or (name == "href" and tag != "a"):
                self.addresses += [value] if not value.startswith(("data:", "#")) else []


def test_the_report_is_one_page_that_fetches_nothing(offline):
    text = (offline.folder / "results/report/report.html").read_text(encoding="utf-8")
    assert "<img src=" in text
    assert Fetched(text).addresses == []


@pytest.mark.parametrize(
    "html",
    [
        '<img src="https://example.org/a.png">',
        '<img src="../figures/losses.svg">',
        '<link rel="stylesheet" href="//example.org/a.css">',
        "<style>@import 'https://example.org/a.css';</style>",
        "<style>body { background: url('https://example.org/a.png'); }</style>",
        '<svg><image href="https://example.org/a.png"/></svg>',
        '<script src="https://example.org/a.js"></script>',
    ],
)
def test_a_page_that_would_fetch_something_is_noticed(html):
    assert len(Fetched(html + '<a href="https://example.org">b</a>').addresses) == 1
