"""The means that the source published, compared with ours."""

import numpy as np
import pandas as pd

from scripts.tables.schemas import KEYS

PUBLISHED = "report/published.csv"


def agreement(published: pd.DataFrame, summary: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each published mean test accuracy of a combination that was trained.

    The two means agree within their spread if they differ by no more than one run of each may be
    expected to: |m − m'| ≤ √(s² + s'²), with the means m and the standard deviations s over runs.
    """
    both = published.merge(summary, on=KEYS, suffixes=("_published", "_ours"))
    ours = both["test_accuracy_mean"]
    difference = ours - both["mean"]
    spread = np.sqrt(both["sd"] ** 2 + both["test_accuracy_sd"] ** 2)
    return both[KEYS].assign(
        published_mean=both["mean"],
        published_sd=both["sd"],
        mean=ours,
        sd=both["test_accuracy_sd"],
        difference=difference,
        spread=spread,
        agrees=difference.abs() <= spread,
    )
