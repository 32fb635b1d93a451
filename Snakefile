"""The study, from settings to report: train → aggregate → draw → write."""

import functools
import json
import os
import shlex
import signal
import sys
from importlib.metadata import version
from pathlib import Path

from snakemake.logging import logger

from scripts.config import check, training_settings, unused_activations
from scripts.digest import code_digest, study_digest
from scripts.errors import reported
from scripts.schema import read_yaml
from scripts.screen import quieten, why_failed
from scripts.study import FIGURES, block_folders

with reported("config"):
    check(read_yaml("config.yaml"))


configfile: "config.yaml"


with reported("config"):
    check(config)

STUDY = json.dumps(config)
TRAINING_SETTINGS = training_settings(config)
BLOCK_TABLES = ["runs", "losses", "layers"]
BLOCKS = expand("{block}/{table}.csv", block=block_folders(config), table=BLOCK_TABLES)
SUMMARIES = expand("results/{table}.csv", table=[*BLOCK_TABLES, "factors", "summary"])
VERDICTS = expand("results/{table}.csv", table=["claims", "intervals", "agreement"])
DRAWN = expand("results/figures/{figure}.{format}", figure=FIGURES, format=["svg", "pdf", "png"])
REPORT = expand("results/report/report.{format}", format=["md", "tex", "html", "pdf"])


def shown(category, *paths):
    """Outputs that `snakemake --report` shows, under a category with a caption."""
    caption = f"{workflow.basedir}/report/captions/{category.lower()}.rst"
    return [report(path, caption=caption, category=category) for path in paths]


TABLES = [f"scripts/{name}.py" for name in ("tables", "study", "config", "schema")]
CLAIMS = [f"scripts/{name}.py" for name in ("claims", "predicates", "published")]
DRAWING = [f"scripts/{name}.py" for name in ("figures", "names", "predicates")]
WRITING = [
    f"scripts/{name}.py"
    for name in (
        *("report", "facts", "filters", "bound", "template", "prose"),
        *("formats", "names", "predicates", "causes"),
    )
]
TRAINING = [
    "framework/*.py",
    "scripts/train.py",
    "scripts/data.py",
    "scripts/activations.py",
    "scripts/progress.py",
    "scripts/tables.py",
]


@functools.cache
def code_of(*patterns, unused=frozenset()):
    """A digest of code: a step runs again if its code does, and not for a comment."""
    here = Path(workflow.basedir)
    return code_digest((path for pattern in patterns for path in here.glob(pattern)), unused)


unused = functools.cache(unused_activations)  # for many jobs train the same ones


def training_code(wildcards):
    """What a training job runs: not the activations that it doesn't train."""
    substitute = TRAINING_SETTINGS[wildcards.protocol]["substitute"]
    names = (substitute.get(name, name) for name in (wildcards.hidden, wildcards.output))
    return code_of(*TRAINING, unused=unused(frozenset(names)))


# Steps run with the Python that runs Snakemake, whether or not its environment is activated.
BIN, HERE = shlex.quote(str(Path(sys.executable).parent)), shlex.quote(workflow.basedir)
# Freed memory is kept for the next tensors: to give its pages back, as glibc does with blocks above
# 128 KiB, and to fetch them anew takes longer than to compute with them.
MEMORY = "MALLOC_MMAP_THRESHOLD_=33554432 MALLOC_TRIM_THRESHOLD_=1073741824"
WARM = f"'{os.getpid()} .snakemake/warm-{os.getpid()}'"  # see scripts/warm.py
shell.prefix(f"export PATH={BIN}:$PATH PYTHONPATH={HERE} WARM={WARM} {MEMORY}; ")

quieten(logger, "results/report/report.html")
# A terminal that is closed is an orderly stop, which leaves no lock behind.
signal.signal(signal.SIGHUP, lambda *_: signal.raise_signal(signal.SIGTERM))


onstart:
    workflow.scheduler.job_rate_limiter = None  # its timer would hold the end back for a second


onerror:
    sys.exit(why_failed(workflow.scheduler.failed))


wildcard_constraints:
    seeds=r"\d+-\d+",


rule all:
    input:
        BLOCKS,
        SUMMARIES,
        VERDICTS,
        DRAWN,
        REPORT,


rule train:
    """Train the networks of a block of seeds side by side."""
    output:
        expand(
            "results/runs/{{protocol}}/{{hidden}}-{{output}}/seeds-{{seeds}}/{table}.csv",
            table=BLOCK_TABLES,
        ),
    log:
        "results/logs/train/{protocol}/{hidden}-{output}/seeds-{seeds}.log",
    threads: 1
    params:
        settings=lambda wildcards: json.dumps(TRAINING_SETTINGS[wildcards.protocol], sort_keys=True),
        code=training_code,
        torch=version("torch"),
        folder=subpath(output[0], parent=True),
    shell:
        "python -m scripts.warm scripts.train --settings {params.settings:q}"
        " --protocol {wildcards.protocol} --hidden {wildcards.hidden}"
        " --output {wildcards.output} --seeds {wildcards.seeds}"
        " --folder {params.folder} > {log} 2>&1"


rule aggregate:
    """Gather the blocks, and say what they say over seeds."""
    input:
        BLOCKS,
    output:
        shown("Tables", *SUMMARIES[-2:]),
        SUMMARIES[:-2],  # long ones
    log:
        "results/logs/aggregate.log",
    params:
        study=STUDY,
        code=code_of("scripts/aggregate.py", "scripts/factors.py", *TABLES),
    shell:
        "python -m scripts.warm scripts.aggregate --config {params.study:q} > {log} 2>&1"


rule claims:
    """Decide the source's claims by the runs."""
    input:
        "results/runs.csv",
        "results/summary.csv",
        "report/claims.yaml",
        "report/published.csv",
    output:
        shown("Tables", *VERDICTS),
    log:
        "results/logs/claims.log",
    params:
        study=STUDY,
        code=code_of(*CLAIMS, *TABLES),
    shell:
        "python -m scripts.warm scripts.claims --config {params.study:q} > {log} 2>&1"


rule figures:
    """Draw a figure from its table."""
    input:
        lambda wildcards: FIGURES[wildcards.figure],
    output:
        shown("Figures", "results/figures/{figure}.svg"),
        expand("results/figures/{{figure}}.{format}", format=["pdf", "png"]),
    log:
        "results/logs/{figure}.log",
    params:
        study=STUDY,
        code=code_of(*DRAWING, *TABLES),
    shell:
        "python -m scripts.warm scripts.figures --config {params.study:q}"
        " --figures {wildcards.figure} > {log} 2>&1"


rule report:
    """Write the report in all formats; where that fails, the last good one stays."""
    input:
        SUMMARIES,
        VERDICTS,
        DRAWN,
        "report/claims.yaml",
        "report/causes.yaml",
        "report/report.md.j2",
        "report/references.bib",
        [str(path) for path in sorted(Path("report/layouts").iterdir())],
    output:
        update(REPORT[:2]),
        update(shown("Report", *REPORT[2:])),
    log:
        "results/logs/report.log",
    params:
        study=STUDY,
        code=code_of(*WRITING, *TABLES),
        digest=study_digest(workflow.basedir, config),
    shell:
        "python -m scripts.warm scripts.report --config {params.study:q} --digest {params.digest}"
        " > {log} 2>&1"
