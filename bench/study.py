"""Time the whole study, a plain pipeline, and the way from an edited template to the report.

    python -m bench.study [--seeds N] [--edits N]

writes results/bench/study.csv and prints it. The plain pipeline has a job for each run, which
trains with torch.nn, and no tables, figures or report. It trains a part of the runs; its time for
all runs is extrapolated from that.
"""

import argparse
import os
import statistics
import sys
import tempfile

import pandas as pd

from bench.project import ROOT, Project
from bench.training import FOLDER
from scripts.study.config import protocols
from scripts.study.layout import combinations


def epochs_of_all_runs(config: dict) -> int:
    """Return the number of epochs that all runs of a study take together."""
    settings = protocols(config)
    return sum(
        settings[protocol]["seeds"] * settings[protocol]["epochs"]
        for protocol, _, _ in combinations(config)
    )


def plain_seconds(seeds: int) -> float:
    """Return the seconds of the plain pipeline for so many seeds of four activations."""
    with tempfile.TemporaryDirectory() as folder:
        project = Project(folder)
        os.environ |= {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
        os.environ["PATH"] = f"{os.path.dirname(sys.executable)}:{os.environ['PATH']}"
        snakefile = ["--snakefile", ROOT / "bench/one_run.smk"]
        start = project.snakemake(*snakefile, "--dry-run", "--config", f"seeds={seeds}")
        return project.snakemake(*snakefile, "--config", f"seeds={seeds}") - start


def edit_seconds(project: Project, edits: int) -> tuple[float, float]:
    """Return the median seconds from an edit to the report, and of Snakemake with nothing to do."""
    template = project.folder / "report/report.md.j2"
    text = template.read_text(encoding="utf-8")
    seconds, idle = [], []
    for i in range(edits):
        template.write_text(f"{text}\n\nEdited{'!' * i}\n", encoding="utf-8")
        seconds.append(project.snakemake(cores=4))
        idle.append(project.snakemake(cores=4))
    return statistics.median(seconds), statistics.median(idle)


def main() -> None:
    """Run the benchmark from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--seeds", type=int, default=10, help="seeds that the plain pipeline trains"
    )
    parser.add_argument("--edits", type=int, default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        project = Project(folder)
        all_epochs = epochs_of_all_runs(project.config)
        print("the whole study …", file=sys.stderr)
        study = project.snakemake()
        edit, idle = edit_seconds(project, arguments.edits)
    print(f"{4 * arguments.seeds} runs, a job each …", file=sys.stderr)
    part_epochs = 4 * arguments.seeds * project.config["training"]["epochs"]
    part = plain_seconds(arguments.seeds)
    plain = part * all_epochs / part_epochs
    rows = [
        {"what": "the whole study", "seconds": study},
        {"what": "plain pipeline, a part", "seconds": part},
        {"what": "plain pipeline, extrapolated", "seconds": plain},
        {"what": "plain pipeline over this one", "ratio": plain / study},
        {"what": "edited template to report", "seconds": edit},
        {"what": "of which Snakemake, as with nothing to do", "seconds": idle},
    ]
    FOLDER.mkdir(parents=True, exist_ok=True)
    table = pd.DataFrame(rows)
    table.to_csv(FOLDER / "study.csv", index=False, float_format="%.4g")
    print(table.to_string(index=False, float_format="%.1f", na_rep=""))


if __name__ == "__main__":
    main()
