"""Serve the HTML report while it is being written; it shows each edit as soon as it is saved.

    python -m scripts.watch [--port N]

The page is what the DAG would write, byte for byte, with a script behind it that listens for news.
After an edit of the claims they are decided again, after one of a figure's code the figure is drawn
again, and after one of any other code this process restarts. Nothing is trained: if results are
older than code or settings, the page says so. The server answers to this machine only, at two
addresses: / and /events.
"""

import argparse
import contextlib
import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Collection, Iterable, Iterator
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from watchfiles import watch

from scripts.study.config import check
from scripts.study.errors import StudyError
from scripts.study.layout import FIGURES, figure_sources
from scripts.study.schema import read_checked
from scripts.study.syntax import parsed
from scripts.workflow.entry import write_resolved
from scripts.workflow.steps import forget_code, steps, study_digest
from scripts.writing import source

LISTENER = Path(__file__).with_suffix(".js")
WATCHED = ["", "report", "report/layouts", "framework", "scripts", "results", "results/figures"]
WATCHED += [str(path.parent) for path in Path("scripts").glob("*/__init__.py")]
PLOTS = ("scripts/figures.py", "scripts/plots/")
ENDINGS = (
    ".j2",
    ".lua",
    ".css",
    ".js",
    ".html",
    ".csl",
    ".bib",
    ".yaml",
    ".csv",
    ".py",
    ".svg",
    ".json",
)
CLAIMS = ("report/claims.yaml", "report/published.csv")
FACTS = ("config.yaml", "framework/", "results/", "report/claims.yaml", "report/causes.yaml")
PROVENANCE = "results/provenance.json"  # a run writes it last
ALWAYS_RUN = ("all", "total", "report", "manifest")  # jobs that say nothing of older results
KEEP_ALIVE = 10.0  # seconds


class Page:
    """What is served: the report, and messages about it.

    html     the report; empty before it is first rendered
    error    what is wrong, if anything
    note     what is going on, or which results are old
    version  the number of changes
    """

    def __init__(self) -> None:
        self.html = b""
        self.error = ""
        self.note = ""
        self.version = 0
        self.changed = threading.Condition()

    def update(self, **news: bytes | str) -> None:
        """Change the html, the error or the note, and wake those who wait for news."""
        with self.changed:
            vars(self).update(news)
            self.version += 1
            self.changed.notify_all()

    def news(self, since: int) -> tuple[int, str]:
        """Return the version and news in JSON, after waiting a while for one later than `since`."""
        with self.changed:
            self.changed.wait_for(lambda: self.version > since, KEEP_ALIVE)
            page = sha256(self.html).hexdigest()  # stays the same if this process restarts
            news = {"page": page, "error": self.error, "note": self.note}
            return self.version, json.dumps(news)

    def served(self) -> bytes:
        """Return the report, or an empty page if there is none yet, followed by the listener."""
        body = (
            self.html or b"<!DOCTYPE html><html lang='en'><title>Report</title><main></main></html>"
        )
        script = f"<script type='module'>{LISTENER.read_text(encoding='utf-8')}</script>"
        return body + script.encode()


class Server(ThreadingHTTPServer):
    """A server of one page to this machine."""

    def __init__(self, port: int, page: Page) -> None:
        self.page = page
        super().__init__(("127.0.0.1", port), Handler)


class Handler(BaseHTTPRequestHandler):
    """Answers to one request."""

    server: Server

    def do_GET(self) -> None:
        """Send the page, or its news for as long as the browser listens."""
        host = self.headers.get("Host", "").rpartition(":")[0]
        if host not in ("127.0.0.1", "localhost"):  # another site's page, which must not read this
            self.send_error(403)
        elif self.path == "/":
            self.answer("text/html; charset=utf-8", self.server.page.served())
        elif self.path == "/events":
            self.stream()
        else:
            self.send_error(404)

    def answer(self, kind: str, body: bytes) -> None:
        """Send a body of a content type."""
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def stream(self) -> None:
        """Send the news as events, until the browser has left."""
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        version = -1
        try:
            while True:
                version, news = self.server.page.news(version)
                self.wfile.write(f"data: {news}\n\n".encode())
        except OSError:  # the browser has left
            pass

    def log_message(self, *_: object) -> None:
        """Print nothing."""


