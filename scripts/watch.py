"""Serve the HTML report while it is being written; it shows each edit as soon as it is saved.

    python -m scripts.watch [--port N]

The page is what the DAG would write, byte for byte, with a script behind it that listens for news.
An edit of the claims judges them anew, one of the figures' code draws them anew, and one of any
other code starts this process anew. Nothing is trained: if results are older than code or settings,
the page says so. It answers to this machine only, and knows two addresses: / and /events.
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
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from watchfiles import watch

from scripts.study.config import check
from scripts.study.errors import StudyError
from scripts.study.layout import FIGURES
from scripts.study.schema import read_yaml
from scripts.workflow.entry import write_resolved
from scripts.workflow.steps import forget_code, steps, study_digest
from scripts.writing import formats, source

LISTENER = Path(__file__).with_suffix(".js")
WATCHED = ("", "report", "report/layouts", "scripts", "framework", "results", "results/figures")
PLOTS = ("scripts/figures.py", "scripts/plots/")
ENDINGS = (".j2", ".lua", ".css", ".js", ".html", ".csl", ".bib", ".yaml", ".csv", ".py", ".svg")
CLAIMS = ("report/claims.yaml", "report/published.csv")
FACTS = ("config.yaml", "results/", "report/claims.yaml", "report/causes.yaml")
KEEP_ALIVE = 10.0  # seconds


class Page:
    """What is served: the report, and what there is to say about it. Each change has a number."""

    def __init__(self):
        self.html, self.error, self.note = b"", "", ""
        self.version = 0
        self.changed = threading.Condition()

    def tell(self, **news):
        with self.changed:
            self.__dict__ |= news
            self.version += 1
            self.changed.notify_all()

    def news(self, since):
        """The next news after a version, or the same if there is none for a while."""
        with self.changed:
            self.changed.wait_for(lambda: self.version > since, KEEP_ALIVE)
            page = sha256(self.html).hexdigest()  # which stays the same if this starts anew
            told = {"page": page, "error": self.error, "note": self.note}
            return self.version, json.dumps(told)

    def served(self):
        """The report with the listener behind it; before there is one, a page for the error."""
        body = (
            self.html or b"<!DOCTYPE html><html lang='en'><title>Report</title><main></main></html>"
        )
        script = f"<script type='module'>{LISTENER.read_text(encoding='utf-8')}</script>"
        return body + script.encode()


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        host = self.headers.get("Host", "").rpartition(":")[0]
        if host not in ("127.0.0.1", "localhost"):  # another site's page, which must not read this
            self.send_error(403)
        elif self.path == "/":
            self.answer("text/html; charset=utf-8", self.server.page.served())
        elif self.path == "/events":
            self.stream()
        else:
            self.send_error(404)

    def answer(self, kind, body):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def stream(self):
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

    def log_message(self, *_):
        pass


class Writer:
    """Renders the report, and makes anew what an edit asks for."""

    def __init__(self, page, port):
        self.page, self.port, self.known = page, port, None

    def take(self, paths):
        """Do what edits of these files ask for."""
        forget_code()
        if any(path.startswith("scripts/") and not path.startswith(PLOTS) for path in paths):
            start_anew(self.port)
        if any(path in ("config.yaml",) or path.startswith("framework/") for path in paths):
            self.look_for_stale_results()
        try:
            if any(path in CLAIMS for path in paths):
                self.step("claims")
                self.step("figures", "fig3")
            for figure in figures_of(paths):
                self.step("figures", figure)
            if any(path.startswith((*FACTS, "framework/")) for path in paths):
                self.known = None
            self.render()
        except FileNotFoundError as error:
            self.fail(f"{error.filename} is not there; make report makes it")
        except (StudyError, OSError) as error:
            self.fail(str(error))

    def fail(self, message):
        print(message, file=sys.stderr)
        self.page.tell(error=message)

    def step(self, name, figure=None):
        """Run a step of the study as the DAG would."""
        print(f"{name} …")
        self.page.tell(note=f"The {name} are made anew …")
        config = read_yaml("config.yaml")
        options = ["--config", write_resolved(config), "--by", steps(config)[figure or name]]
        options += ["--figures", figure] if figure else []
        command = [sys.executable, "-m", f"scripts.{name}", *options]
        result = subprocess.run(command, capture_output=True, text=True)
        self.page.tell(note="")
        if result.returncode:
            raise StudyError(result.stderr.strip().splitlines()[-1])
        self.known = None

    def render(self):
        began = time.perf_counter()
        if self.known is None:
            config = read_yaml("config.yaml")
            check(config)
            self.known = source.read_facts(config, study_digest(config))
        html = formats.html(source.markdown(self.known), Path("results"), source.BIBLIOGRAPHY)
        self.page.tell(html=html, error="")
        print(f"rendered in {time.perf_counter() - began:.2f} s")

    def look_for_stale_results(self):
        threading.Thread(target=lambda: self.page.tell(note=stale_results()), daemon=True).start()


def figures_of(paths):
    """The figures whose code is among the paths: all, if it is what they share."""
    edited = {Path(path).stem for path in paths if path.startswith(PLOTS)}
    return sorted(edited if edited <= FIGURES.keys() else FIGURES)


def stale_results():
    """What `make report` would make anew besides the report, in a sentence, if anything."""
    command = [sys.executable, "-m", "snakemake", "--cores", "1", "--dry-run"]
    said = subprocess.run(command, capture_output=True, text=True).stderr
    jobs = {rule: int(n) for rule, n in re.findall(r"^ (\w+) +(\d+) *$", said, re.M)}
    older = [
        f"{rule} ({n})"
        for rule, n in jobs.items()
        if rule not in ("all", "total", "report", "manifest")
    ]
    if not older:
        return ""
    return f"Results are older than code or settings; make report would run {', '.join(older)}."


def start_anew(port):
    command = [sys.executable, "-um", "scripts.watch", "--port", str(port)]
    os.execv(sys.executable, [*command, "--since", str(time.time())])


def edits(since):
    """The files of each batch of edits, relative to here; first, what is newer than a time."""
    here = Path.cwd()
    folders = [here / folder for folder in WATCHED if (here / folder).is_dir()]
    options = {"recursive": False, "debounce": 100, "step": 10}
    for batch in watch(*folders, rust_timeout=500, yield_on_timeout=True, **options):
        paths = {Path(path) for _, path in batch}
        if since:  # what was edited before the watch began
            files = (path for folder in folders for path in folder.iterdir() if path.is_file())
            paths |= {path for path in files if path.stat().st_mtime > since}
            since = None
        edited = {str(path.relative_to(here)) for path in paths if path.suffix in ENDINGS}
        if edited:
            yield edited


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--since", type=float, default=time.time(), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    port, page = arguments.port, Page()
    try:
        server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    except OSError as error:
        sys.exit(f"watch: port {port}: {error.strerror}; choose another: make watch PORT=8001")
    server.page, server.daemon_threads = page, True
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
