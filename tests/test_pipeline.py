"""The whole study, small, in a temporary folder: what runs, what runs again, what people see."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import yaml

from scripts.project import copy_project

ROOT = Path(__file__).parent.parent
TINY = {
    "seeds": 3,
    "seeds_per_job": 2,
    "hidden": ["relu"],
    "output": ["identity", "sigmoid"],
    "protocols": {"plain": {}, "fast": {"learning_rate": 0.5}},
}
JOBS = 2 * 2 * 2  # protocols, output activations, blocks of seeds


class Project:
    def __init__(self, folder):
        self.folder = folder

    def snakemake(self, *arguments, cores=2):
        command = [sys.executable, "-m", "snakemake", "--cores", str(cores), *arguments]
        environment = {**os.environ, "COLUMNS": "200"}
        return subprocess.run(
            command, cwd=self.folder, capture_output=True, text=True, env=environment
        )

    def run(self, *arguments, cores=2):
        result = self.snakemake(*arguments, cores=cores)
        assert result.returncode == 0, result.stderr
        return result

    def planned(self):
        """{rule: jobs that would run}."""
        text = self.run("--dry-run").stderr
        counts = {rule: int(count) for rule, count in re.findall(r"^ (\w+) +(\d+) *$", text, re.M)}
        return {rule: n for rule, n in counts.items() if rule not in ("all", "total")}

    def edit(self, path, old, new):
        path = self.folder / path
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    def set(self, **settings):
        path = self.folder / "config.yaml"
        path.write_text(yaml.safe_dump({**yaml.safe_load(path.read_text()), **settings}))

    def files(self, pattern):
        return {
            str(path.relative_to(self.folder)): path.read_bytes()
            for path in sorted((self.folder / "results").glob(pattern))
            if path.is_file()
        }

    def copy(self, folder):
        """A project in the same state, to change and run again."""
        ignored = shutil.ignore_patterns("warm-*")  # a socket, which cannot be copied
        shutil.copytree(self.folder, folder, ignore=ignored)
        return Project(folder)


def new_project(folder):
    copy_project(folder)
    config = yaml.safe_load((ROOT / "config.yaml").read_text())
    config["training"] |= {"points": 60, "batch_size": 20, "epochs": 3, "hidden_widths": [5, 5]}
    (folder / "config.yaml").write_text(yaml.safe_dump(config | TINY))
    return Project(folder)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A tiny study, run once."""
    project = new_project(tmp_path_factory.mktemp("finished"))
    project.result = project.run(cores=4)
    return project


@pytest.fixture
def project(finished, tmp_path):
    return finished.copy(tmp_path / "project")


def test_one_command_makes_tables_figures_and_the_report_in_all_formats(finished):
    made = finished.files("**/*")
    for name in ("runs", "losses", "layers", "summary", "claims"):
        assert f"results/{name}.csv" in made
    for ending in ("md", "html", "tex", "pdf"):
        assert f"results/report/report.{ending}" in made
    for figure in ("fig1", "fig2", "fig3", "fig4"):
        assert {f"results/figures/{figure}.{e}" for e in ("svg", "pdf", "png")} <= set(made)


def test_the_readme_shows_the_rules_as_they_are(finished):
    graph = finished.run("--rulegraph", "mermaid-js").stdout
    shown = re.search(
        r"```mermaid\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.S
    )
    # Snakemake names the edges in any order.
    assert sorted(shown[1].splitlines()) == sorted(graph[graph.index("---") :].strip().splitlines())


def test_snakemakes_own_report_shows_figures_tables_and_the_report(finished, tmp_path):
    finished.run("--report", str(tmp_path / "own.html"))
    text = (tmp_path / "own.html").read_text(encoding="utf-8")
    for name in ("fig1.svg", "fig4.svg", "claims.csv", "summary.csv", "report.html", "report.pdf"):
        assert name in text
    for category in ("Figures", "Tables", "Report"):
        assert category in text
    assert "Figure fig1 of the report" in text


def test_the_latex_report_compiles_where_it_lies(project, pdflatex):
    pdflatex(project.folder / "results/report/report.tex")


def test_each_number_of_the_pdf_leads_to_a_page_of_it(finished):
    if not shutil.which("pdftohtml"):
        pytest.skip("pdftohtml is not installed")
    folder = finished.folder / "results/report"
    command = ["pdftohtml", "-xml", "-i", "-stdout", folder / "report.pdf"]
    pdf = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    pages = {int(page) for page in re.findall(r'<a href="[^"]*#(\d+)">', pdf)}
    assert pages <= set(range(1, pdf.count("<page ") + 1))
    numbers = (folder / "report.html").read_text(encoding="utf-8").count('class="bound"')
    assert pdf.count("<a href=") > numbers > 50


