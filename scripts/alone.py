"""One run at a time in a folder. The system gives the lock back however a run ends."""

import fcntl
import os
import time
from pathlib import Path

from scripts.errors import StudyError

LOCK = Path(".snakemake/run.lock")
WAIT = 3.0  # seconds, for a run that is about to end


class BusyError(StudyError):
    """Another run is at work in the folder."""


class Alone:
    """A lock on the folder, taken at once if it is free."""

    def __init__(self):
        LOCK.parent.mkdir(exist_ok=True)
        self.file = os.open(LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        self.taken = self.take()

    def take(self):
        try:
            fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def give_back(self):
        fcntl.flock(self.file, fcntl.LOCK_UN)

    def insist(self):
        """BusyError unless the lock is ours, or is now free."""
        end = time.monotonic() + WAIT
        while not self.taken:
            if time.monotonic() > end:
                raise BusyError(
                    "another run is at work in this folder; wait until it is done, or stop it"
                )
            time.sleep(0.1)
            self.taken = self.take()
