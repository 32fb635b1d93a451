"""Decide the source's claims by the runs.

A comparison is paired by seed: its differences are those between the two runs of each seed. Its
effect, interval and p-value are those of ESTIMATOR, the p-value adjusted for the comparisons of the
same claim under the same protocol (Holm 1979). With the claim's margin m, the first of these that
applies is its verdict:

    no difference   if the interval lies within (−m, m),
    holds           if it lies on the expected side of 0 and the adjusted p is below 0.05,
    reversed        if it lies on the other side and the adjusted p is below 0.05,
    undecided       in all other cases, and where fewer than three pairs have both values.

A claim that expects no difference holds if the interval lies within (−m, m), and is reversed by a
difference on either side. The verdict counts if it `stands`: if at least STANDS of REFITS studies,
whose seeds are drawn with replacement from these, give the same (scripts/analysis/inference.py).
If it does not stand, the comparison is undecided, and only `leans` that way. docs/verdicts.md
explains how this rule was chosen.

A comparison is `unproven` if some of its runs are missing (results/missing.csv), and `not tested`
if the protocol does not train its runs. Over its comparisons, a claim is unproven or not tested if
one of them is, and `mixed` if they disagree. If they agree, the claim has their verdict, provided
that this stands for all of them together; if it does not, the claim is undecided.
"""

import itertools
import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.special import ndtri  # quantiles of the normal distribution

from scripts.analysis.inference import ALPHA, STANDS, UNDECIDED, fit, refits, student, verdicts
from scripts.analysis.runs import Runs
from scripts.tables import schemas
from scripts.tables.schemas import KEYS

ESTIMATOR = student
UNPROVEN, NOT_TESTED = "unproven", "not tested"
NEITHER = (UNPROVEN, NOT_TESTED)  # the verdicts on comparisons without their runs
NO_DIFFERENCES = pd.Series(dtype="float64")


class Comparison(NamedTuple):
    """A comparison of two runs, or of a run and a value, for each seed."""

    hidden: str  # an activation, or "first-second"
    output: str  # in the same form
    status: str  # UNPROVEN, NOT_TESTED, or empty if no run is missing
    differences: pd.Series  # by seed


