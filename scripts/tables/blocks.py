"""The tables of blocks, checked against the blocks' names."""

import numpy as np
import pandas as pd

from scripts.study.block import FOLDER
from scripts.tables import schemas
from scripts.tables.io import TableError, read_tables


def gather(name, blocks, epochs, folder=FOLDER):
    """Return a table of some blocks, in their order. TableError where one holds other rows."""
    kind = schemas.BLOCK_TABLES[name]
    paths = [f"{folder}/{block}/{name}.csv" for block in blocks]
    parts = read_tables(kind, paths)
    within_a_run = schemas.TABLES[kind].unique[len(schemas.RUN) :]
    rows_a_run = {"runs": 1, "losses": epochs}.get(name)
    for rows, block, path in zip(parts, blocks, paths, strict=True):
        if not holds(rows, block, within_a_run, rows_a_run):
            note = "delete the file, and the next run makes it again"
            raise TableError(f"{path}: its rows are not those of {block}; {note}")
    return pd.concat(parts)


def holds(rows, block, within_a_run, rows_a_run=None):
    """Whether rows are of the block's runs, and of all, in their order; and alike for all of them:
    so many, and with the same values in some columns.
    """
    count = len(block.seeds)
    if len(rows) == 0 or len(rows) % count or rows_a_run not in (None, len(rows) // count):
        return False
    if (rows[schemas.KEYS] != list(block.combination)).any(axis=None):
        return False
    of_runs = rows[["seed", *within_a_run]].to_numpy().reshape(count, len(rows) // count, -1)
    expected = of_runs[:1].repeat(count, axis=0)
    expected[:, :, 0] = np.array(block.seeds)[:, None]
    return (of_runs == expected).all()