def test_the_last_line_says_where_the_report_lies_and_how_long_it_took(finished):
    last = finished.result.stderr.strip().splitlines()[-1]
    assert re.fullmatch(r"Done in .*\d+ s\. The report: results/report/report\.html", last)


def test_a_log_without_a_terminal_has_no_escape_codes_and_is_short(finished):
    text = finished.result.stdout + finished.result.stderr
    assert "\x1b" not in text
    assert len(text.splitlines()) < JOBS + 30


def test_a_second_run_says_that_all_is_up_to_date(finished):
    result = finished.run()
    assert result.stderr.strip().splitlines()[-1] == (
        "All is up to date. The report: results/report/report.html"
    )


def test_one_core_gives_the_same_bytes_in_every_file(finished, tmp_path):
    other = new_project(tmp_path)
    other.run(cores=1)
    for pattern in ("**/*.csv", "figures/*", "report/*"):
        assert other.files(pattern) == finished.files(pattern) != {}


@pytest.fixture(scope="module")
def eleven_seeds(tmp_path_factory):
    """The tables of eleven seeds of each combination, trained in one job on one core."""
    return tables_of(new_project(tmp_path_factory.mktemp("eleven")), seeds=11, seeds_per_job=11)


def tables_of(project, cores=1, **settings):
    project.set(**settings)
    names = [f"results/{name}.csv" for name in ("runs", "losses", "layers", "factors", "summary")]
    project.run(*names, cores=cores)
    return project.files("*.csv")


@pytest.mark.parametrize(("seeds_per_job", "cores"), [(1, 4), (7, 1), (7, 4), (10, 2), (80, 2)])
def test_neither_seeds_per_job_nor_cores_change_a_byte(
    eleven_seeds, tmp_path, seeds_per_job, cores
):
    project = new_project(tmp_path)
    assert tables_of(project, cores, seeds=11, seeds_per_job=seeds_per_job) == eleven_seeds


@pytest.mark.parametrize("seeds_per_job", [3, 80])
def test_seeds_that_are_added_later_have_the_same_bytes(eleven_seeds, tmp_path, seeds_per_job):
    project = new_project(tmp_path)
    assert tables_of(project, seeds=4, seeds_per_job=seeds_per_job) != eleven_seeds
    assert tables_of(project, seeds=11) == eleven_seeds


def test_a_commit_is_compared_by_running_its_study(finished, tmp_path):
    project = new_project(tmp_path)
    for command in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "A study."]):
        name = ["-c", "user.name=Anyone", "-c", "user.email=anyone@example.org"]
        subprocess.run(["git", *name, *command], cwd=tmp_path, check=True)
    shutil.copytree(finished.folder / "results", tmp_path / "results")
    project.set(seeds=2)
    command = [sys.executable, "-m", "scripts.compare", "HEAD"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert result.stdout.startswith("results/diff.html: 1 setting, 0 verdicts, 0 numbers"), result


def test_editing_the_template_writes_the_report_alone(project):
    project.edit("report/report.md.j2", "# Summary", "# Last words")
    assert project.planned() == {"report": 1, "manifest": 1}
    tables = project.files("**/*.csv")
    project.run()
    assert project.files("**/*.csv") == tables
    for ending in ("md", "html", "tex"):
        assert "Last words" in (project.folder / f"results/report/report.{ending}").read_text()


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("framework/activations.py", "def exp(x):", "def exp(x):  # a comment"),
        ("framework/linear.py", "import torch\n", "import torch\n\n\n# a comment\n"),
        (
            "framework/activations.py",
            '"""y = σ(x) = 1 / (1 + e⁻ˣ); y′ = y(1 − y)."""',
            '"""The logistic function."""',
        ),
        (
            "scripts/train.py",
            "(settings, hidden, output, seeds):",
            "(settings,hidden,output,seeds):",
        ),
        ("scripts/data.py", '"""The study', '"""Said otherwise: the study'),
        ("scripts/claims.py", "RESAMPLES = 2999", "RESAMPLES = (2999)  # odd"),
    ],
)
def test_a_comment_docstring_or_layout_runs_nothing(project, path, old, new):
    project.edit(path, old, new)
    assert project.planned() == {}


