"""The runs of a study, as the claims look at them: a metric of a combination by seed."""

import copy
import math

import pandas as pd

from scripts import tables
from scripts.columns import Columns

KEYS = list(tables.COMBINATION)


class Runs:
    """The numbers of runs, from the parts of a table. They lie on disk, so that memory holds one
    metric of one combination at a time.
    """

    def __init__(self, parts):
        self.columns, self.seeds, self.below = Columns(), {}, math.inf
        for part in parts:
            numbers = part.drop(columns=KEYS).astype("float64")
            self.names = {name: i for i, name in enumerate(numbers)}
            for key, rows in numbers.groupby([part[column] for column in KEYS]):
                self.columns.append(key, rows.T)
                self.seeds[key] = max(self.seeds.get(key, 0), int(rows["seed"].max()) + 1)

    def first(self, seeds):
        """Those of the first seeds alone."""
        some = copy.copy(self)
        some.below = seeds
        return some

    def __contains__(self, key):
        return key in self.seeds

    def metric(self, name, key):
        """The values by seed; none of a combination of which there are no runs."""
        if key not in self:
            return pd.Series(dtype="float64")
        values, seeds = (
            self.columns.read(key, i, i + 1)[0] for i in (self.names[name], self.names["seed"])
        )
        values = pd.Series(values, seeds.astype("int64"))
        return values[values.index < self.below]
