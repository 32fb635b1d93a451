"""The project's folder, and a copy of it in which to run the study elsewhere."""

import shutil
from pathlib import Path

ROOT = Path(__file__).parents[2]
PARTS = ["Snakefile", "config.yaml", "framework", "scripts", "report", "profiles"]


def copy_project(folder: Path) -> None:
    """Copy everything that a study needs to a folder."""
    ignored = shutil.ignore_patterns("__pycache__")
    for part in PARTS:
        if (ROOT / part).is_dir():
            # An editor locks a file by a link to nowhere.
            shutil.copytree(
                ROOT / part, folder / part, ignore=ignored, ignore_dangling_symlinks=True
            )
        else:
            shutil.copy2(ROOT / part, folder / part)
