"""Receipts: what each step made, and from what, so that it is known whether that still holds.

results/receipts/STEP.json says `by` (the digest of the step's code and settings), and which files
were `made` and `read`, with their SHA-256. A step runs again if any of that is not as it was,
whatever the files' dates say: a clock may jump.
"""

import contextlib
import hashlib
import json
import os
from pathlib import Path

from scripts.study.files import write_whole

FOLDER = Path("results/receipts")
CACHE = Path(".snakemake/sha256.json")
KEYS = {"by", "made", "read"}


@contextlib.contextmanager
def receipt(step, by, made, read=()):
    """Write the receipt of what is done in the block, if `by` is given and nothing goes wrong. What
    is read is looked at before, so that an edit in the meantime is noticed later.
    """
    read = {path: sha256(path) for path in map(str, read)} if by else {}
    yield
    if by:
        said = {
            "by": by,
            "made": {path: sha256(path) for path in map(str, made)},
            "read": read,
        }
        write_whole(path_of(step), json.dumps(said, indent=1).encode())


def path_of(step):
    return FOLDER / f"{step}.json"


def sha256(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_receipt(step):
    """What a receipt says; None where there is none that can be read."""
    said = read_json(path_of(step)) or {}
    files = [said.get("made"), said.get("read")]
    well_formed = said.keys() == KEYS and all(isinstance(each, dict) for each in files)
    return said if well_formed else None


def read_json(path):
    """The object in a file; None where there is none, or something else."""
    with contextlib.suppress(OSError, ValueError):
        said = json.loads(path.read_bytes())
        return said if isinstance(said, dict) else None
    return None


class Digests:
    """The files' SHA-256. What the file system says of a file is kept in .snakemake/: while it says
    the same, the bytes are the same and need not be read again.
    """

    def __init__(self):
        self.before, self.now = read_json(CACHE) or {}, {}

    def __getitem__(self, path):
        """A file's SHA-256; None where there is no file."""
        if path not in self.now:
            self.now[path] = self.looked_up(path)
        return self.now[path][0]

    def looked_up(self, path):
        try:
            state = os.stat(path)
            stamp = [state.st_size, state.st_mtime_ns, state.st_ctime_ns]
            sha, *was = self.before.get(path, [None])
            return [sha if stamp == was else sha256(path), *stamp]
        except OSError:
            return [None]

    def keep(self):
        if self.now != self.before:
            with contextlib.suppress(OSError):  # next time takes longer, that's all
                write_whole(CACHE, json.dumps(self.now).encode())


class Audit:
    """Which steps' receipts hold, of `steps` {step: by} in the order in which they run."""

    def __init__(self, steps):
        self.digests = Digests()
        self.edited = []  # files that are not as they were made
        self.stale = [step for step, by in steps.items() if not self.holds(step, by)]
        self.digests.keep()

    def holds(self, step, by):
        said = read_receipt(step)
        if said is None:
            return False
        made = said["made"].items()
        self.edited += [path for path, sha in made if self.digests[path] not in (sha, None)]
        as_it_was = (said["made"] | said["read"]).items()
        return said["by"] == by and all(self.digests[path] == sha for path, sha in as_it_was)
