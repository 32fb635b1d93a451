"""The runs of a study, as the claims need them: a metric of a combination by seed."""

import pandas as pd

from scripts.tables.schemas import KEYS


class Runs:
    """The table `runs`, by combination and seed.

    `seeds` is {(protocol, hidden, output): the greatest seed, plus 1}.
    """

    def __init__(self, table: pd.DataFrame) -> None:
        self.table = table
        self.by_key = {key: rows.set_index("seed") for key, rows in table.groupby(KEYS)}
        self.seeds = {key: rows.index.max() + 1 for key, rows in self.by_key.items()}

    def first(self, seeds: int) -> "Runs":
        """Return the runs of the first seeds alone."""
        return Runs(self.table[self.table["seed"] < seeds])

    def __contains__(self, key: tuple[str, ...]) -> bool:
        return key in self.by_key

    def metric(self, name: str, key: tuple[str, ...]) -> pd.Series:
        """Return the values of a metric by seed; none for a combination without runs."""
        if key not in self.by_key:
            return pd.Series(dtype="float64")
        return self.by_key[key][name].astype("float64")
