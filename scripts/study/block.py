"""A block of seeds, which one job trains."""

import re
from pathlib import Path
from typing import NamedTuple, Self

FOLDER = "results/runs"
PLACE = re.compile(r"([^/]+)/([^/-]+)-([^/-]+)/seeds-(\d+)-(\d+)$")
TABLES = ("runs", "losses", "accuracies", "layers")
FILES = [*(f"{table}.csv" for table in TABLES), "networks.pt"]  # what training a block writes


class Block(NamedTuple):
    """Seeds `first` to `last` of a combination of activations under a protocol.

    Its text, "protocol/hidden-output/seeds-first-last", is the relative path of its files in
    several folders.
    """

    protocol: str
    hidden: str
    output: str
    first: int
    last: int

    @classmethod
    def parse(cls, path: str | Path) -> Self:
        """Return the block that the end of a path names.

        Raises ValueError if the path does not end in "protocol/hidden-output/seeds-first-last".
        """
        found = PLACE.search(str(path))
        if not found:
            raise ValueError(f"{path} is not the path of a block")
        protocol, hidden, output, first, last = found.groups()
        return cls(protocol, hidden, output, int(first), int(last))

    def __str__(self) -> str:
        """Return the relative path of the block's files."""
        return f"{self.protocol}/{self.hidden}-{self.output}/seeds-{self.first}-{self.last}"

    @property
    def combination(self) -> tuple[str, str, str]:
        """The protocol, the hidden activation and the output activation."""
        return self[:3]

    @property
    def seeds(self) -> range:
        """The seeds of the block."""
        return range(self.first, self.last + 1)

    @property
    def step(self) -> str:
        """The name of the step that trains the block."""
        return f"train/{self}"

    def files(self) -> list[str]:
        """Return the paths of what training the block writes."""
        return [f"{FOLDER}/{self}/{file}" for file in FILES]


def seed_blocks(seeds: int, size: int) -> list[tuple[int, int]]:
    """Return the first and last seed of each block of at most `size` seeds.

    Blocks start at multiples of the size, so that adding seeds leaves full blocks unchanged.
    """
    return [(first, min(first + size, seeds) - 1) for first in range(0, seeds, size)]
