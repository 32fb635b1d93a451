"""What git knows of a folder."""

import os
import subprocess
from pathlib import Path


def git(*arguments: str, folder: str | Path = ".") -> str | None:
    """Return what a git command prints, without the line break at its end.

    The command runs in `folder`. The result is None if it fails, for instance where there is no
    repository. Raises OSError if git is not installed.

    Variables such as GIT_DIR, which a git hook sets, are left out: they name another repository.
    """
    environment = {name: text for name, text in os.environ.items() if not name.startswith("GIT_")}
    command = ["git", "-C", str(folder), *arguments]
    result = subprocess.run(command, capture_output=True, text=True, env=environment)
    return None if result.returncode else result.stdout.strip()
