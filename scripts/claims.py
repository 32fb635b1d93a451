"""Decide the source's claims by the runs.

    python -m scripts.claims --config JSON [--by DIGEST]

reads report/claims.yaml and results/runs.csv, and writes results/claims.csv and intervals.csv;
reads report/published.csv and results/summary.csv, and writes results/agreement.csv.

A comparison is paired by seed. Its effect is the mean over seeds of the difference between the two
runs of a seed; its interval the 95 % bootstrap interval of that mean (bias-corrected and
accelerated; Efron 1987); its p-value that of the paired t-test, adjusted for all comparisons in the
table (Holm 1979). Where m is the claim's margin, its verdict is

    no difference   if the interval lies within (−m, m),
    holds           else, if it lies on the expected side of 0 and the adjusted p is below 0.05,
    reversed        if it lies on the other side and the adjusted p is below 0.05,
    undecided       else, and where fewer than three pairs have both values.

A claim that expects no difference holds where there is none, and is reversed by one on either side.
A comparison of runs of which some are missing (results/missing.csv) is `unproven`. Over the groups
that have a pair, the verdict is theirs, or `mixed`; it is unproven if one of them is. Fragility
counts the refits, each without one seed, in which the verdict stands; of more than 50 seeds, each
without one of 50 parts of neighbouring seeds.

Of more than 500 seeds, the means of 500 groups of neighbouring seeds are resampled, tested and left
out in their stead: so memory and time do not grow with the runs, and the widths of intervals are
known to some 3 % (1/√(2·500)), about as well as a bootstrap with 2,999 resamples tells them.
"""

import argparse
import itertools
import json
import math
import warnings

import numpy as np
import pandas as pd
from scipy import stats

from scripts import tables
from scripts.config import protocols
from scripts.errors import reported
from scripts.predicates import ALPHA, MOST_GROUPS, MOST_REFITS, read_claims
from scripts.published import PUBLISHED, agreement
from scripts.receipts import receipt
from scripts.runs import KEYS, Runs
from scripts.study import VERDICTS, VERDICTS_FROM, beside_main

RESAMPLES = 2999
FEWEST_PAIRS = 3
RESAMPLED_AT_ONCE = 5_000_000  # numbers
UNPROVEN = "unproven"  # of a comparison whose runs are not all there


def evaluate(claims, runs, protocol_names, missing=(), refit=True):
    """The rows of claims.csv: one a comparison, then one, `all`, a claim and protocol. What rests
    on a combination with missing runs is unproven. Refits, for the fragility, take most of the
    time.
    """
    tests = [
        (name, protocol, group, not both.isdisjoint(missing), len(d), grouped(d))
        for name, claim in claims.items()
        for protocol in protocol_names
        for group, both, d in comparisons(claim, runs, protocol, missing)
    ]
    results = [measure(d.to_numpy()) | {"n": n} for *_, n, d in tests]
    p = np.array([result["p"] for result in results])
    p_adjusted = holm(p)

    rows = []
    for i, (name, protocol, group, unproven, _, d) in enumerate(tests):
        result = results[i] | {"p_adjusted": p_adjusted[i]}
        row = {"claim": name, "protocol": protocol, "group": group}
        row |= {key: result[key] for key in ("n", "effect", "ci_low", "ci_high", "p_adjusted")}
        if unproven:
            row |= {"verdict": UNPROVEN, "refits": {}, "seeds_needed": None}
        else:
            changed = without_each_part(claims[name], d, p, i) if refit else {}
            row |= {"verdict": verdict(claims[name], result), "refits": changed}
            row |= {"seeds_needed": seeds_needed(claims[name], result, len(tests))}
        rows.append(row)
    table = pd.DataFrame(with_overall(rows), columns=list(tables.TABLES["claims"].columns))
    return table.astype({"seeds_needed": "Int64"})


def comparisons(claim, runs, protocol, missing=()):
    """(group, the combinations, differences by seed) of each comparison whose runs exist under a
    protocol, or are missing.
    """
    for group, first, second in sides(claim, protocol):
        of_runs = [key for key in (first, second) if isinstance(key, tuple)]
        if all(key in runs or key in missing for key in of_runs):
            values = [
                runs.metric(claim["metric"], key) if isinstance(key, tuple) else key
                for key in (first, second)
            ]
            yield group, set(of_runs), paired(claim, *values)


