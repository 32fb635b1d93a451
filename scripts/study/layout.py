"""Which combinations are trained, in which blocks; which files each step makes, and from which."""

import ast
import itertools

from scripts.study.block import FILES, Block, seed_blocks
from scripts.study.config import protocols
from scripts.study.project import ROOT
from scripts.study.syntax import assigned

SUMMARIES = [
    f"results/{table}.csv"
    for table in (*FILES, "factors", "signal", "chaotic", "missing", "summary")
]
VERDICTS = [f"results/{table}.csv" for table in ("claims", "verdicts", "intervals", "agreement")]
VERDICTS_FROM = [
    *(f"results/{table}.csv" for table in ("runs", "summary", "missing")),
    *("report/claims.yaml", "report/published.csv"),
]
FIGURES = {  # {name: what it is drawn from}
    path.stem: ast.literal_eval(reads)
    for path in sorted((ROOT / "scripts/plots").glob("*.py"))
    if (reads := assigned(path, "READS"))
}
AFTER_TRAINING = ["aggregate", "claims", *FIGURES, "report"]  # the steps that make results
DRAWN_SEEDS = 100  # whose runs Fig. 2 shows one by one
FIGURE_FORMATS = ["svg", "pdf", "png"]
DRAWN = [f"results/figures/{figure}.{form}" for figure in FIGURES for form in FIGURE_FORMATS]
REPORT = [f"results/report/report.{form}" for form in ("md", "tex", "html", "pdf")]
REPORT_SOURCES = [
    f"report/{name}" for name in ("claims.yaml", "causes.yaml", "report.md.j2", "references.bib")
]
LAYOUTS = [
    f"report/layouts/{name}"
    for name in (
        *("crossref.lua", "html.css", "html.html", "html.js", "html.lua", "latex.lua", "latex.tex"),
        *("markdown.lua", "markdown.md", "numeric.csl", "safe.lua", "typst.lua", "typst.typ"),
    )
]


def report_from():
    """What the report is written from."""
    return [*SUMMARIES, *VERDICTS, *DRAWN, *REPORT_SOURCES, *LAYOUTS]


def sources():
    """What people write for the steps after training, besides config.yaml."""
    read = [*VERDICTS_FROM, *REPORT_SOURCES, *LAYOUTS, *itertools.chain(*FIGURES.values())]
    return sorted({path for path in read if path.startswith("report/")})


def benchmark(step):
    """The file in which Snakemake notes how long a step took."""
    return f"results/benchmarks/{step}.tsv"


def combinations(config):
    """(protocol, hidden, output) of every combination, in the config's order."""
    return [
        (protocol, hidden, output)
        for protocol, settings in protocols(config).items()
        for hidden in settings["hidden"]
        for output in settings["output"]
    ]


def beside_main(config):
    """The main protocol, and then those that train the same activations."""
    everything = protocols(config)
    main = everything[config["main"]]
    return {config["main"]: main} | {
        protocol: own
        for protocol, own in everything.items()
        if all(own[key] == main[key] for key in ("hidden", "output"))
    }


def blocks_of(config):
    """Return every block, combination by combination, in the order of seeds."""
    settings = protocols(config)
    return [
        Block(*combination, first, last)
        for combination in combinations(config)
        for first, last in seed_blocks(settings[combination[0]]["seeds"], config["seeds_per_job"])
    ]


def files_of(blocks):
    """Return the paths of the blocks' tables."""
    return [path for block in blocks for path in block.files()]