class Writer:
    """Renders the report, and runs the steps that an edit asks for."""

    def __init__(self, page: Page, port: int) -> None:
        self.page = page
        self.port = port
        self.known: dict | None = None  # the facts of the report, until one may have changed

    def take(self, paths: Collection[str]) -> None:
        """Do what edits of these files ask for."""
        forget_code()
        if any(path.startswith(("config.yaml", "framework/", PROVENANCE)) for path in paths):
            self.look_for_stale_results()
        try:
            code = [p for p in paths if p.startswith("scripts/") and not p.startswith(PLOTS)]
            for path in code:
                if path.endswith(".py") and Path(path).is_file():
                    parsed(Path(path))
            if code or figure_sources() != FIGURES:
                restart(self.port)
            if any(path in CLAIMS for path in paths):
                self.step("claims")
            for figure in figures_of(paths):
                self.step("figures", figure)
            if any(path.startswith(FACTS) for path in paths):
                self.known = None
            self.render()
        except FileNotFoundError as error:
            self.fail(f"{error.filename} is not there; make report makes it")
        except (StudyError, OSError) as error:
            self.fail(str(error))

    def fail(self, message: str) -> None:
        """Show a message on the terminal and on the page."""
        print(message, file=sys.stderr)
        self.page.update(error=message)

    def step(self, name: str, figure: str | None = None) -> None:
        """Run a step of the study as the DAG would."""
        print(f"{name} …")
        config = read_checked("config.yaml", check)
        self.page.update(note=f"The {name} are made again …")
        command = [sys.executable, "-m", f"scripts.{name}"]
        command += ["--config", str(write_resolved(config)), "--by", steps(config)[figure or name]]
        if figure:
            command += ["--figures", figure]
        result = subprocess.run(command, capture_output=True, text=True)
        self.page.update(note="")
        self.look_for_stale_results()
        if result.returncode:
            said = result.stderr.strip() or f"{name}: exit status {result.returncode}"
            raise StudyError(said.splitlines()[-1])
        self.known = None

    def render(self) -> None:
        """Write the report into the page."""
        began = time.perf_counter()
        if self.known is None:
            config = read_checked("config.yaml", check)
            self.known = source.read_facts(config, study_digest(config))
        self.page.update(html=source.page(self.known), error="")
        print(f"rendered in {time.perf_counter() - began:.2f} s")

    def look_for_stale_results(self) -> None:
        """Note in the background which results are old."""
        threading.Thread(target=lambda: self.page.update(note=stale_results()), daemon=True).start()


def figures_of(paths: Iterable[str]) -> list[str]:
    """Return the figures that edits change: all, if they share code that is among the paths."""
    edited = {Path(path).stem for path in paths if path.startswith(PLOTS)}
    reading = {name for name, files in FIGURES.items() if not {*paths}.isdisjoint(files)}
    return sorted(edited | reading if edited <= FIGURES.keys() else FIGURES)


def stale_results() -> str:
    """Return in a sentence which steps `make report` would run besides the report, if any."""
    command = [sys.executable, "-m", "snakemake", "--cores", "1", "--dry-run"]
    messages = subprocess.run(command, capture_output=True, text=True).stderr
    jobs = {rule: int(n) for rule, n in re.findall(r"^ (\w+) +(\d+) *$", messages, re.M)}
    older = [f"{rule} ({n})" for rule, n in jobs.items() if rule not in ALWAYS_RUN]
    if not older:
        return ""
    return f"Results are older than code or settings; make report would run {', '.join(older)}."


def restart(port: int) -> None:
    """Replace this process by a new one, which takes what was edited in the meantime."""
    command = [sys.executable, "-um", "scripts.watch", "--port", str(port)]
    os.execv(sys.executable, [*command, "--since", str(time.time())])


def edits(since: float | None) -> Iterator[set[str]]:
    """Yield the files of each batch of edits, relative to the working directory.

    The first batch includes the files that are newer than `since`.
    """
    root = Path.cwd()
    folders = [root / folder for folder in WATCHED if (root / folder).is_dir()]
    batches = watch(
        *folders,
        rust_timeout=500,
        yield_on_timeout=True,
        recursive=False,
        debounce=100,
        step=10,
    )
    for batch in batches:
        paths = {Path(path) for _, path in batch}
        if since:  # what was edited before the watch began
            paths |= _newer(folders, since)
            since = None
        edited = {str(path.relative_to(root)) for path in paths if path.suffix in ENDINGS}
        if edited:
            yield edited


def _newer(folders: Iterable[Path], since: float) -> set[Path]:
    files = (path for folder in folders for path in folder.iterdir())
    return {path for path in files if path.is_file() and path.stat().st_mtime > since}


def main() -> None:
    """Run the command that the module's docstring describes."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--since", type=float, default=time.time(), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    port = arguments.port
    page = Page()
    try:
        server = Server(port, page)
    except OSError as error:
        sys.exit(f"watch: port {port}: {error.strerror}; choose another: make watch PORT=8001")
    writer = Writer(page, server.server_port)
    with contextlib.suppress(KeyboardInterrupt):
        writer.take(set())
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        print(f"{address} shows the report as you write it. Ctrl-C ends it.")
        writer.look_for_stale_results()
        for paths in edits(arguments.since):
            writer.take(paths)
    print()


if __name__ == "__main__":
    main()