def sides(claim, protocol):
    """(group, key of the first runs, key of the second runs or a value) of each comparison."""
    for group in itertools.product(*claim["within"].values()):
        here = {"protocol": protocol} | dict(zip(claim["within"], group, strict=True))
        for comparison in claim["comparisons"]:
            first = key_of(here | comparison["first"], protocol)
            second = comparison.get("value")
            if second is None:
                second = key_of(here | comparison["second"], protocol)
            yield group_name(claim, comparison, group), first, second


def key_of(description, protocol):
    return tuple(description[column].format(protocol=protocol) for column in KEYS)


def group_name(claim, comparison, group):
    """The hidden activation, or the pair of them, and whatever else tells the group from others."""
    choices = zip(claim["within"].items(), group, strict=True)
    group = [chosen for (column, among), chosen in choices if column == "hidden" or len(among) > 1]
    sides = [comparison[side].get("hidden") for side in ("first", "second") if side in comparison]
    return " ".join([*(["-".join(sides)] if all(sides) else []), *group])


def paired(claim, first, second):
    """Each seed's difference, of the seeds whose runs both have a value, or one where the other's
    lack of one counts as `never`.
    """
    if isinstance(second, pd.Series):
        first, second = first.align(second, join="inner")
    pairs = pd.DataFrame({"first": first, "second": second})
    if "never" in claim:
        pairs = pairs.dropna(how="all").fillna(claim["never"])
    ratio = claim["scale"] == "ratio"
    first, second = pairs["first"], pairs["second"]
    difference = np.log(first / second) if ratio else first - second
    return difference[np.isfinite(difference)]


def grouped(differences):
    """The differences, or the means of MOST_GROUPS groups of them, if there are more."""
    return differences.groupby(part_of(differences.index, MOST_GROUPS)).mean()


def part_of(seeds, parts):
    """To which of so many parts of neighbours each seed belongs; to its own if there are few."""
    count = seeds.max() + 1
    return seeds * parts // count if count > parts else seeds


def measure(d):
    """Effect, interval and p of differences along the last axis; NaN where they are too few."""
    n = d.shape[-1]
    if n < FEWEST_PAIRS:
        none = np.full(d.shape[:-1], np.nan)
        return {"effect": d.mean(-1) if n else none, "ci_low": none, "ci_high": none, "p": none}
    mean, constant = d.mean(-1), np.ptp(d, axis=-1) == 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scipy's, of differences that are all the same
        low, high = stats.bootstrap(
            (d,),
            np.mean,
            axis=-1,
            confidence_level=1 - ALPHA,
            n_resamples=RESAMPLES,
            batch=math.ceil(RESAMPLED_AT_ONCE / d.size),
            rng=0,
        ).confidence_interval
        p = stats.ttest_1samp(d, 0, axis=-1).pvalue
    return {
        "effect": mean,
        "ci_low": np.where(constant, mean, low),
        "ci_high": np.where(constant, mean, high),
        "p": np.where(constant, np.where(mean == 0, 1.0, 0.0), p),
    }


def holm(p):
    """Holm's adjusted p-values; those that are NaN count for nothing."""
    adjusted = np.full(len(p), np.nan)
    order = np.argsort(p)[: np.isfinite(p).sum()]
    steps = p[order] * np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1)
    return adjusted


def verdict(claim, result):
    """What a comparison says of a claim: see the top of this file."""
    low, high, margin = result["ci_low"], result["ci_high"], claim["margin"]
    if np.isnan(low):
        return "undecided"
    differs = result["p_adjusted"] < ALPHA and (low > 0 or high < 0)
    if -margin < low and high < margin:
        return "holds" if claim["expected"] == "same" else "no difference"
    if not differs:
        return "undecided"
    sign = {"higher": 1, "lower": -1, "same": 0}[claim["expected"]]
    return "holds" if sign * low > 0 else "reversed"


