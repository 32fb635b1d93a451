"""Read the tables of blocks, and check that their rows are those that the blocks' names promise."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from scripts.study.block import FOLDER, Block
from scripts.tables import schemas
from scripts.tables.io import TableError, read_tables


def gather(
    name: str, blocks: Sequence[Block], epochs: int, folder: str | Path = FOLDER
) -> pd.DataFrame:
    """Return one table of several blocks, in their order.

    `name` is a key of BLOCK_TABLES. Raises TableError if a file has other rows than its block.
    """
    kind = schemas.BLOCK_TABLES[name]
    paths = [f"{folder}/{block}/{name}.csv" for block in blocks]
    parts = read_tables(kind, paths)
    within_run = schemas.TABLES[kind].unique[len(schemas.RUN) :]
    rows_per_run = {"runs": 1, "losses": epochs}.get(name)
    for rows, block, path in zip(parts, blocks, paths, strict=True):
        if not has_rows_of(block, rows, within_run, rows_per_run):
            note = "delete the file, and the next run makes it again"
            raise TableError(f"{path}: its rows are not those of {block}; {note}")
    return pd.concat(parts)


def has_rows_of(
    block: Block, rows: pd.DataFrame, within_run: list[str], rows_per_run: int | None = None
) -> bool:
    """Return whether rows are those of all runs of a block, in the order of seeds.

    Each run must have the same number of rows, `rows_per_run` if given, with the same values in the
    columns `within_run`.
    """
    seeds = np.array(block.seeds)
    each = rows_per_run or len(rows) // len(seeds)
    if each == 0 or len(rows) != each * len(seeds):
        return False
    if (rows[schemas.KEYS] != list(block.combination)).any(axis=None):
        return False
    of_runs = rows[["seed", *within_run]].to_numpy().reshape(len(seeds), each, -1)
    same_seeds = (of_runs[:, :, 0] == seeds[:, None]).all()
    same_rest = (of_runs[:, :, 1:] == of_runs[:1, :, 1:]).all()
    return bool(same_seeds and same_rest)
