"""Where results come from: code, settings, packages, machine, time."""

import csv
import datetime
import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

from scripts.study.config import protocols
from scripts.study.layout import benchmark, combinations
from scripts.study.project import ROOT
from scripts.workflow.digest import digest_of

CPUINFO = Path("/proc/cpuinfo")
PACKAGES = ("torch", "numpy", "scipy", "pandas", "matplotlib", "jinja2", "pypandoc_binary")
PACKAGES += ("typst", "snakemake")
ENVIRONMENT = ("MKL_CBWR", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "ATEN_CPU_CAPABILITY")
ENVIRONMENT += ("MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_")
INSTRUCTIONS = ("avx2", "fma", "avx512f", "avx512_bf16", "amx_tile", "asimd", "sve")


def provenance(config, digest, receipts):
    """Say which code and settings made the results, where, and with what."""
    own = protocols(config)
    ours = git("rev-parse", "--show-toplevel") == str(ROOT.resolve())  # not a repository around us
    commit = git("rev-parse", "HEAD") if ours else None
    return {
        "commit": commit,
        "dirty": commit and bool(git("status", "--porcelain")),
        "study": digest,
        "config": digest_of(config),
        "runs": sum(own[protocol]["seeds"] for protocol, *_ in combinations(config)),
        "python": platform.python_version(),
        "packages": {package: version(package) for package in PACKAGES},
        "host": platform.node(),
        "system": platform.platform(),
        "processor": processor(),
        "threads_per_job": 1,
        "environment": {name: os.environ[name] for name in ENVIRONMENT if name in os.environ},
        "finished": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "seconds_of_steps": seconds_of_steps(receipts),
    }


def processor():
    """The processor's name, how many there are, and which of the instructions it has on which
    torch's last bits may depend.
    """
    said = {}
    if CPUINFO.exists():
        lines = CPUINFO.read_text(encoding="utf-8").split("\n\n")[0].splitlines()
        said = dict(map(str.strip, line.split(":", 1)) for line in lines if ":" in line)
    flags = said.get("flags", said.get("Features", "")).split()
    return {
        "name": said.get("model name") or platform.processor() or platform.machine(),
        "count": os.cpu_count(),
        "instructions": [name for name in INSTRUCTIONS if name in flags],
    }


def seconds_of_steps(steps):
    """{step: the seconds it took}, those of training together; each when it was last done."""
    seconds = {}
    for step in steps:
        path = Path(benchmark(step))
        if path.exists():
            kind = step.split("/")[0]
            for row in csv.DictReader(path.read_text().splitlines(), delimiter="\t"):
                seconds[kind] = round(seconds.get(kind, 0) + float(row["s"]), 3)
    return seconds


def git(*arguments):
    """What git says of the project; None where there is no git or no repository."""
    command = ["git", "-C", str(ROOT), *arguments]
    try:
        result = subprocess.run(command, capture_output=True, text=True)
    except OSError:
        return None
    return None if result.returncode else result.stdout.strip()
