"""The study, from settings to report: train → aggregate → draw → write → sign."""

import json
import os
import platform
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

from snakemake.logging import logger

from scripts.alone import Alone
from scripts.cluster import attend
from scripts.config import check, training_settings
from scripts.errors import reported
from scripts.files import check_writable, clear_unfinished, keep
from scripts.receipts import Audit, path_of
from scripts.resources import megabytes, minutes
from scripts.schema import read_yaml
from scripts.screen import edited, quieten, why_failed
from scripts.steps import missing_steps, steps, study_digest, training_step
from scripts.study import (
    AFTER_TRAINING,
    BLOCK,
    DRAWN,
    FIGURE_FORMATS,
    FIGURES,
    REPORT,
    SUMMARIES,
    VERDICTS,
    VERDICTS_FROM,
    block_folders,
    block_tables,
    report_from,
)

with reported("config"):
    check(read_yaml("config.yaml"))


configfile: "config.yaml"


with reported("config"):
    check(config)

STUDY = json.dumps(config)
TRAINING_SETTINGS = training_settings(config)
# With PARTIAL set (`make partial`), nothing is trained, and the report is of what is there.
PARTIAL = "PARTIAL" in os.environ
with reported("code"):
    MISSING = missing_steps(config) if PARTIAL else []
    DIGEST = study_digest(config)
    MADE_BY = steps(config, MISSING)  # {step: a digest of the code and settings that it runs with}
BLOCKS = block_tables(
    folder for folder in block_folders(config) if training_step(folder) in MADE_BY
)


def shown(category, *paths):
    """Outputs that `snakemake --report` shows, under a category with a caption."""
    caption = f"{workflow.basedir}/report/captions/{category.lower()}.rst"
    return [report(path, caption=caption, category=category) for path in paths]


def receipt(step):
    """The output that says what the step made (scripts/receipts.py)."""
    return str(path_of(step))


# Steps run with the Python that runs Snakemake, whether or not its environment is activated.
BIN, HERE = shlex.quote(str(Path(sys.executable).parent)), shlex.quote(workflow.basedir)
# Freed memory is kept for the next tensors: to give its pages back, as glibc does with blocks above
# 128 KiB, and to fetch them anew takes longer than to compute with them.
MEMORY = "MALLOC_MMAP_THRESHOLD_=33554432 MALLOC_TRIM_THRESHOLD_=1073741824"
# See scripts/warm.py. On a cluster, several machines may have the same numbers of processes.
WARM = shlex.quote(f"{os.getpid()} .snakemake/warm-{platform.node()}-{os.getpid()}")
shell.prefix(
    f"export PATH={BIN}:$PATH PYTHONPATH={HERE} WARM={WARM} BEGAN={time.time()} {MEMORY}; "
)

# A terminal that is closed is an orderly stop, which leaves no lock behind.
signal.signal(signal.SIGHUP, lambda *_: signal.raise_signal(signal.SIGTERM))

said_by_cluster = {}  # {job: what the cluster says of its failure}

if workflow.is_main_process:
    quieten(logger, "results/report/report.html", partial=bool(MISSING))
    with reported("results"):
        alone = Alone()
        audit = Audit(MADE_BY)
    edited(audit.edited)


async def nothing(*_):
    pass


def everything(_):
    """All results. Steps whose receipts no longer hold are run again."""
    if workflow.is_main_process:
        workflow.dag.forcefiles.update(map(receipt, audit.stale))
    return [*SUMMARIES, *VERDICTS, *DRAWN, *REPORT, "results/MANIFEST.sha256"]


onstart:
    workflow.scheduler.job_rate_limiter = None  # its timer would hold the end back for a second
    # On a cluster, the jobs of a group share a process there, which imports torch once for all.
    workflow.executor_plugin.common_settings.pass_group_args = True
    with reported("cluster"):
        attend(workflow.scheduler._executor, said_by_cluster)
    workflow.dag.check_output_mtime = nothing  # dates mean little to one who reads receipts
    with reported("results"):
        alone.insist()
        check_writable("results")
        clear_unfinished("results")
        keep(audit.edited, "results/edited")


onerror:
    failed = workflow.scheduler.failed
    lost = any("train" in job.rules for job in failed)
    if lost and workflow.execution_settings.keep_going:
        alone.give_back()
        command = [sys.executable, "-m", "snakemake", "--cores", "all"]
        subprocess.run(command, env={**os.environ, "PARTIAL": "1"})
    sys.exit(why_failed(failed, said_by_cluster))


