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
    def __init__(self, folder):
        self.folder = Path(folder)
        copy_project(self.folder)
        self.config = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))

    def configure(self, config):
        self.config = config
        (self.folder / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")

    def python(self, *arguments):
        """The seconds that a module's run takes, and the most memory that it had, in MiB."""
        began, peak = time.perf_counter(), 0.0
        with tempfile.TemporaryFile("w+") as said:
            process = subprocess.Popen(
                [sys.executable, "-m", *map(str, arguments)],
                cwd=self.folder,
                stdout=subprocess.DEVNULL,
                stderr=said,
            )
            while process.poll() is None:
                peak = max(peak, peak_memory(process.pid))
                time.sleep(0.01)
            if process.returncode:
                said.seek(0)
                sys.exit(said.read())
        return time.perf_counter() - began, peak

    def snakemake(self, *arguments, cores="all"):
        """The seconds that it takes."""
        seconds, _ = self.python("snakemake", "--cores", cores, *arguments)
        return seconds


def peak_memory(process):
    """The most memory that a process has had so far, in MiB. (What `wait4` tells of a child counts
    its parent's memory, from before it began.)
    """
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{process}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return 0.0
