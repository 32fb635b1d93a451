"""Files are written whole or not at all."""

import contextlib
import os
import platform
import shutil
from pathlib import Path

from scripts.study.errors import StudyError

UNFINISHED = ".unfinished"  # how the names of files end that are being written


@contextlib.contextmanager
def replacing(path):
    """A path to write to. What is there when the block is left, if without an error, takes the
    file's place.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}@{platform.node()}{UNFINISHED}")
    try:
        yield temporary
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def alive(process):
    try:
        os.kill(int(process), 0)
    except (ProcessLookupError, ValueError):
        return False
    except PermissionError:  # somebody else's
        pass
    return True


def write_whole(path, content):
    """Write bytes into a file."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def clear_unfinished(folder):
    """Remove what processes that were killed left half-written."""
    for path in Path(folder).rglob(f".*{UNFINISHED}"):
        path.unlink(missing_ok=True)


def check_writable(folder):
    """StudyError unless files can be written in a folder, which is made if there is none."""
    Path(folder).mkdir(exist_ok=True)
    if not os.access(folder, os.W_OK | os.X_OK):
        raise StudyError(f"the folder {folder}/ cannot be written to; see its owner and its rights")


def keep(paths, folder):
    """Copy files of results/ into a folder, where they are not overwritten by what is made anew."""
    for path in map(Path, paths):
        kept = Path(folder) / path.relative_to("results")
        kept.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, kept)
