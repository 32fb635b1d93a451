"""A copy of the project in a temporary folder, to run the study there."""

import contextlib
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

from scripts.study.project import ROOT, copy_project


class Project:
    """A copy of the project in a folder, with its configuration."""

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder)
        copy_project(self.folder)
        self.config = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))

    def configure(self, config: dict) -> None:
        """Write another config.yaml."""
        self.config = config
        (self.folder / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")

    def python(self, *arguments: object) -> tuple[float, float]:
        """Run a module, and return the seconds that it took and its peak memory in MiB."""
        began = time.perf_counter()
        peak = 0.0
        with tempfile.TemporaryFile("w+") as errors:
            process = subprocess.Popen(
                [sys.executable, "-m", *map(str, arguments)],
                cwd=self.folder,
                stdout=subprocess.DEVNULL,
                stderr=errors,
            )
            while process.poll() is None:
                peak = max(peak, peak_memory(process.pid))
                time.sleep(0.01)
            if process.returncode:
                errors.seek(0)
                sys.exit(errors.read())
        return time.perf_counter() - began, peak

    def snakemake(self, *arguments: object, cores: int | str = "all") -> float:
        """Run Snakemake, and return the seconds that it took."""
        seconds, _ = self.python("snakemake", "--cores", cores, *arguments)
        return seconds


def peak_memory(process: int) -> float:
    """Return the peak memory of a process so far, in MiB.

    (What `wait4` reports for a child includes the memory of its parent at the fork.)
    """
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{process}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return 0.0
