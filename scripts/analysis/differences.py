"""How two folders of results differ: which runs and verdicts, and how far apart tables are."""

import itertools
from collections import defaultdict
from pathlib import Path

import numpy as np
import pandas as pd

from scripts.analysis.verdicts import sides
from scripts.study.block import Block
from scripts.study.config import NUDGED
from scripts.tables import schemas
from scripts.tables.io import TableError, read_table, read_tables


def runs_that_differ(ours, theirs, files):
    """{((protocol, hidden, output), whether chaotic): seeds}, of files that differ. Of a block that
    only one folder has, all seeds differ, and are chaotic if one of them is.
    """
    found, chaotic = defaultdict(set), chaotic_runs(ours, theirs)
    for folder in sorted({Path(file).parent for file in files if file.startswith("runs/")}):
        block = Block.parse(folder)
        seeds = set(block.seeds)
        named = {seed for seed in seeds if (*block.combination, seed) in chaotic}
        if not (theirs / folder).exists():
            found[block.combination, bool(named)] |= seeds
            continue
        seeds = seeds_that_differ(ours / folder, theirs / folder) or seeds
        found[block.combination, True] |= seeds & named
        found[block.combination, False] |= seeds - named
    return {key: seeds for key, seeds in found.items() if seeds}


def chaotic_runs(*folders):
    """(protocol, hidden, output, seed) of the runs that chaotic.csv names, and of the same runs
    from a nudged start, which are as chaotic.
    """
    paths = [folder / "chaotic.csv" for folder in folders]
    named = [read_table("chaotic", path)[[*schemas.RUN]] for path in paths if path.exists()]
    runs = {run for rows in named for run in rows.itertuples(index=False, name=None)}
    return runs | {(protocol + NUDGED, *others) for protocol, *others in runs}


def seeds_that_differ(ours, theirs):
    """The seeds with a row that only one folder's tables of a block have. None where a table cannot
    be read.
    """
    found = set()
    for file, kind in schemas.BLOCK_TABLES.items():
        try:
            both = [read_table(kind, folder / f"{file}.csv") for folder in (ours, theirs)]
        except (TableError, OSError):
            return set()
        found.update(pd.concat(both).drop_duplicates(keep=False)["seed"])
    return found


def table_differences(ours, theirs, files):
    """{table: how far apart}, of the files that are tables in both folders; of blocks together."""
    parts = defaultdict(list)
    for file in map(Path, files):
        if file.suffix == ".csv" and (ours / file).exists() and (theirs / file).exists():
            in_block = file.parts[0] == "runs"
            kind = schemas.BLOCK_TABLES[file.stem] if in_block else file.stem
            parts[f"runs/…/{file.name}" if in_block else file.name, kind].append(file)
    return {
        name: largest_difference(kind, *([folder / f for f in files] for folder in (ours, theirs)))
        for (name, kind), files in parts.items()
    }


def largest_difference(kind, ours, theirs):
    """How far apart two tables are, in words. Each is a list of files, its parts."""
    try:
        ours, theirs = (pd.concat(read_tables(kind, paths)) for paths in (ours, theirs))
    except TableError as error:
        return str(error)
    ours, theirs = (table.set_index(schemas.TABLES[kind].unique) for table in (ours, theirs))
    if not ours.index.equals(theirs.index):
        return "other rows"
    numbers = ours.select_dtypes(["number", "bool"]).columns
    words = gaps(*(table[numbers].astype("float64") for table in (ours, theirs)))
    for name in ours.columns.difference(numbers):
        words += [] if ours[name].equals(theirs[name]) else [f"other words in {name}"]
    return "; ".join(words) or "the same values, written differently"


def gaps(ours, theirs):
    """The largest absolute and relative difference of numbers, and which are missing, in words."""
    absolute = (ours - theirs).abs().where(ours != theirs, 0)
    relative = (absolute / np.maximum(ours.abs(), theirs.abs())).where(absolute > 0, 0).fillna(1)
    absolute, relative = absolute.max(), relative.max()
    alone = ours.columns[(ours.isna() != theirs.isna()).any()]
    words = [f"values of {name} are missing in one of them" for name in alone]
    if (absolute > 0).any():
        words.insert(
            0,
            f"at most {absolute.max():.2g} in {absolute.idxmax()}, "
            f"relative {relative.max():.2g} in {relative.idxmax()}",
        )
    return words


def verdicts_that_differ(ours, theirs, claims):
    """{"C1, as-written: holds there, undecided here": the protocols whose runs decide it} of
    claims, and of their comparisons.
    """
    found = {}
    for name in ("verdicts", "claims"):
        both = (read_table(name, folder / f"{name}.csv") for folder in (theirs, ours))
        both = [table.set_index(schemas.TABLES[name].unique)["verdict"] for table in both]
        both = pd.concat(both, axis=1, keys=["there", "here"]).fillna("none")
        for key, row in both[both["there"] != both["here"]].iterrows():
            words = f"{', '.join(key)}: {row['there']} there, {row['here']} here"
            claim, protocol, *_ = key
            found[words] = protocols_compared(claims[claim], protocol)
    return found


def protocols_compared(claim, protocol):
    """The protocols whose runs decide a claim under a protocol."""
    compared = itertools.chain(*sides(claim, protocol))
    return {key[0] for key in compared if isinstance(key, tuple)}


def in_words(seeds):
    """ "seeds 0 to 4, 7" """
    spans = itertools.groupby(enumerate(sorted(seeds)), lambda pair: pair[1] - pair[0])
    spans = [[seed for _, seed in span] for _, span in spans]
    words = [f"{s[0]} to {s[-1]}" if len(s) > 2 else ", ".join(map(str, s)) for s in spans]
    return f"seed{'s' if len(seeds) > 1 else ''} {', '.join(words)}"
