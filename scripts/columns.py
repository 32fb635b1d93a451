"""Numbers of many runs, laid by on disk, so that memory does not grow with the runs."""

import tempfile
import weakref

import numpy as np


class Columns:
    """Tables of numbers, by key. They are appended in parts, (columns, runs), and read by columns
    over the runs of all parts.
    """

    def __init__(self, folder="results"):
        self.file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 (the next line closes it)
        weakref.finalize(self, self.file.close)
        self.parts = {}  # {key: [(where it begins, runs)]}

    def append(self, key, part):
        part = np.asarray(part, "float64")
        self.parts.setdefault(key, []).append((self.file.seek(0, 2), part.shape[1]))
        self.file.write(part.tobytes())

    def runs(self, key):
        """How many there are in all parts."""
        return sum(runs for _, runs in self.parts[key])

    def read(self, key, first, last):
        """Columns first to last − 1 of a table: (last − first, runs)."""
        parts = []
        for start, runs in self.parts[key]:
            self.file.seek(start + 8 * first * runs)
            numbers = np.frombuffer(self.file.read(8 * (last - first) * runs))
            parts.append(numbers.reshape(last - first, runs))
        return np.concatenate(parts, axis=1)
