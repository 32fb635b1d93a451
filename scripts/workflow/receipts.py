"""Receipts: what each step made, and from what, which decides whether its results still hold.

results/receipts/STEP.json says `by` (the digest of the step's code and settings), and which files
were `made` and `read`, with their SHA-256. A step runs again if any of that has changed, whatever
the dates of the files: a clock may jump.
"""

import contextlib
import hashlib
import json
import os
from collections.abc import Container, Iterable, Iterator, Mapping
from pathlib import Path

from scripts.study.files import write_whole

FOLDER = Path("results/receipts")
CACHE = Path(".snakemake/sha256.json")
KEYS = {"by", "made", "read"}


@contextlib.contextmanager
def receipt(
    step: str, by: str | None, made: Iterable[str | Path], read: Iterable[str | Path] = ()
) -> Iterator[None]:
    """Write the receipt of what the block does, if `by` is given and the block raises no error.

    The files in `read` are hashed before the block runs, so that an edit in the meantime is noticed
    later.
    """
    hashes_before = {path: sha256(path) for path in map(str, read)} if by else {}
    yield
    if by:
        content = {
            "by": by,
            "made": {path: sha256(path) for path in map(str, made)},
            "read": hashes_before,
        }
        write_whole(path_of(step), json.dumps(content, indent=1).encode())


def path_of(step: str) -> Path:
    """Return the path of a step's receipt."""
    return FOLDER / f"{step}.json"


def sha256(path: str | Path) -> str:
    """Return the SHA-256 of a file."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_receipt(step: str) -> dict | None:
    """Return the content of a receipt, or None if it is missing or cannot be read."""
    content = read_json(path_of(step)) or {}
    files = [content.get("made"), content.get("read")]
    well_formed = content.keys() == KEYS and all(isinstance(part, dict) for part in files)
    return content if well_formed else None


def read_json(path: Path) -> dict | None:
    """Return the object in a file, or None if the file is missing or holds something else."""
    with contextlib.suppress(OSError, ValueError):
        content = json.loads(path.read_bytes())
        return content if isinstance(content, dict) else None
    return None


def after_training() -> list[str]:
    """Return the steps after training that have a receipt."""
    return sorted(path.stem for path in FOLDER.glob("*.json"))


def obsolete(made_now: Container[str]) -> dict[str, str]:
    """Return {path: its SHA-256 when it was made} of results that no step makes any more.

    They are files in results/ that a receipt lists. What training made is not among them: it took
    long, and another edit of the settings may ask for it again.
    """
    root = FOLDER.parent
    found = {}
    for step in after_training():
        content = read_receipt(step) or {"made": {}}
        for made, digest in content["made"].items():
            file = Path(made).resolve()
            lies_there = Path(made).is_relative_to(root) and file.is_relative_to(root.resolve())
            if made not in made_now and lies_there and file.is_file():
                found[made] = digest
    return found


class Digests:
    """The SHA-256 of files, by path.

    Each file's size and dates are kept in .snakemake/ with its SHA-256: while they stay the same,
    the bytes are taken to be the same and are not read again.
    """

    def __init__(self) -> None:
        self.before = read_json(CACHE) or {}
        self.now: dict[str, list] = {}  # {path: [SHA-256, size, dates], or [None] without a file}

    def __getitem__(self, path: str) -> str | None:
        """Return a file's SHA-256, or None if the file is missing."""
        if path not in self.now:
            self.now[path] = self._look_up(path)
        return self.now[path][0]

    def _look_up(self, path: str) -> list:
        try:
            state = os.stat(path)
            stamp = [state.st_size, state.st_mtime_ns, state.st_ctime_ns]
            digest, *stamp_before = self.before.get(path, [None])
            return [digest if stamp == stamp_before else sha256(path), *stamp]
        except OSError:
            return [None]

    def keep(self) -> None:
        """Write the digests for the next run."""
        if self.now != self.before:
            with contextlib.suppress(OSError):  # without them, the next run only takes longer
                write_whole(CACHE, json.dumps(self.now).encode())


class Audit:
    """Which receipts hold, of `steps`, {step: its digest}, in the order in which they run.

    stale   the steps whose receipts do not hold
    edited  the files that have changed since they were made
    """

    def __init__(self, steps: Mapping[str, str]) -> None:
        self.digests = Digests()
        self.edited: list[str] = []
        self.stale = [step for step, by in steps.items() if not self.holds(step, by)]
        self.digests.keep()

    def holds(self, step: str, by: str) -> bool:
        """Return whether a step's receipt holds, and note the files that were edited."""
        content = read_receipt(step)
        if content is None:
            return False
        made = content["made"].items()
        self.edited += [path for path, digest in made if self.digests[path] not in (digest, None)]
        files = (content["made"] | content["read"]).items()
        return content["by"] == by and all(self.digests[path] == digest for path, digest in files)
