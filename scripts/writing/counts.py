"""Counts and averages that the report names."""

import pandas as pd

from scripts.study.config import NUDGED
from scripts.tables import schemas
from scripts.writing.bound import Number, Source
from scripts.writing.bound_rows import about_all_rows
from scripts.writing.filters import sort, where
from scripts.writing.sentences import missing_words


def missing_runs(rows: list[dict]) -> dict | None:
    """Return the `count` of missing runs and `which` they are; None if no run is missing."""
    if not rows:
        return None
    count = sum(row["last_seed"] - row["first_seed"] + 1 for row in rows)
    return {
        "count": about_all_rows(count, "missing", "first_seed"),
        "which": missing_words(rows),
    }


def chaotic_counts(rows: list[dict], summary: list[dict]) -> dict[str, tuple[Number, Number]]:
    """Return how many of how many runs are chaotic, of each protocol with a nudged twin."""
    trained = dict.fromkeys(row["protocol"] for row in summary)
    counts = {}
    for protocol in trained:
        if protocol + NUDGED in trained:
            chaotic = len(where(rows, protocol=protocol))
            cell = Source("results/chaotic.csv", protocol, "seed")
            runs = sum(row["n"] for row in where(summary, protocol=protocol))
            counts[protocol] = Number(chaotic, [cell]), runs
    return counts


def fits(agreement: list[dict]) -> list[dict]:
    """Return how well each protocol fits the published accuracies.

    `distance` is the mean absolute difference, and `within` has the hidden activations whose
    difference lies within the spread.
    """
    found = []
    for protocol in dict.fromkeys(row["protocol"] for row in agreement):
        rows = where(agreement, protocol=protocol)
        distance = sum(abs(row["difference"]) for row in rows) / len(rows)
        within = [row["hidden"] for row in where(rows, agrees=True)]
        found.append({"protocol": protocol, "distance": distance, "within": within})
    return found


def best_fit(found: list[dict]) -> str | None:
    """Return the protocol nearest to the published accuracies; None for fewer than two."""
    return sort(found, "distance")[0]["protocol"] if len(found) > 1 else None


def precision(intervals: pd.DataFrame) -> list[dict]:
    """Return what each number of seeds gives.

    `undecided` of `comparisons` stay undecided. `width` is the median ratio of an interval's width
    to the one with all seeds.
    """
    comparison = list(schemas.COMPARISON)
    widths = intervals.pivot(index=comparison, columns="seeds", values="half_width")
    rows = []
    for seeds, with_seeds in intervals.groupby("seeds"):
        undecided = (with_seeds["verdict"] == "undecided").sum()
        width = (widths[seeds] / widths.iloc[:, -1]).median()
        row = {
            "seeds": _with_seeds(seeds, "seeds", seeds),
            "undecided": _with_seeds(seeds, "verdict", undecided),
            "comparisons": _with_seeds(seeds, "seeds", len(with_seeds)),
            "width": _with_seeds(seeds, "half_width", width),
        }
        rows.append(row)
    return rows


def _with_seeds(seeds: int, column: str, value: float) -> Number:
    return Number(value, [Source("results/intervals.csv", f".*,{seeds}", column, str(seeds))])
