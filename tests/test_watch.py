"""make watch: each edit is seen in an open page; so is a mistake, until it is mended."""

import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from scripts import watch
from scripts.study.project import ROOT
from scripts.workflow.digest import imported
from tests.writing.test_browser import barriers

pytestmark = pytest.mark.slow
TEMPLATE = "report/report.md.j2"
PATIENCE = 120  # seconds: what is waited for comes, on a busy machine late


class Watcher:
    def __init__(self, project):
        self.project = project
        command = [sys.executable, "-u", "-m", "scripts.watch", "--port", "0"]
        self.process = subprocess.Popen(
            command, cwd=project.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.lines = []
        self.listener = threading.Thread(target=self.listen, daemon=True)
        self.listener.start()
        self.address = re.search(r"http://127\.0\.0\.1:\d+", self.hear("shows the report"))[0]
        self.hear("rendered in")

    def listen(self):
        with self.process.stdout as said:
            self.lines.extend(said)

    def end(self):
        self.process.kill()
        self.process.wait()
        self.listener.join()

    def hear(self, words):
        """A line of the terminal with these words."""
        for _ in range(10 * PATIENCE):
            if found := [line for line in self.lines if words in line]:
                return found[0]
            time.sleep(0.1)
        raise AssertionError(f"it did not say {words!r}, but {self.lines}")

    def get(self, path="/", **headers):
        request = urllib.request.Request(self.address + path, headers=headers)
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return answer.read()


@pytest.fixture(scope="module")
def watcher(finished, tmp_path_factory):
    """One for all tests that leave the project as it was."""
    watcher = Watcher(finished.copy(tmp_path_factory.mktemp("watched") / "project"))
    yield watcher
    watcher.end()


@pytest.fixture
def own_watcher(project):
    watcher = Watcher(project)
    yield watcher
    watcher.end()


@pytest.fixture
def page(browser, watcher):
    return opened(browser, watcher)


def opened(browser, watcher):
    browser.set_window_size(1000, 800)
    browser.get(watcher.address)
    return browser


def shown(page, words, selector="main"):
    """Wait until an element of the page holds some words."""

    def there(page):
        return words in page.find_element(By.CSS_SELECTOR, selector).text

    WebDriverWait(page, PATIENCE, ignored_exceptions=[Exception]).until(there)


def nothing_to_say(page):
    """Wait until the page shows neither a mistake nor a note."""
    WebDriverWait(page, PATIENCE).until(
        lambda page: not page.find_element(By.ID, "watch").is_displayed()
    )


def test_every_folder_of_code_that_makes_the_results_is_watched():
    steps = ("train", "aggregate", "claims", "figures", "report")
    code = {path for step in steps for path in imported(ROOT / f"scripts/{step}.py", ROOT)}
    folders = {str(path.parent.relative_to(ROOT)) for path in code}
    assert {"framework", "scripts", "scripts/analysis"} <= folders <= set(watch.WATCHED)


def test_the_page_is_what_the_dag_writes_with_a_listener_behind_it(watcher):
    report = (watcher.project.folder / "results/report/report.html").read_bytes()
    served = watcher.get()
    assert served.startswith(report)
    assert served[len(report) :].startswith(b"<script type='module'>")


def test_an_accessibility_check_of_the_whole_report_finds_nothing_serious(page):
    assert barriers(page) == []


def test_an_edit_is_shown_where_the_reader_is(page, watcher):
    page.execute_script("window.scrollTo(0, 1500); window.sameWindow = true")
    watcher.project.edit(TEMPLATE, "# Summary", "# Last words")
    shown(page, "Last words")
    assert page.execute_script("return [window.scrollY, window.sameWindow]") == [1500, True]
    shown(page, "Last words", "nav")
    watcher.project.edit(TEMPLATE, "# Last words", "# Summary")
    shown(page, "Summary")


def test_a_mistake_is_shown_until_it_is_mended(page, watcher):
    watcher.project.edit(TEMPLATE, "# Summary", "{{ rnus }}\n\n# Summary")
    shown(page, "there is no 'rnus' (did you mean runs?)\n    {{ rnus }}", "#watch")
    shown(page, "Summary")  # the last good page stays
    watcher.project.edit(TEMPLATE, "{{ rnus }}\n\n# Summary", "# Conclusion")
    shown(page, "Conclusion")
    nothing_to_say(page)
    watcher.project.edit(TEMPLATE, "# Conclusion", "# Summary")
    shown(page, "Summary")


def test_an_edited_layout_is_shown(page, watcher):
    def width(page):
        return page.find_element(By.ID, "main").rect["width"]

    before = width(page)
    watcher.project.edit("report/layouts/html.css", "--measure: 42rem", "--measure: 21rem")
    WebDriverWait(page, PATIENCE).until(lambda page: width(page) < 0.6 * before)
    watcher.project.edit("report/layouts/html.css", "--measure: 21rem", "--measure: 42rem")
    WebDriverWait(page, PATIENCE).until(lambda page: width(page) == before)


def test_results_older_than_the_settings_are_named(page, watcher):
    watcher.project.set(seeds=4)
    shown(page, "Results are older than code or settings; make report would run train (", "#watch")
    watcher.project.set(seeds=3)
    nothing_to_say(page)


def test_edited_claims_figures_and_code_are_used(browser, own_watcher):
    edit, page = own_watcher.project.edit, opened(browser, own_watcher)

    edit("report/claims.yaml", "metric: final_train_loss", "metric: final_trane_loss")
    shown(page, "did you mean final_train_loss?", "#watch")
    edit("report/claims.yaml", "metric: final_trane_loss", "metric: final_train_loss")
    edit("report/claims.yaml", "gives lower training losses", "makes losses small")
    shown(page, "makes losses small")
    nothing_to_say(page)

    own_watcher.project.set(seeds=4)
    shown(page, "Results are older than code or settings", "#watch")
    edit("report/claims.yaml", "makes losses small", "makes losses tiny")
    shown(page, "makes losses tiny")
    shown(page, "Results are older than code or settings", "#watch")
    own_watcher.project.set(seeds=3)
    nothing_to_say(page)

    def picture(page):
        return page.find_element(By.CSS_SELECTOR, "#fig\\:losses img").get_attribute("src")

    before = picture(page)
    edit("scripts/plots/losses.py", 'xlabel="epoch"', 'xlabel="an epoch"')
    wait = WebDriverWait(page, PATIENCE, ignored_exceptions=[Exception])
    wait.until(lambda page: picture(page) != before)

    edit("scripts/study/names.py", "return names.get(activation, activation)", 'return "Rectifier"')
    shown(page, "Rectifier")


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/config.yaml", {}, 404),
        ("/../config.yaml", {}, 404),
        ("/results/report/report.html", {}, 404),
        ("/%2e%2e/config.yaml", {}, 404),
        ("/events/../config.yaml", {}, 404),
        ("//etc/passwd", {}, 404),
        ("/report.pdf", {}, 404),
        ("/?file=config.yaml", {}, 404),
        ("/", {"Host": "example.org"}, 403),
    ],
)
def test_nothing_else_is_served_and_to_no_other_site(watcher, path, headers, status):
    with pytest.raises(urllib.error.HTTPError) as caught:
        watcher.get(path, **headers)
    with caught.value as answer:
        assert answer.code == status


