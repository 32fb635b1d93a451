"""The runs of a study, as the claims look at them: a metric of a combination by seed."""

import pandas as pd

from scripts.tables.schemas import KEYS


class Runs:
    """The table `runs`, by combination and seed."""

    def __init__(self, table):
        self.table = table
        self.of = {key: rows.set_index("seed") for key, rows in table.groupby(KEYS)}
        self.seeds = {key: rows.index.max() + 1 for key, rows in self.of.items()}

    def first(self, seeds):
        """Return the runs of the first seeds alone."""
        return Runs(self.table[self.table["seed"] < seeds])

    def __contains__(self, key):
        return key in self.of

    def metric(self, name, key):
        """Return the values by seed; none for a combination without runs."""
        if key not in self.of:
            return pd.Series(dtype="float64")
        return self.of[key][name].astype("float64")
