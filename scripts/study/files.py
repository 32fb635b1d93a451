"""Write files completely or not at all."""

import contextlib
import os
import platform
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from scripts.study.errors import StudyError

UNFINISHED = ".unfinished"  # the end of the names of files that are being written


@contextlib.contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path, whose file replaces the one at `path` when the block ends.

    If the block ends with an error, the temporary file is removed and the old file stays.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}@{platform.node()}{UNFINISHED}")
    try:
        yield temporary
        os.replace(temporary, path)
    except OSError as error:
        if error.errno and not error.filename:  # as from a write to a full disk
            error.filename = str(path)
        raise
    finally:
        temporary.unlink(missing_ok=True)


def write_whole(path: str | Path, content: bytes) -> None:
    """Write bytes to a file, completely or not at all."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def clear_unfinished(folder: str | Path) -> None:
    """Remove the half-written files of processes that were killed."""
    for path in Path(folder).rglob(f".*{UNFINISHED}"):
        path.unlink(missing_ok=True)


def check_writable(folder: str | Path) -> None:
    """Raise StudyError if files cannot be written to a folder, which is created if missing."""
    Path(folder).mkdir(exist_ok=True)
    if not os.access(folder, os.W_OK | os.X_OK):
        raise StudyError(
            f"the folder {folder}/ cannot be written to; check its owner and permissions"
        )


def keep(paths: Iterable[str | Path], folder: str | Path) -> None:
    """Copy files of results/ to a folder, so that new results do not overwrite them."""
    for path in map(Path, paths):
        kept = Path(folder) / path.relative_to("results")
        kept.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, kept)