def test_it_answers_at_one_address_of_this_machine_only(watcher):
    port = int(watcher.address.rpartition(":")[2])
    socket.create_connection(("127.0.0.1", port)).close()
    for other in ("127.0.0.2", "::1"):  # which a server at all addresses answers, too
        with pytest.raises(OSError, match=r"refused|unreachable|assign|not supported"):
            socket.create_connection((other, port), timeout=5)


def test_a_port_that_is_taken_is_named(watcher):
    port = watcher.address.rpartition(":")[2]
    command = [sys.executable, "-m", "scripts.watch", "--port", port]
    result = subprocess.run(command, cwd=watcher.project.folder, capture_output=True, text=True)
    assert result.returncode == 1
    assert result.stderr.startswith(f"watch: port {port}: ")
    assert len(result.stderr.splitlines()) == 1


def test_it_ends_cleanly_on_an_interrupt(own_watcher):
    own_watcher.process.send_signal(signal.SIGINT)
    assert own_watcher.process.wait(timeout=PATIENCE) == 0
    own_watcher.listener.join()
    assert not [line for line in own_watcher.lines if "Traceback" in line]


def test_half_typed_code_is_named_and_the_watch_goes_on(project, monkeypatch):
    monkeypatch.chdir(project.folder)
    monkeypatch.setattr(watch, "restart", lambda port: pytest.fail("it restarted"))
    (project.folder / "scripts/study/names.py").write_text("import json\ndef name(")
    page = watch.Page()
    watch.Writer(page, 8000).take({"scripts/study/names.py"})
    assert page.error == "scripts/study/names.py, line 2: '(' was never closed"


def test_claims_that_are_edited_beside_a_broken_config_stop_nothing(project, monkeypatch):
    monkeypatch.chdir(project.folder)
    (project.folder / "config.yaml").write_text("protocols: {}\n")
    page = watch.Page()
    watch.Writer(page, 8000).take({"report/claims.yaml"})
    assert page.error.startswith("config.yaml: ")


def test_it_starts_anew_when_the_template_shows_other_figures(monkeypatch):
    ports = []
    monkeypatch.setattr(watch, "restart", lambda port: sys.exit(ports.append(port)))
    monkeypatch.setattr(watch, "figure_sources", lambda: {"other": []})
    with pytest.raises(SystemExit):
        watch.Writer(watch.Page(), 8000).take({TEMPLATE})
    assert ports == [8000]
