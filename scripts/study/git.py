"""What git knows of a folder."""

import subprocess
from pathlib import Path


def git(*arguments: str, folder: str | Path = ".") -> str | None:
    """Return what a git command prints, without the line break at its end.

    The command runs in `folder`. The result is None if the command fails, for instance where there
    is no repository. OSError if git is not installed.
    """
    command = ["git", "-C", str(folder), *arguments]
    result = subprocess.run(command, capture_output=True, text=True)
    return None if result.returncode else result.stdout.strip()
