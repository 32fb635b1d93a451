"""How two folders of results differ: which runs and verdicts, and how far apart tables are."""

import itertools
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from scripts.analysis.verdicts import sides
from scripts.study.block import Block
from scripts.study.config import NUDGED
from scripts.tables import schemas
from scripts.tables.io import TableError, read_table, read_tables


def runs_that_differ(
    ours: Path, theirs: Path, files: Iterable[str]
) -> dict[tuple[tuple[str, str, str], bool], set[int]]:
    """Return {((protocol, hidden, output), whether chaotic): seeds} of the files that differ.

    Where `theirs` lacks the files of a block, as the published results do, all its seeds count as
    different, and as chaotic if one of them is.
    """
    found: dict[tuple, set[int]] = defaultdict(set)
    chaotic = chaotic_runs(ours, theirs)
    for folder in sorted({Path(file).parent for file in files if file.startswith("runs/")}):
        block = Block.parse(folder)
        seeds = set(block.seeds)
        chaotic_seeds = {seed for seed in seeds if (*block.combination, seed) in chaotic}
        if not (theirs / folder).exists():
            found[block.combination, bool(chaotic_seeds)] |= seeds
            continue
        seeds = seeds_that_differ(ours / folder, theirs / folder) or seeds
        found[block.combination, True] |= seeds & chaotic_seeds
        found[block.combination, False] |= seeds - chaotic_seeds
    return {key: seeds for key, seeds in found.items() if seeds}


def chaotic_runs(*folders: Path) -> set[tuple]:
    """Return (protocol, hidden, output, seed) of the runs that the folders' chaotic.csv name.

    The same runs from a nudged start are as chaotic, and are returned too.
    """
    runs = set()
    for folder in folders:
        path = folder / "chaotic.csv"
        if path.exists():
            rows = read_table("chaotic", path)[list(schemas.RUN)]
            runs.update(rows.itertuples(index=False, name=None))
    return runs | {(protocol + NUDGED, *others) for protocol, *others in runs}


def seeds_that_differ(ours: Path, theirs: Path) -> set[int]:
    """Return the seeds with a row that only one folder's tables of a block have.

    Returns an empty set if a table cannot be read.
    """
    found = set()
    for file, kind in schemas.BLOCK_TABLES.items():
        try:
            both = [read_table(kind, folder / f"{file}.csv") for folder in (ours, theirs)]
        except (TableError, OSError):
            return set()
        found.update(pd.concat(both).drop_duplicates(keep=False)["seed"])
    return found


def table_differences(ours: Path, theirs: Path, files: Iterable[str]) -> dict[str, str]:
    """Return {table: how far apart} of those files that are tables in both folders.

    The files of all blocks are compared together, as one table for each kind.
    """
    parts = defaultdict(list)
    for file in map(Path, files):
        if file.suffix == ".csv" and (ours / file).exists() and (theirs / file).exists():
            in_block = file.parts[0] == "runs"
            kind = schemas.BLOCK_TABLES[file.stem] if in_block else file.stem
            parts[f"runs/…/{file.name}" if in_block else file.name, kind].append(file)
    differences = {}
    for (name, kind), tables in parts.items():
        our_files = [ours / file for file in tables]
        their_files = [theirs / file for file in tables]
        differences[name] = largest_difference(kind, our_files, their_files)
    return differences


def largest_difference(kind: str, ours: Sequence[Path], theirs: Sequence[Path]) -> str:
    """Return in words how far apart two tables are, each given as the files of its parts."""
    try:
        our_table = pd.concat(read_tables(kind, ours))
        their_table = pd.concat(read_tables(kind, theirs))
    except TableError as error:
        return str(error)
    our_table = our_table.set_index(schemas.TABLES[kind].unique)
    their_table = their_table.set_index(schemas.TABLES[kind].unique)
    if not our_table.index.equals(their_table.index):
        return "other rows"
    numbers = our_table.select_dtypes(["number", "bool"]).columns
    words = gaps(our_table[numbers].astype("float64"), their_table[numbers].astype("float64"))
    for name in our_table.columns.difference(numbers):
        if not our_table[name].equals(their_table[name]):
            words.append(f"other words in {name}")
    return "; ".join(words) or "the same values, written differently"


def gaps(ours: pd.DataFrame, theirs: pd.DataFrame) -> list[str]:
    """Return in words the largest absolute and relative differences, and which are missing."""
    difference = (ours - theirs).abs().where(ours != theirs, 0)
    ratio = (difference / np.maximum(ours.abs(), theirs.abs())).where(difference > 0, 0).fillna(1)
    absolute = difference.max()
    relative = ratio.max()
    words = []
    if (absolute > 0).any():
        words.append(
            f"at most {absolute.max():.2g} in {absolute.idxmax()}, "
            f"relative {relative.max():.2g} in {relative.idxmax()}"
        )
    in_one = ours.columns[(ours.isna() != theirs.isna()).any()]
    words += [f"values of {name} are missing in one of them" for name in in_one]
    return words


def verdicts_that_differ(ours: Path, theirs: Path, claims: dict[str, dict]) -> dict[str, set[str]]:
    """Return the verdicts that differ, of claims and of their comparisons.

    The result is {the difference in words: the protocols whose runs decide it}, with words such as
    "C1, as-written: holds there, undecided here".
    """
    found = {}
    for name in ("verdicts", "claims"):
        tables = [read_table(name, folder / f"{name}.csv") for folder in (theirs, ours)]
        columns = [table.set_index(schemas.TABLES[name].unique)["verdict"] for table in tables]
        both = pd.concat(columns, axis=1, keys=["there", "here"]).fillna("none")
        for key, row in both[both["there"] != both["here"]].iterrows():
            words = f"{', '.join(key)}: {row['there']} there, {row['here']} here"
            claim, protocol, *_ = key
            found[words] = protocols_compared(claims[claim], protocol)
    return found


def protocols_compared(claim: dict, protocol: str) -> set[str]:
    """Return the protocols whose runs decide a claim under a protocol."""
    compared = itertools.chain(*sides(claim, protocol))
    return {key[0] for key in compared if isinstance(key, tuple)}


def in_words(seeds: Collection[int]) -> str:
    """Return seeds in words, such as "seeds 0 to 4, 7"."""
    groups = itertools.groupby(enumerate(sorted(seeds)), lambda pair: pair[1] - pair[0])
    words = []
    for _, group in groups:
        span = [seed for _, seed in group]
        if len(span) > 2:
            words.append(f"{span[0]} to {span[-1]}")
        else:
            words.append(", ".join(map(str, span)))
    return f"seed{'s' if len(seeds) > 1 else ''} {', '.join(words)}"