def evaluate(
    claims: dict[str, dict],
    runs: Runs,
    protocol_names: Iterable[str],
    missing: Collection[tuple[str, ...]] = (),
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the tables claims and verdicts."""
    claims_rows = []
    verdicts_rows = []
    for name, protocol, comparisons in families(claims, runs, protocol_names, missing):
        claim = claims[name]
        common = {"claim": name, "protocol": protocol}
        common |= {key: claim[key] for key in ("metric", "scale", "margin")}
        comparison_rows, claim_row = decide(claim, comparisons)
        claims_rows += [common | row for row in comparison_rows]
        verdicts_rows.append(common | claim_row)
    claims_table = pd.DataFrame(claims_rows, columns=list(schemas.TABLES["claims"].columns))
    verdicts_table = pd.DataFrame(verdicts_rows, columns=list(schemas.TABLES["verdicts"].columns))
    return claims_table.astype({"seeds_needed": "Int64"}), verdicts_table


def families(
    claims: dict[str, dict],
    runs: Runs,
    protocol_names: Iterable[str],
    missing: Collection[tuple[str, ...]] = (),
) -> Iterator[tuple[str, str, list[Comparison]]]:
    """Yield (claim, protocol, comparisons) for each claim and protocol.

    Families whose comparisons are all not tested are left out.
    """
    for (name, claim), protocol in itertools.product(claims.items(), protocol_names):
        comparisons = [
            compared(claim, runs, missing, first, second)
            for first, second in sides(claim, protocol)
        ]
        if any(comparison.status != NOT_TESTED for comparison in comparisons):
            yield name, protocol, comparisons


def sides(claim: dict, protocol: str) -> Iterator[tuple[tuple[str, ...], tuple[str, ...] | float]]:
    """Yield (key of the first runs, key of the second runs or a value) for each comparison."""
    for within in itertools.product(*claim["within"].values()):
        group = {"protocol": protocol} | dict(zip(claim["within"], within, strict=True))
        for comparison in claim["comparisons"]:
            second = comparison.get("value")
            if second is None:
                second = key_of(group | comparison["second"], protocol)
            yield key_of(group | comparison["first"], protocol), second


def key_of(description: dict[str, str], protocol: str) -> tuple[str, ...]:
    """Return (protocol, hidden, output) of described runs, with {protocol} filled in."""
    return tuple(description[column].format(protocol=protocol) for column in KEYS)


def compared(
    claim: dict,
    runs: Runs,
    missing: Collection[tuple[str, ...]],
    first: tuple[str, ...],
    second: tuple[str, ...] | float,
) -> Comparison:
    """Return the comparison of the first runs with the second ones, or with a value."""
    keys = [key for key in (first, second) if isinstance(key, tuple)]
    _, hidden, output = ("-".join(dict.fromkeys(names)) for names in zip(*keys, strict=True))
    if not all(key in runs or key in missing for key in keys):
        return Comparison(hidden, output, NOT_TESTED, NO_DIFFERENCES)
    status = "" if set(keys).isdisjoint(missing) else UNPROVEN
    metric = claim["metric"]
    first_values = runs.metric(metric, first)
    second_values = runs.metric(metric, second) if isinstance(second, tuple) else second
    return Comparison(hidden, output, status, paired(claim, first_values, second_values))


def paired(claim: dict, first: pd.Series, second: pd.Series | float) -> pd.Series:
    """Return each seed's difference, or difference of logarithms if the scale is a ratio.

    Seeds without a finite difference are left out. With the claim's `never`, a run without a value
    counts as that number, if the other run of its seed has a value.
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


def decide(claim: dict, comparisons: Sequence[Comparison]) -> tuple[list[dict], dict]:
    """Return the rows of a family's comparisons, and the row of the claim over them."""
    family = [comparison.differences.to_numpy() for comparison in comparisons]
    fits = fit(family, ESTIMATOR)
    leans = verdicts(claim, fits)
    refitted = refits(claim, family, ESTIMATOR)
    stands = (refitted == leans).mean(0)
    given = [
        comparison.status or (leans[i] if stands[i] >= STANDS else UNDECIDED)
        for i, comparison in enumerate(comparisons)
    ]
    rows = []
    for i, comparison in enumerate(comparisons):
        result = {key: values[i] for key, values in fits.items()} | {"n": len(family[i])}
        row: dict = {"comparison": comparison.hidden, "output": comparison.output}
        row |= {"verdict": given[i], "leans": comparison.status or leans[i]}
        if not comparison.status:
            row["stands"] = stands[i]
            if given[i] == UNDECIDED:
                row["seeds_needed"] = seeds_needed(claim, result, len(family))
        rows.append(result | row)
    over: dict = {
        column: " and ".join(dict.fromkeys(row[column] for row in rows))
        for column in ("comparison", "output")
    }
    over |= {"n": max(row["n"] for row in rows), "verdict": agreed(given)}
    if over["verdict"] not in NEITHER:
        leaning = agreed(leans)
        over["stands"] = np.mean([agreed(refit) == leaning for refit in refitted])
        if over["verdict"] not in ("mixed", UNDECIDED) and over["stands"] < STANDS:
            over["verdict"] = UNDECIDED
    return rows, over


def agreed(given: Iterable[str]) -> str:
    """Return the verdict over comparisons that have the given verdicts."""
    different = set(given)
    for verdict in NEITHER:
        if verdict in different:
            return verdict
    return different.pop() if len(different) == 1 else "mixed"


def seeds_needed(claim: dict, result: Mapping[str, float], comparisons: int) -> int | None:
    """Return about how many seeds would decide a comparison whose effect and spread do not change.

    With n seeds, an interval is as wide as 1/√n. It must lie within the margin, or be so far from 0
    that the p-value is low enough for all comparisons, in STANDS of all studies. None where the
    interval has no width.
    """
    error = (result["ci_high"] - result["ci_low"]) / 2 / -ndtri(ALPHA / 2)
    if not error > 0:
        return None
    size = abs(result["effect"])
    luck = ndtri(STANDS)
    leaves_0 = size / (luck - ndtri(ALPHA / 2 / comparisons))
    within_margin = (claim["margin"] - size) / (luck - ndtri(ALPHA / 2))
    times_narrower = error / max(leaves_0, within_margin)
    return max(result["n"] + 1, math.ceil(result["n"] * times_narrower**2))


def intervals(
    claims: dict[str, dict],
    runs: Runs,
    protocol_names: Collection[str],
    missing: Collection[tuple[str, ...]] = (),
) -> pd.DataFrame:
    """Return half-widths and verdicts with a quarter of the seeds, half of them, and all."""
    count = max((seeds for key, seeds in runs.seeds.items() if key[0] in protocol_names), default=0)
    by_seeds = {
        seeds: evaluate(claims, runs.first(seeds), protocol_names, missing)[0]
        for seeds in (math.ceil(count / 4), math.ceil(count / 2), count)
    }
    table = pd.concat(by_seeds, names=["seeds"]).reset_index("seeds")
    table = table[table["seeds"] > 0]
    table["half_width"] = (table["ci_high"] - table["ci_low"]) / 2
    return table[list(schemas.TABLES["intervals"].columns)]