def seeds_needed(claim, result, tests):
    """About how many seeds would decide a comparison if its effect and its spread stayed as they
    are: with n seeds, the interval is as wide as 1/√n, and must keep within the margin, or leave 0
    by so much that the p-value is low enough for all tests. Missing where there is nothing to say.
    """
    half_width, size = (result["ci_high"] - result["ci_low"]) / 2, abs(result["effect"])
    if verdict(claim, result) != "undecided" or not half_width > 0:
        return None
    level = stats.norm.isf(ALPHA / 2 / tests) / stats.norm.isf(ALPHA / 2)
    times_narrower = half_width / max(size / level, claim["margin"] - size)
    return max(result["n"] + 1, math.ceil(result["n"] * times_narrower**2))


def intervals(claims, runs, protocol_names, shown, missing=()):
    """Half-widths and verdicts with a quarter of the seeds, half of them, and all, under the
    protocols to show.
    """
    count = max((seeds for key, seeds in runs.seeds.items() if key[0] in shown), default=0)
    by_seeds = {
        seeds: evaluate(claims, runs.first(seeds), protocol_names, missing, refit=False)
        for seeds in (math.ceil(count / 4), math.ceil(count / 2), count)
    }
    table = pd.concat(by_seeds, names=["seeds"]).reset_index("seeds").query("group != 'all'")
    table = table[table["protocol"].isin(shown)]
    table["half_width"] = (table["ci_high"] - table["ci_low"]) / 2
    return table[["claim", "protocol", "group", "seeds", "half_width", "verdict"]]


def without_each_part(claim, differences, p, i):
    """{part: the verdict of a comparison without those seeds}, the others being as they are."""
    if len(differences) <= FEWEST_PAIRS:
        return {}
    part = part_of(differences.index, MOST_REFITS)
    parts, sizes = np.unique(part, return_counts=True)
    verdicts = {}
    for size in set(sizes):  # together, which is faster
        left_out = parts[sizes == size]
        refits = measure(np.stack([differences[part != each] for each in left_out]))
        for row, each in enumerate(left_out):
            changed = p.copy()
            changed[i] = refits["p"][row]
            result = {key: refits[key][row] for key in ("ci_low", "ci_high")}
            verdicts[each] = verdict(claim, result | {"p_adjusted": holm(changed)[i]})
    return verdicts


def with_overall(rows):
    """The rows, and after those of a claim and protocol the verdict over its groups."""
    for (name, protocol), group in itertools.groupby(rows, lambda r: (r["claim"], r["protocol"])):
        group = list(group)
        parts = sorted({part for row in group for part in row["refits"]})
        tested = [row for row in group if row["n"] or row["verdict"] == UNPROVEN] or group
        verdict = agreed(row["verdict"] for row in tested)
        for row in group:
            refits = list(row["refits"].values())
            yield row | {"fragility": refits.count(row["verdict"]), "refits": len(refits)}
        refits = [
            agreed(row["refits"].get(part, row["verdict"]) for row in tested) for part in parts
        ]
        yield {"claim": name, "protocol": protocol, "group": "all"} | {
            "n": max(row["n"] for row in group),
            "verdict": verdict,
            "fragility": 0 if verdict == UNPROVEN else refits.count(verdict),
            "refits": 0 if verdict == UNPROVEN else len(refits),
        }


def agreed(verdicts):
    verdicts = set(verdicts)
    if UNPROVEN in verdicts:
        return UNPROVEN
    return verdicts.pop() if len(verdicts) == 1 else "mixed"


@reported("claims")
def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", required=True, type=json.loads)
    parser.add_argument("--by")
    arguments = parser.parse_args()
    with receipt("claims", arguments.by, VERDICTS, VERDICTS_FROM):
        decide(arguments.config)


def decide(config):
    claims, runs = read_claims(), Runs(tables.read_in_parts("runs", "results/runs.csv"))
    keys = tables.read("missing", "results/missing.csv")[KEYS]
    missing = frozenset(keys.itertuples(index=False, name=None))
    rows = evaluate(claims, runs, protocols(config), missing)
    shrinking = intervals(claims, runs, protocols(config), list(beside_main(config)), missing)
    published = tables.read("published", PUBLISHED)
    summary = tables.read("summary", "results/summary.csv")
    complete = [key not in missing for key in summary[KEYS].itertuples(index=False, name=None)]
    tables.write(rows, "claims", "results/claims.csv")
    tables.write(shrinking, "intervals", "results/intervals.csv")
    tables.write(agreement(published, summary[complete]), "agreement", "results/agreement.csv")


if __name__ == "__main__":
    main()
