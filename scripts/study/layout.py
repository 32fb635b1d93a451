"""Which combinations and blocks are trained, and which files each step reads and writes."""

import itertools
import re
from collections.abc import Iterable
from pathlib import Path

from scripts.study.block import TABLES, Block, seed_blocks
from scripts.study.config import protocols
from scripts.study.errors import StudyError, reported
from scripts.study.project import ROOT
from scripts.study.syntax import assigned, literal

TEMPLATE = "report/report.md.j2"
PICTURE = re.compile(r"figures/([\w-]+)\.svg")


def figure_sources() -> dict[str, list[str]]:
    """Return the files that each figure of the template is drawn from."""
    shown = pictures()
    return {figure: reads for figure, reads in drawable().items() if figure in shown}


def drawable() -> dict[str, list[str]]:
    """Return the files that each figure of scripts/plots/ is drawn from: READS in its module."""
    sources_of = {}
    for path in sorted((ROOT / "scripts/plots").glob("*.py")):
        reads = assigned(path, "READS")
        if reads is not None:
            paths = literal(reads)
            if not isinstance(paths, list):
                problem = "READS cannot be read; allowed: a list of paths in quotes"
                raise StudyError(f"{path}, line {reads.lineno}: {problem}")
            sources_of[path.stem] = paths
    return sources_of


def pictures() -> dict[str, int]:
    """Return {figure: its line} of the pictures in the template; none if it is missing."""
    template = Path(TEMPLATE)
    text = template.read_text(encoding="utf-8", errors="replace") if template.is_file() else ""
    line_of: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        for figure in PICTURE.findall(line):
            line_of.setdefault(figure, number)
    return line_of


SUMMARIES = [
    f"results/{table}.csv"
    for table in (*TABLES, "factors", "signal", "chaotic", "boundaries", "missing", "summary")
]
VERDICTS = [f"results/{table}.csv" for table in ("claims", "verdicts", "intervals", "agreement")]
VERDICTS_FROM = [
    "results/runs.csv",
    "results/summary.csv",
    "results/missing.csv",
    "report/claims.yaml",
    "report/published.csv",
]
with reported("figures"):
    FIGURES = figure_sources()
AFTER_TRAINING = ["aggregate", "claims", *FIGURES, "report"]  # the steps that make results
DRAWN_SEEDS = 100  # the seeds whose runs are shown one by one, in a figure
FIGURE_FORMATS = ["svg", "pdf", "png"]
DRAWN = [f"results/figures/{figure}.{form}" for figure in FIGURES for form in FIGURE_FORMATS]
REPORT = [f"results/report/report.{form}" for form in ("md", "tex", "html", "pdf")]
MADE = [*SUMMARIES, *VERDICTS, *DRAWN, *REPORT, "results/MANIFEST.sha256"]  # after training
REPORT_SOURCES = [
    "report/claims.yaml",
    "report/causes.yaml",
    TEMPLATE,
    "report/references.bib",
]
LAYOUTS = [
    "report/layouts/crossref.lua",
    "report/layouts/html.css",
    "report/layouts/html.html",
    "report/layouts/html.js",
    "report/layouts/html.lua",
    "report/layouts/latex.lua",
    "report/layouts/latex.tex",
    "report/layouts/markdown.lua",
    "report/layouts/markdown.md",
    "report/layouts/maths.txt",
    "report/layouts/maths.woff",
    "report/layouts/paper.lua",
    "report/layouts/numeric.csl",
    "report/layouts/safe.lua",
    "report/layouts/typst.lua",
    "report/layouts/typst.typ",
]


def report_from() -> list[str]:
    """Return the files that the report is written from."""
    return [*SUMMARIES, *VERDICTS, *DRAWN, *REPORT_SOURCES, *LAYOUTS]


def sources() -> list[str]:
    """Return the files, besides config.yaml, that people write for the steps after training."""
    read = [*VERDICTS_FROM, *REPORT_SOURCES, *LAYOUTS, *itertools.chain(*FIGURES.values())]
    return sorted({path for path in read if path.startswith("report/")})


def benchmark(step: str) -> str:
    """Return the file in which Snakemake records how long a step took."""
    return f"results/benchmarks/{step}.tsv"


def combinations(config: dict) -> list[tuple[str, str, str]]:
    """Return (protocol, hidden, output) of every combination, in the config's order."""
    return [
        (protocol, hidden, output)
        for protocol, settings in protocols(config).items()
        for hidden in settings["hidden"]
        for output in settings["output"]
    ]


def beside_main(config: dict) -> dict[str, dict]:
    """Return the settings of the main protocol, and of those that train the same activations.

    The main protocol comes first.
    """
    every = protocols(config)
    main = every[config["main"]]
    beside = {config["main"]: main}
    for protocol, settings in every.items():
        if settings["hidden"] == main["hidden"] and settings["output"] == main["output"]:
            beside[protocol] = settings
    return beside


def blocks_of(config: dict) -> list[Block]:
    """Return every block, combination by combination, in the order of seeds."""
    settings = protocols(config)
    blocks = []
    for protocol, hidden, output in combinations(config):
        for first, last in seed_blocks(settings[protocol]["seeds"], config["seeds_per_job"]):
            blocks.append(Block(protocol, hidden, output, first, last))
    return blocks


def files_of(blocks: Iterable[Block]) -> list[str]:
    """Return the paths of what training the blocks writes."""
    return [path for block in blocks for path in block.files()]
