"""Extrapolate the cost of studies with many more runs from what was measured.

    python -m bench.scale

reads what bench.growth measured (results/bench/growth.csv), has Snakemake plan a study of a million
runs, and extrapolates from the smallest and the largest study; writes results/bench/scale.csv and
prints it:

    jobs                 training jobs, of `seeds_per_job` runs each
    core_hours           core hours of all jobs
    plan_seconds         Snakemake's time until the first job starts
    files, gb            what the study leaves
    aggregate_minutes    the longest step that runs alone
"""

import math
import sys
import tempfile
from collections.abc import Mapping

import pandas as pd

from bench.growth import SEEDS_PER_JOB
from bench.project import Project
from bench.training import FOLDER

COMBINATIONS = 64  # eight protocols with the study's eight combinations
PLANNED = 1_000_000
STUDIES = {10_000: 20, PLANNED: SEEDS_PER_JOB, 100_000_000: 5_000}  # {runs: seeds_per_job}


def planned(runs: int, seeds_per_job: int) -> tuple[float, float]:
    """Return the seconds and the peak MiB that Snakemake needs to plan a study of so many runs."""
    with tempfile.TemporaryDirectory() as folder:
        project = Project(folder)
        config = project.config | {"seeds_per_job": seeds_per_job}
        protocols = COMBINATIONS // len(config["hidden"]) // len(config["output"])
        config["seeds"] = runs // COMBINATIONS
        config["main"] = "p0"
        config["keep"] = {}
        config["protocols"] = {f"p{i}": {"learning_rate": 0.1 + i / 100} for i in range(protocols)}
        project.configure(config)
        return project.python("snakemake", "--cores", 1, "--dry-run", "--quiet")


def jobs_of(runs: int, seeds_per_job: int) -> int:
    """Return how many jobs train so many runs; a job trains one combination."""
    return COMBINATIONS * math.ceil(runs / COMBINATIONS / seeds_per_job)


def scaled(
    small: Mapping, large: Mapping, plan_a_job: float, runs: int, seeds_per_job: int
) -> dict[str, float]:
    """Return a row of the table, extrapolated from a small and a large study."""
    jobs = jobs_of(runs, seeds_per_job)

    def extrapolated(column: str, n: int, by: str) -> float:
        """Return the value for n runs or jobs, on the line through both studies."""
        slope = (large[column] - small[column]) / (large[by] - small[by])
        return large[column] + slope * (n - large[by])

    return {
        "runs": runs,
        "seeds_per_job": seeds_per_job,
        "jobs": jobs,
        "core_hours": runs * large["core_seconds_a_run"] / 3600,
        "plan_seconds": large["dag_seconds"] + (jobs - large["jobs"]) * plan_a_job,
        "files": extrapolated("files", jobs, "jobs"),
        "gb": extrapolated("mib", runs, "seeds") * 2**20 / 1e9,
        "aggregate_minutes": extrapolated("aggregate_seconds", runs, "seeds") / 60,
    }


def main() -> None:
    """Run the benchmark from the command line."""
    if not (FOLDER / "growth.csv").exists():
        sys.exit("results/bench/growth.csv is not there; python -m bench.growth writes it")
    measured = pd.read_csv(FOLDER / "growth.csv").sort_values("seeds")
    small, large = measured.iloc[0], measured.iloc[-1]
    jobs = jobs_of(PLANNED, STUDIES[PLANNED])
    seconds, mib = planned(PLANNED, STUDIES[PLANNED])
    print(f"{PLANNED:,} runs in {jobs:,} jobs are planned in {seconds:.1f} s and {mib:.0f} MiB\n")
    plan_a_job = (seconds - large["dag_seconds"]) / (jobs - large["jobs"])
    rows = [scaled(small, large, plan_a_job, *study) for study in STUDIES.items()]
    table = pd.DataFrame(rows)
    table.to_csv(FOLDER / "scale.csv", index=False, float_format="%.4g")
    print(table.to_string(index=False, float_format="%.3g"))


if __name__ == "__main__":
    main()