@pytest.mark.parametrize(
    ("path", "old", "new", "jobs"),
    [
        ("framework/activations.py", "x.clamp(min=0)\n", "1 * x.clamp(min=0)\n", JOBS),
        ("framework/optim.py", "\nclass SGD", "\nUNUSED = 1\n\n\nclass SGD", JOBS),
        ("scripts/data.py", "import math\n", "import math\n\nUNUSED = 1\n", JOBS),
        # half of the networks end in a Sigmoid, and none has a Tanh or writes a report
        (
            "framework/activations.py",
            "return y.addcmul(y, y, value=-1)",
            "return y - y * y",
            JOBS / 2,
        ),
        (
            "framework/activations.py",
            "class SELU(Rectifier):",
            "class SELU(Rectifier):\n    A = 1",
            0,
        ),
        (
            "scripts/activations.py",
            "return super().derivative(",
            "return 2 * super().derivative(",
            0,
        ),
        ("scripts/facts.py", "import jinja2\n", "import jinja2\n\nUNUSED = 1\n", 0),
    ],
)
def test_an_edit_of_code_trains_exactly_what_runs_it(project, path, old, new, jobs):
    project.edit(path, old, new)
    assert project.planned().get("train", 0) == jobs


def test_editing_an_activation_that_stands_for_another_retrains(project):
    config = yaml.safe_load((project.folder / "config.yaml").read_text())
    project.set(training=config["training"] | {"substitute": {"relu": "publishedtanh"}})
    project.run("results/runs.csv")
    own = "return super().derivative("
    project.edit("scripts/activations.py", own, f"{own}0.9 * ")
    assert project.planned()["train"] == JOBS


def test_a_protocols_learning_rate_trains_that_protocol(project):
    project.edit("config.yaml", "learning_rate: 0.5", "learning_rate: 0.4")
    assert project.planned()["train"] == JOBS / 2


def test_that_settings_changed_is_known_without_snakemakes_memory(project):
    shutil.rmtree(project.folder / ".snakemake")
    project.edit("config.yaml", "learning_rate: 0.5", "learning_rate: 0.4")
    assert project.planned()["train"] == JOBS / 2


def test_more_seeds_train_only_the_new_ones(tmp_path):
    project = new_project(tmp_path)
    project.set(seeds=10, seeds_per_job=10)
    project.run()
    blocks = project.files("runs/*/*/seeds-0-9/*")
    dates = [(project.folder / path).stat().st_mtime_ns for path in blocks]
    project.set(seeds=20)
    assert project.planned()["train"] == 4  # a block of ten for each combination
    project.run()
    assert project.files("runs/*/*/seeds-0-9/*") == blocks
    assert [(project.folder / path).stat().st_mtime_ns for path in blocks] == dates
    assert (project.folder / "results/runs.csv").read_text().count("\n") == 1 + 4 * 20


def test_other_dates_run_nothing(project):
    for path in sorted(project.folder.rglob("*.*"), reverse=True):
        if path.is_file() and ".snakemake" not in path.parts:
            os.utime(path)
    assert project.planned() == {}


def test_a_protocol_of_three_lines_appears_in_tables_and_report(project):
    addition = "protocols:\n  slow:\n    learning_rate: 0.01\n    epochs: 2\n"
    project.edit("config.yaml", "protocols:\n", addition)
    assert project.planned()["train"] == JOBS / 2
    project.run()
    assert "\nslow,relu,identity,0," in (project.folder / "results/runs.csv").read_text()
    for ending in ("md", "html", "tex"):
        assert "slow" in (project.folder / f"results/report/report.{ending}").read_text()


def test_an_activation_takes_one_class_and_its_name_in_the_config(project):
    path = project.folder / "scripts/activations.py"
    path.write_text(
        path.read_text()
        + "\n\nclass Softsign(Activation):\n"
        + "    def function(self, x):\n        return x / (1 + x.abs())\n\n"
        + "    def derivative(self, y):\n        return (1 - y.abs()) ** 2\n"
    )
    project.set(hidden=["relu", "softsign"])
    assert project.planned()["train"] == JOBS  # those of softsign; relu's stand
    project.run()
    assert ",softsign," in (project.folder / "results/summary.csv").read_text()
    assert "Softsign" in (project.folder / "results/report/report.md").read_text()


def test_runs_that_diverge_are_counted_and_the_report_is_written_all_the_same(project):
    project.set(protocols={"plain": {}, "wild": {"learning_rate": 1e30}})
    project.run()
    assert ",True,1,,\n" in (project.folder / "results/runs.csv").read_text()
    report = (project.folder / "results/report/report.md").read_text()
    assert re.search(r"Of the 12 runs, \d+ did", report)
    assert re.search(r"^## \d Training loss$", report, re.M)