def block(wildcards):
    """The settings of a block, and how many runs it has."""
    first, last = map(int, wildcards.seeds.split("-"))
    return TRAINING_SETTINGS[wildcards.protocol], last - first + 1


localrules:
    all,
    aggregate,
    claims,
    figures,
    report,
    manifest,


wildcard_constraints:
    seeds=r"\d+-\d+",
    figure="|".join(FIGURES),


rule all:
    input:
        everything,


rule train:
    """Train the networks of a block of seeds side by side."""
    output:
        block_tables([f"results/runs/{BLOCK}"]),
        receipt=receipt(f"train/{BLOCK}"),
    log:
        f"results/logs/train/{BLOCK}.log",
    threads: 1
    resources:  # for a cluster
        mem_mb=lambda wildcards, attempt: attempt * megabytes(block(wildcards)[0]),
        runtime=lambda wildcards, attempt: attempt * minutes(*block(wildcards)),
    params:
        settings=lambda wildcards: json.dumps(TRAINING_SETTINGS[wildcards.protocol], sort_keys=True),
        by=lambda wildcards: MADE_BY[f"train/{BLOCK}".format(**wildcards)],
        folder=subpath(output[0], parent=True),
    shell:
        "python -m scripts.warm scripts.train --settings {params.settings:q}"
        " --protocol {wildcards.protocol} --hidden {wildcards.hidden}"
        " --output {wildcards.output} --seeds {wildcards.seeds}"
        " --folder {params.folder} --by {params.by} > {log} 2>&1"


rule aggregate:
    """Gather the blocks, and say what they say over seeds."""
    input:
        BLOCKS,
    output:
        shown("Tables", *SUMMARIES[-2:]),
        SUMMARIES[:-2],  # long ones
        receipt("aggregate"),
    log:
        "results/logs/aggregate.log",
    params:
        study=STUDY,
        by=MADE_BY["aggregate"],
        partial="--partial" if PARTIAL else "",
    shell:
        "python -m scripts.warm scripts.aggregate --config {params.study:q} --by {params.by}"
        " {params.partial} > {log} 2>&1"


rule claims:
    """Decide the source's claims by the runs."""
    input:
        VERDICTS_FROM,
    output:
        shown("Tables", *VERDICTS),
        receipt("claims"),
    log:
        "results/logs/claims.log",
    params:
        study=STUDY,
        by=MADE_BY["claims"],
    shell:
        "python -m scripts.warm scripts.claims --config {params.study:q} --by {params.by}"
        " > {log} 2>&1"


rule figures:
    """Draw a figure from its table."""
    input:
        lambda wildcards: FIGURES[wildcards.figure],
    output:
        shown("Figures", "results/figures/{figure}.svg"),
        expand("results/figures/{{figure}}.{format}", format=FIGURE_FORMATS[1:]),
        receipt("{figure}"),
    log:
        "results/logs/{figure}.log",
    params:
        study=STUDY,
        by=lambda wildcards: MADE_BY[wildcards.figure],
    shell:
        "python -m scripts.warm scripts.figures --config {params.study:q}"
        " --figures {wildcards.figure} --by {params.by} > {log} 2>&1"


rule report:
    """Write the report in all formats; where that fails, the last good one stays."""
    input:
        report_from(),
    output:
        update(REPORT[:2]),
        update(shown("Report", *REPORT[2:])),
        receipt("report"),
    log:
        "results/logs/report.log",
    params:
        study=STUDY,
        digest=DIGEST,
        by=MADE_BY["report"],
    shell:
        "python -m scripts.warm scripts.report --config {params.study:q}"
        " --digest {params.digest} --by {params.by} > {log} 2>&1"


rule manifest:
    """Sign: say which bytes the study made, where and how."""
    input:
        [receipt(step) for step in AFTER_TRAINING],
    output:
        "results/MANIFEST.sha256",
        "results/provenance.json",
        receipt("manifest"),
    log:
        "results/logs/manifest.log",
    params:
        study=STUDY,
        digest=DIGEST,
        by=MADE_BY["manifest"],
    shell:
        "python -m scripts.warm scripts.manifest --config {params.study:q}"
        " --digest {params.digest} --by {params.by} > {log} 2>&1"
