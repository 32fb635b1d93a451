"""A copy of the project, to run the study elsewhere."""

import shutil
from pathlib import Path

ROOT = Path(__file__).parents[2]
PARTS = ["Snakefile", "config.yaml", "framework", "scripts", "report", "profiles"]


def copy_project(folder):
    """All that a study needs."""
    ignored = shutil.ignore_patterns("__pycache__")
    for part in PARTS:
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, folder / part, ignore=ignored)
        else:
            shutil.copy2(ROOT / part, folder / part)