@pytest.mark.parametrize("lost", ["runs.csv", "losses.csv", "layers.csv", "receipt"])
def test_a_block_of_which_a_file_is_lost_is_trained_again_alone(project, lost):
    block = "fast/relu-sigmoid/seeds-0-1"
    receipt = f"results/receipts/train/{block}.json"
    (project.folder / (receipt if lost == "receipt" else f"results/runs/{block}/{lost}")).unlink()
    files = project.files("**/*.csv") | project.files("report/*")
    assert project.planned()["train"] == 1
    project.run()
    assert (project.files("**/*.csv") | project.files("report/*")).items() >= files.items()


@pytest.mark.parametrize(
    ("path", "jobs"),
    [
        ("runs/fast/relu-sigmoid/seeds-0-1/runs.csv", {"train": 1, "aggregate": 1}),
        ("runs/plain/relu-identity/seeds-2-2/losses.csv", {"train": 1, "aggregate": 1}),
        ("runs.csv", {"aggregate": 1, "claims": 1}),
        ("claims.csv", {"claims": 1}),
        ("figures/fig2.svg", {"figures": 1}),
        ("report/report.html", {"report": 1}),
        ("MANIFEST.sha256", {"manifest": 1}),
    ],
)
@pytest.mark.parametrize("change", ["edited", "cut off"])
def test_a_result_that_was_changed_is_named_kept_and_made_anew(project, path, jobs, change):
    result = project.folder / "results" / path
    right = project.files("**/*.csv") | project.files("figures/*") | project.files("report/*")
    right |= project.files("MANIFEST.sha256")
    wrong = result.read_bytes()
    wrong = wrong.replace(b"1", b"2", 1) if change == "edited" else wrong[: len(wrong) // 2]
    result.write_bytes(wrong)
    planned = project.planned()
    assert planned.items() >= jobs.items()
    assert planned.get("train", 0) == jobs.get("train", 0)
    said = project.run().stderr
    assert f"results/{path} was changed since it was made" in said
    assert (project.folder / "results/edited" / path).read_bytes() == wrong
    shutil.rmtree(project.folder / "results/edited")
    for name, content in right.items():
        assert (project.folder / name).read_bytes() == content
    assert project.planned() == {}


def test_a_changed_result_of_which_a_step_is_asked_for_is_made_anew_at_the_next_whole_run(project):
    path = project.folder / "results/summary.csv"
    right = path.read_bytes()
    path.write_bytes(right.replace(b"plain", b"clear"))
    said = project.run("results/claims.csv").stderr
    assert "results/summary.csv was changed since it was made" in said
    project.run()
    assert path.read_bytes() == right


def test_a_wrong_config_ends_in_one_line(project):
    project.set(hidden=["rellu"])
    result = project.snakemake()
    assert result.returncode != 0
    assert result.stderr.strip().splitlines()[-1].startswith("config: hidden.0: got 'rellu'")
    assert "did you mean relu?" in result.stderr
    assert "Traceback" not in result.stderr + result.stdout


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_device_that_is_not_there_ends_in_one_line_before_any_job(project):
    project.set(protocols={"plain": {}, "quick": {"device": "cuda", "epochs": 2}})
    before = project.files("**/*")
    result = project.snakemake()
    assert result.returncode != 0
    assert result.stderr.strip().splitlines()[-1] == (
        "config: protocols.quick.device: got 'cuda', which torch does not find here; allowed: cpu"
    )
    assert project.files("**/*") == before


def test_a_job_that_fails_ends_in_its_own_message_the_command_and_the_place_of_its_log(project):
    path = project.folder / "report/published.csv"
    path.write_text(path.read_text().replace("0.", "null", 1))
    result = project.snakemake()
    assert result.returncode != 0
    message, again, log = result.stderr.strip().splitlines()[-3:]
    assert message.startswith("claims: report/published.csv: column mean, row 1: got null")
    assert again.endswith("snakemake --cores 1 results/claims.csv")
    assert log == "The log: results/logs/claims.log"
    assert "CalledProcessError" not in result.stderr
    assert "Traceback" not in result.stderr


def test_a_template_error_names_file_line_and_name(project):
    project.edit("report/report.md.j2", "# Summary", "{{ rnus }}\n# Summary")
    line = (project.folder / "report/report.md.j2").read_text().split("{{ rnus }}")[0].count(
        "\n"
    ) + 1
    old = project.files("report/*")
    result = project.snakemake()
    assert result.returncode != 0
    message, shown, again, log = result.stderr.rstrip().splitlines()[-4:]
    assert message == (
        f"report: report/report.md.j2, line {line}: there is no 'rnus' (did you mean runs?)"
    )
    assert shown == "    {{ rnus }}"
    assert again.endswith("snakemake --cores 1 results/report/report.md")
    assert log == "The log: results/logs/report.log"
    assert project.files("report/*") == old  # the last good report stays
