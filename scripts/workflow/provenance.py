"""Where results come from: code, settings, packages, machine, time."""

import contextlib
import csv
import datetime
import os
import platform
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

from scripts.study.config import protocols
from scripts.study.git import git
from scripts.study.layout import benchmark, combinations
from scripts.study.project import ROOT
from scripts.workflow.digest import digest_of

CPUINFO = Path("/proc/cpuinfo")
PACKAGES = (
    "torch",
    "numpy",
    "scipy",
    "pandas",
    "matplotlib",
    "jinja2",
    "pypandoc_binary",
    "typst",
    "snakemake",
)
ENVIRONMENT = (
    "MKL_CBWR",
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "ATEN_CPU_CAPABILITY",
    "MALLOC_MMAP_THRESHOLD_",
    "MALLOC_TRIM_THRESHOLD_",
)
INSTRUCTIONS = ("avx2", "fma", "avx512f", "avx512_bf16", "amx_tile", "asimd", "sve")


def provenance(config: dict, digest: str, steps: Iterable[str]) -> dict:
    """Return which code and settings made the results, where, and with what.

    `digest` is that of the study, and `steps` are those whose time counts.
    """
    settings = protocols(config)
    commit, dirty = _commit()
    return {
        "commit": commit,
        "dirty": dirty,
        "study": digest,
        "config": digest_of(config),
        "runs": sum(settings[protocol]["seeds"] for protocol, *_ in combinations(config)),
        "python": platform.python_version(),
        "packages": {package: version(package) for package in PACKAGES},
        "host": platform.node(),
        "system": platform.platform(),
        "processor": processor(),
        "threads_per_job": 1,
        "environment": {name: os.environ[name] for name in ENVIRONMENT if name in os.environ},
        "finished": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "seconds_of_steps": seconds_of_steps(steps),
    }


def _commit() -> tuple[str | None, bool | None]:
    """Return the project's commit, and whether files differ from it; None for what is unknown."""
    with contextlib.suppress(OSError):  # git is not installed
        # A repository that only contains the project's folder does not count.
        if git("rev-parse", "--show-toplevel", folder=ROOT) == str(ROOT.resolve()):
            commit = git("rev-parse", "HEAD", folder=ROOT)
            if commit:
                status = git("status", "--porcelain", "--untracked-files=normal", folder=ROOT)
                return commit, bool(status)
    return None, None


def processor() -> dict:
    """Return the processor's name, the number of processors, and some of its instructions.

    These are the instructions on which the last bits of torch's results may depend.
    """
    values: dict[str, str] = {}
    if CPUINFO.exists():
        for line in CPUINFO.read_text(encoding="utf-8").split("\n\n")[0].splitlines():
            if ":" in line:
                name, value = line.split(":", 1)
                values[name.strip()] = value.strip()
    flags = values.get("flags", values.get("Features", "")).split()
    return {
        "name": values.get("model name") or platform.processor() or platform.machine(),
        "count": os.cpu_count(),
        "instructions": [name for name in INSTRUCTIONS if name in flags],
    }


def seconds_of_steps(steps: Iterable[str]) -> dict[str, float]:
    """Return {step: the seconds that it took when it last ran}, those of training added up."""
    seconds: dict[str, float] = {}
    for step in steps:
        path = Path(benchmark(step))
        if path.exists():
            kind = step.split("/")[0]
            for row in csv.DictReader(path.read_text().splitlines(), delimiter="\t"):
                seconds[kind] = round(seconds.get(kind, 0) + float(row["s"]), 3)
    return seconds
