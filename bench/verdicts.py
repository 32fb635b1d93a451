"""Compare rules for verdicts: how often they decide, and how often other seeds agree.

    python -m bench.verdicts [--pairs N]

draws pairs of studies of 20 seeds each, without a common seed, from the many seeds of each
combination in docs/verdicts.csv. Each rule decides the claims by both studies. The table shows how
often a rule decides and, where it decides by both studies, how often the two agree or contradict
each other. A rule is an estimator and the share of bootstrap refits that must give the same
verdict.
"""

import argparse
import collections
from collections.abc import Callable

import numpy as np
import pandas as pd

from scripts.analysis import inference
from scripts.analysis.claims import read_claims
from scripts.analysis.runs import Runs
from scripts.analysis.verdicts import families

RUNS = "docs/verdicts.csv"
SEEDS = 20  # in a study
SHARES = (0, 0.6, 0.7, 0.75, 0.8, 0.9, 0.95)


def trimmed(d: np.ndarray, part: float = 0.2) -> dict[str, np.ndarray]:
    """Estimate the mean without the least and the greatest fifth (Tukey & McLaughlin 1963)."""
    n = d.shape[-1]
    cut = int(part * n)
    d = np.sort(d, -1)
    inner = d[..., cut : n - cut]
    winsorised = np.clip(d, inner[..., :1], inner[..., -1:])
    error = winsorised.std(-1, ddof=1) / ((1 - 2 * cut / n) * np.sqrt(n))
    return inference.with_student(inner.mean(-1), error, n - 2 * cut - 1)


def hodges_lehmann(d: np.ndarray) -> dict[str, np.ndarray]:
    """Estimate the median of all pairs' means, with Wilcoxon's exact interval and p-value."""
    n = d.shape[-1]
    first, second = np.triu_indices(n)
    walsh = np.sort((d[..., first] + d[..., second]) / 2, -1)
    below = signed_rank(n)
    cut = max(int(np.searchsorted(below, inference.ALPHA / 2)) - 1, 0)
    positive = (walsh > 0).sum(-1)
    least = np.minimum(positive, (walsh < 0).sum(-1))
    return {
        "effect": np.median(walsh, -1),
        "ci_low": walsh[..., cut],
        "ci_high": walsh[..., -1 - cut],
        "p": np.minimum(2 * below[least], 1),
    }


def signed_rank(n: int) -> np.ndarray:
    """Return P(T ≤ t) of Wilcoxon's signed-rank statistic under no difference, for t from 0."""
    ways = np.ones(1)
    for rank in range(1, n + 1):
        with_or_without = np.zeros(rank + 1)  # the rank adds 0 or itself to the statistic
        with_or_without[[0, -1]] = 1
        ways = np.convolve(ways, with_or_without)
    return np.cumsum(ways) / 2**n


ESTIMATORS = {"mean": inference.student, "trimmed mean": trimmed, "Hodges–Lehmann": hodges_lehmann}


def study(
    claim: dict, family: list[np.ndarray], estimator: Callable
) -> tuple[np.ndarray, np.ndarray]:
    """Return the verdicts on a family's comparisons, and the share of refits that agree."""
    found = inference.verdicts(claim, inference.fit(family, estimator))
    return found, (inference.refits(claim, family, estimator) == found).mean(0)


def compare(
    families: list[tuple[dict, list[pd.Series]]], pairs: int
) -> dict[tuple[str, float], collections.Counter]:
    """Return {(estimator, share): counts of decided comparisons and of pairs decided twice}."""
    counts = collections.defaultdict(collections.Counter)
    seeds = np.unique(np.concatenate([d.index for _, family in families for d in family]))
    for pair in range(pairs):
        order = np.random.default_rng(pair).permutation(seeds)
        parts = [np.sort(order[i : i + SEEDS]) for i in (0, SEEDS)]
        for claim, family in families:
            halves = [[d[d.index.isin(part)].to_numpy() for d in family] for part in parts]
            for name, estimator in ESTIMATORS.items():
                both = [study(claim, half, estimator) for half in halves]
                for share in SHARES:
                    a, b = (decided_by(share, *verdicts) for verdicts in both)
                    count(counts[name, share], a, b)
    return counts


def decided_by(share: float, found: np.ndarray, agreement: np.ndarray) -> np.ndarray:
    """Return the verdicts, undecided where fewer refits than this share agree."""
    return np.where(agreement >= share, found, inference.UNDECIDED)


def count(counts: collections.Counter, a: np.ndarray, b: np.ndarray) -> None:
    """Add the verdicts of two studies, comparison by comparison, to the counts."""
    decided = [verdict != inference.UNDECIDED for verdict in (a, b)]
    both = decided[0] & decided[1]
    counts["comparisons"] += len(a) * 2
    counts["decided"] += int(sum(map(np.sum, decided)))
    counts["both"] += int(both.sum())
    counts["same"] += int((both & (a == b)).sum())
    opposite = (a == "holds") & (b == "reversed") | (a == "reversed") & (b == "holds")
    counts["contradictions"] += int(opposite.sum())


def main() -> None:
    """Run the comparison from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=200)
    pairs = parser.parse_args().pairs
    table = pd.read_csv(RUNS)
    claims = {name: claim for name, claim in read_claims().items() if claim["metric"] in table}
    runs = Runs(table)
    protocols = dict.fromkeys(protocol for protocol, *_ in runs.seeds)
    stated = [
        (claims[name], [comparison.differences for comparison in comparisons])
        for name, _, comparisons in families(claims, runs, protocols)
        if all(not comparison.status for comparison in comparisons)
    ]
    print("| Estimator | Refits that agree | Decided | Same verdict | Contradictions |")
    print("|:--|--:|--:|--:|--:|")
    for (name, share), n in compare(stated, pairs).items():
        print(
            f"| {name} | {share:.2f} or more | {n['decided'] / n['comparisons']:.3f} "
            f"| {n['same'] / n['both']:.4f} | {n['contradictions']} of {n['both']:,} |"
        )


if __name__ == "__main__":
    main()
