"""Which rule for verdicts decides most, of those that say the same of other seeds?

    python -m bench.verdicts [--pairs N]

From docs/verdicts.csv, many seeds of each combination, it draws pairs of studies of 20 seeds each
that have no seed in common, lets each rule decide the claims by both, and prints how often it
decides, and how often the two agree where both decide, or contradict each other. A rule is an
estimator and the share of bootstrap refits in which a verdict has to stand.
"""

import argparse
import collections

import numpy as np
import pandas as pd

from scripts.analysis import inference
from scripts.analysis.claims import read_claims
from scripts.analysis.runs import Runs
from scripts.analysis.verdicts import families

RUNS = "docs/verdicts.csv"
SEEDS = 20  # of a study
SHARES = (0, 0.6, 0.7, 0.75, 0.8, 0.9, 0.95)


def trimmed(d, part=0.2):
    """The mean without the least and the greatest fifth (Tukey & McLaughlin 1963)."""
    n = d.shape[-1]
    cut = int(part * n)
    d = np.sort(d, -1)
    inner = d[..., cut : n - cut]
    winsorised = np.clip(d, inner[..., :1], inner[..., -1:])
    error = winsorised.std(-1, ddof=1) / ((1 - 2 * cut / n) * np.sqrt(n))
    return inference.with_student(inner.mean(-1), error, n - 2 * cut - 1)


def hodges_lehmann(d):
    """The median of all pairs' means, with Wilcoxon's exact interval and p-value."""
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


def signed_rank(n):
    """P(T ≤ t) of Wilcoxon's signed-rank statistic without a difference, for t from 0."""
    ways = np.ones(1)
    for rank in range(1, n + 1):
        ways = np.convolve(ways, [1, *[0] * (rank - 1), 1])
    return np.cumsum(ways) / 2**n


ESTIMATORS = {"mean": inference.student, "trimmed mean": trimmed, "Hodges–Lehmann": hodges_lehmann}


def study(claim, family, estimator):
    """Of a family's comparisons: the verdicts, and in which share of refits each stands."""
    found = inference.verdicts(claim, inference.fit(family, estimator))
    return found, (inference.refits(claim, family, estimator) == found).mean(0)


def compare(families, pairs):
    """{(estimator, share): counts of comparisons decided, and of pairs where both are}"""
    counts = collections.defaultdict(collections.Counter)
    seeds = np.unique(np.concatenate([d.index for _, family in families for d in family]))
    for pair in range(pairs):
        order = np.random.default_rng(pair).permutation(seeds)
        parts = [np.sort(order[i : i + SEEDS]) for i in (0, SEEDS)]
        for claim, family in families:
            for name, estimator in ESTIMATORS.items():
                both = [
                    study(claim, [d[d.index.isin(part)].to_numpy() for d in family], estimator)
                    for part in parts
                ]
                for share in SHARES:
                    a, b = (
                        np.where(stands >= share, found, inference.UNDECIDED)
                        for found, stands in both
                    )
                    count(counts[name, share], a, b)
    return counts


def count(counts, a, b):
    decided = [verdict != inference.UNDECIDED for verdict in (a, b)]
    both = decided[0] & decided[1]
    counts["comparisons"] += len(a) * 2
    counts["decided"] += int(sum(map(np.sum, decided)))
    counts["both"] += int(both.sum())
    counts["same"] += int((both & (a == b)).sum())
    opposite = (a == "holds") & (b == "reversed") | (a == "reversed") & (b == "holds")
    counts["contradictions"] += int(opposite.sum())


def main():
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
