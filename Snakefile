"""The study, from settings to report: train → aggregate → claims → figures → report → manifest."""

import json

from snakemake.utils import min_version

min_version("9.0")

from scripts.study import layout
from scripts.study.block import FILES, FOLDER, Block
from scripts.study.layout import DRAWN, FIGURES, MADE, REPORT, SUMMARIES, VERDICTS
from scripts.workflow import plan
from scripts.workflow.plan import receipt, stamp
from scripts.workflow.resources import megabytes, minutes

plan.check_place(workflow)


configfile: "config.yaml"


this = plan.Plan(workflow, config)
shell.prefix(this.environment())  # `step` runs a module (see warm.py); sets $CONFIG and $DIGEST


def shown(category: str, *paths: str) -> list:
    """Return outputs for `snakemake --report` to show under a category with a caption."""
    caption = f"{workflow.current_basedir}/report/captions/{category.lower()}.rst"
    return [report(path, caption=caption, category=category) for path in paths]


onstart:
    plan.prepare(workflow)


onerror:
    plan.report_full_disk()


localrules:
    aggregate,
    claims,
    figure,
    report,
    manifest,


wildcard_constraints:
    block=r"[^/]+/[^/]+/seeds-\d+-\d+",
    figure="|".join(FIGURES),


rule all:
    input:
        MADE,
        "results/provenance.json",


rule train:
    """Train the networks of a block of seeds side by side."""
    input:
        stamp("train/{block}"),
    output:
        [f"{FOLDER}/{{block}}/{file}" for file in FILES],
        receipt("train/{block}"),
    log:
        "results/logs/train/{block}.log",
    benchmark:
        layout.benchmark("train/{block}")
    resources:  # for a cluster
        mem_mb=lambda wildcards, attempt: attempt * megabytes(this.training[wildcards.block]),
        runtime=lambda wildcards, attempt: attempt
        * minutes(this.training[wildcards.block], len(Block.parse(wildcards.block).seeds)),
    params:
        settings=lambda wildcards: json.dumps(this.training[wildcards.block], sort_keys=True),
        by=lambda wildcards: this.made_by[f"train/{wildcards.block}"],
    shell:
        "step scripts.train --settings {params.settings:q} --block {wildcards.block}"
        " --by {params.by} > {log} 2>&1"


rule aggregate:
    """Gather the blocks, and summarise them over seeds."""
    input:
        stamp("aggregate"),
        this.blocks,
    output:
        shown("Tables", *SUMMARIES[-2:]),
        SUMMARIES[:-2],
        receipt("aggregate"),
    log:
        "results/logs/aggregate.log",
    benchmark:
        layout.benchmark("aggregate")
    params:
        by=this.made_by["aggregate"],
        partial="--partial" if this.partial else "",
    shell:
        "step scripts.aggregate --config $CONFIG --by {params.by} {params.partial} > {log} 2>&1"


rule claims:
    """Decide the source's claims by the runs."""
    input:
        stamp("claims"),
        layout.VERDICTS_FROM,
    output:
        shown("Tables", *VERDICTS),
        receipt("claims"),
    log:
        "results/logs/claims.log",
    benchmark:
        layout.benchmark("claims")
    params:
        by=this.made_by["claims"],
    shell:
        "step scripts.claims --config $CONFIG --by {params.by} > {log} 2>&1"


rule figure:
    """Draw a figure from its table."""
    input:
        stamp("{figure}"),
        lambda wildcards: FIGURES[wildcards.figure],
    output:
        shown("Figures", "results/figures/{figure}.svg"),
        multiext("results/figures/{figure}", ".pdf", ".png"),
        receipt("{figure}"),
    log:
        "results/logs/{figure}.log",
    benchmark:
        layout.benchmark("{figure}")
    params:
        by=lambda wildcards: this.made_by[wildcards.figure],
    shell:
        "step scripts.figures --config $CONFIG --by {params.by}"
        " --figures {wildcards.figure} > {log} 2>&1"


rule figures:
    """Draw all figures."""
    input:
        DRAWN,


rule report:
    """Write the report in all formats; if that fails, the last good one stays."""
    input:
        stamp("report"),
        layout.report_from(),
    output:
        update(REPORT[:2]),
        update(shown("Report", *REPORT[2:])),
        receipt("report"),
    log:
        "results/logs/report.log",
    benchmark:
        layout.benchmark("report")
    params:
        by=this.made_by["report"],
    shell:
        "step scripts.report --config $CONFIG --digest $DIGEST --by {params.by} > {log} 2>&1"


rule manifest:
    """Record which bytes the study made, where and how."""
    input:
        stamp("manifest"),
        [receipt(step) for step in layout.AFTER_TRAINING],
    output:
        "results/MANIFEST.sha256",
        "results/provenance.json",
        receipt("manifest"),
    log:
        "results/logs/manifest.log",
    params:
        by=this.made_by["manifest"],
    shell:
        "step scripts.manifest --config $CONFIG --digest $DIGEST --by {params.by} > {log} 2>&1"
