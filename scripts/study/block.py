"""A block of seeds: what one job trains."""

import re
from typing import NamedTuple

FOLDER = "results/runs"
PLACE = re.compile(r"([^/]+)/([^/-]+)-([^/-]+)/seeds-(\d+)-(\d+)$")
FILES = ("runs", "losses", "layers")  # that each block leaves


class Block(NamedTuple):
    """Seeds `first` to `last` of a combination of activations under a protocol.

    As text, it is "protocol/hidden-output/seeds-first-last", the place of its files in several
    folders.
    """

    protocol: str
    hidden: str
    output: str
    first: int
    last: int

    @classmethod
    def parse(cls, path):
        """Return the block whose place ends a path. ValueError where that is none."""
        found = PLACE.search(str(path))
        if not found:
            raise ValueError(f"{path} is not the place of a block")
        protocol, hidden, output, first, last = found.groups()
        return cls(protocol, hidden, output, int(first), int(last))

    def __str__(self):
        return f"{self.protocol}/{self.hidden}-{self.output}/seeds-{self.first}-{self.last}"

    @property
    def combination(self):
        """(protocol, hidden, output)"""
        return self[:3]

    @property
    def seeds(self):
        return range(self.first, self.last + 1)

    @property
    def step(self):
        """The name of the step that trains it."""
        return f"train/{self}"

    def files(self, folder=FOLDER):
        """Return the paths of its tables."""
        return [f"{folder}/{self}/{file}.csv" for file in FILES]


def seed_blocks(seeds, size):
    """Return (first, last) of each block: the seeds, cut where whole multiples of the size are.

    More seeds leave the full blocks as they are.
    """
    return [(first, min(first + size, seeds) - 1) for first in range(0, seeds, size)]
