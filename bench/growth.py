"""Measure how time, memory and disk space grow with the number of seeds of a combination.

    python -m bench.growth [--seeds N …] [--epochs N]

runs a study of one combination, with blocks of 80 seeds, on all cores, from training to report;
writes results/bench/growth.csv and prints it:

    dag_seconds          Snakemake alone: a dry run
    seconds              the whole study, on all cores
    core_seconds_a_run   seconds × cores / runs
    aggregate_seconds    the aggregation alone
    aggregate_mib        the peak memory of the aggregation; claims_mib and figures_mib are those of
                         the next steps
    job_mib              the peak memory of one job that trains all the seeds for 10 epochs
    files, mib           all that the study leaves: blocks, receipts, logs, Snakemake's records
"""

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

import pandas as pd

from bench.project import Project
from bench.training import FOLDER
from scripts.study.block import Block
from scripts.study.config import job_settings

SEEDS_PER_JOB = 80


def grown(seeds: int, epochs: int) -> dict[str, float]:
    """Return a row of the table, measured in a study of so many seeds."""
    with tempfile.TemporaryDirectory() as folder:
        project = combination(folder, seeds, SEEDS_PER_JOB, epochs)
        before = left_in(folder)
        dag_seconds = project.snakemake("--dry-run")
        seconds = project.snakemake()
        after = left_in(folder)
        Path(folder, "config.json").write_text(json.dumps(project.config))
        step_seconds, step_mib = {}, {}
        for step in ("aggregate", "claims", "figures"):
            step_seconds[step], step_mib[step] = project.python(
                f"scripts.{step}", "--config", "config.json"
            )
    return {
        "seeds": seeds,
        "jobs": -(-seeds // SEEDS_PER_JOB),
        "dag_seconds": dag_seconds,
        "seconds": seconds,
        "core_seconds_a_run": seconds * len(os.sched_getaffinity(0)) / seeds,
        "aggregate_seconds": step_seconds["aggregate"],
        "aggregate_mib": step_mib["aggregate"],
        "claims_mib": step_mib["claims"],
        "figures_mib": step_mib["figures"],
        "job_mib": job_memory(seeds),
        "files": after[0] - before[0],
        "mib": (after[1] - before[1]) / 2**20,
    }


def left_in(folder: Path | str) -> tuple[int, int]:
    """Return how many files a folder contains, and their size in bytes.

    Those of servers that are about to end (scripts/workflow/warm.py) are left out.
    """
    files = [path for path in Path(folder).rglob("*") if "/warm-" not in str(path)]
    sizes = [path.stat().st_size for path in files if path.is_file()]
    return len(sizes), sum(sizes)


def combination(folder: Path | str, seeds: int, seeds_per_job: int, epochs: int) -> Project:
    """Return a project that trains only the first combination of the main protocol."""
    project = Project(folder)
    config = project.config
    config["training"]["epochs"] = epochs
    config |= {"seeds": seeds, "seeds_per_job": seeds_per_job, "keep": {}}
    config |= {"hidden": config["hidden"][:1], "output": config["output"][:1]}
    config["protocols"] = dict([next(iter(config["protocols"].items()))])
    project.configure(config)
    return project


def job_memory(seeds: int, epochs: int = 10) -> float:
    """Return the peak memory, in MiB, of one job that trains so many seeds."""
    with tempfile.TemporaryDirectory() as folder:
        project = combination(folder, seeds, seeds, epochs)
        (settings,) = map(json.dumps, job_settings(project.config).values())
        block = str(Block("p", "relu", "identity", 0, seeds - 1))
        _, mib = project.python("scripts.train", "--settings", settings, "--block", block)
    return mib


def main() -> None:
    """Run the benchmark from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", nargs="+", type=int, default=[10, 100, 1000, 10_000])
    parser.add_argument("--epochs", type=int, default=300)
    arguments = parser.parse_args()
    rows = []
    for seeds in arguments.seeds:
        print(f"{seeds} seeds …", file=sys.stderr)
        rows.append(grown(seeds, arguments.epochs))
    FOLDER.mkdir(parents=True, exist_ok=True)
    table = pd.DataFrame(rows)
    table.to_csv(FOLDER / "growth.csv", index=False, float_format="%.4g")
    print(table.to_string(index=False, float_format="%.3g"))


if __name__ == "__main__":
    main()
