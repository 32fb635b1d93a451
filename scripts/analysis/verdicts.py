"""Decide the source's claims by the runs.

A comparison is paired by seed: its differences are those between the two runs of each seed. Its
effect, interval and p-value are those of ESTIMATOR, the p-value adjusted for the comparisons of the
same claim under the same protocol (Holm 1979). Where m is the claim's margin, it says

    no difference   if the interval lies within (−m, m),
    holds           else, if it lies on the expected side of 0 and the adjusted p is below 0.05,
    reversed        if it lies on the other side and the adjusted p is below 0.05,
    undecided       else, and where fewer than three pairs have both values.

A claim that expects no difference holds where there is none, and is reversed by one on either side.
That is the verdict if it `stands`: if at least STANDS of REFITS studies, whose seeds are drawn with
replacement from these, say the same (scripts/analysis/inference.py); else it is undecided, and only
`leans` that way. docs/verdicts.md tells how this rule was chosen.

A comparison of runs of which some are missing (results/missing.csv) is `unproven`, and one whose
runs the protocol does not train `not tested`. Over its comparisons, a claim is unproven or untested
if one of them is, and `mixed` if they disagree. If they agree, it has their verdict where that
stands for all of them together, and is else undecided.
"""

import itertools
import math
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.special import ndtri  # quantiles of the normal distribution

from scripts.analysis.inference import ALPHA, STANDS, UNDECIDED, fit, refits, student, verdicts
from scripts.tables import schemas
from scripts.tables.schemas import KEYS

ESTIMATOR = student
UNPROVEN, NOT_TESTED = "unproven", "not tested"
NEITHER = (UNPROVEN, NOT_TESTED)  # what a comparison without its runs is


class Comparison(NamedTuple):
    """Two runs of each seed, told apart by what they train."""

    hidden: str  # an activation, or "first-second"
    output: str
    status: str  # UNPROVEN, NOT_TESTED, or nothing where all runs are there
    differences: pd.Series  # by seed


NONE = pd.Series(dtype="float64")


def evaluate(claims, runs, protocol_names, missing=()):
    """The tables claims and verdicts."""
    rows, over = [], []
    for name, protocol, comparisons in families(claims, runs, protocol_names, missing):
        claim = claims[name]
        about = {"claim": name, "protocol": protocol}
        about |= {key: claim[key] for key in ("metric", "scale", "margin")}
        of_family, of_claim = decide(claim, comparisons)
        rows += [about | row for row in of_family]
        over.append(about | of_claim)
    rows, over = (
        pd.DataFrame(found, columns=list(schemas.TABLES[table].columns))
        for table, found in (("claims", rows), ("verdicts", over))
    )
    return rows.astype({"seeds_needed": "Int64"}), over


def families(claims, runs, protocol_names, missing=()):
    """(claim, protocol, comparisons) of each claim and protocol, where one comparison at least has
    its runs, or would have if none were missing.
    """
    for (name, claim), protocol in itertools.product(claims.items(), protocol_names):
        comparisons = [
            compared(claim, runs, missing, first, second)
            for first, second in sides(claim, protocol)
        ]
        if any(comparison.status != NOT_TESTED for comparison in comparisons):
            yield name, protocol, comparisons


def sides(claim, protocol):
    """(key of the first runs, key of the second runs or a value) of each comparison."""
    for within in itertools.product(*claim["within"].values()):
        here = {"protocol": protocol} | dict(zip(claim["within"], within, strict=True))
        for comparison in claim["comparisons"]:
            second = comparison.get("value")
            if second is None:
                second = key_of(here | comparison["second"], protocol)
            yield key_of(here | comparison["first"], protocol), second


def key_of(description, protocol):
    return tuple(description[column].format(protocol=protocol) for column in KEYS)


def compared(claim, runs, missing, first, second):
    keys = [key for key in (first, second) if isinstance(key, tuple)]
    _, *names = (dict.fromkeys(named) for named in zip(*keys, strict=True))
    hidden, output = map("-".join, names)
    if not all(key in runs or key in missing for key in keys):
        return Comparison(hidden, output, NOT_TESTED, NONE)
    status = "" if set(keys).isdisjoint(missing) else UNPROVEN
    values = [
        runs.metric(claim["metric"], key) if isinstance(key, tuple) else key
        for key in (first, second)
    ]
    return Comparison(hidden, output, status, paired(claim, *values))


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


def decide(claim, comparisons):
    """The rows of a family's comparisons, and of the claim over them."""
    family = [comparison.differences.to_numpy() for comparison in comparisons]
    fits = fit(family, ESTIMATOR)
    leans, again = verdicts(claim, fits), refits(claim, family, ESTIMATOR)
    stands = (again == leans).mean(0)
    given = [
        c.status or (leans[i] if stands[i] >= STANDS else UNDECIDED)
        for i, c in enumerate(comparisons)
    ]
    rows = []
    for i, comparison in enumerate(comparisons):
        result = {key: values[i] for key, values in fits.items()} | {"n": len(family[i])}
        row = {"comparison": comparison.hidden, "output": comparison.output}
        row |= {"verdict": given[i], "leans": comparison.status or leans[i]}
        if not comparison.status:
            row["stands"] = stands[i]
            if given[i] == UNDECIDED:
                row["seeds_needed"] = seeds_needed(claim, result, len(family))
        rows.append(result | row)
    over = {
        column: " and ".join(dict.fromkeys(row[column] for row in rows))
        for column in ("comparison", "output")
    }
    over |= {"n": max(row["n"] for row in rows), "verdict": agreed(given)}
    if over["verdict"] not in NEITHER:
        leaning = agreed(leans)
        over["stands"] = np.mean([agreed(refit) == leaning for refit in again])
        if over["verdict"] not in ("mixed", UNDECIDED) and over["stands"] < STANDS:
            over["verdict"] = UNDECIDED
    return rows, over


def agreed(verdicts):
    """The verdict over comparisons."""
    verdicts = set(verdicts)
    for verdict in NEITHER:
        if verdict in verdicts:
            return verdict
    return verdicts.pop() if len(verdicts) == 1 else "mixed"


def seeds_needed(claim, result, comparisons):
    """About how many seeds would decide a comparison if its effect and its spread stayed as they
    are. With n seeds, an interval is as wide as 1/√n; it must keep within the margin, or leave 0 by
    so much that the p-value is low enough for all comparisons; and so in STANDS of all studies.
    None where there is nothing to say.
    """
    error = (result["ci_high"] - result["ci_low"]) / 2 / -ndtri(ALPHA / 2)
    if not error > 0:
        return None
    size, luck = abs(result["effect"]), ndtri(STANDS)
    leaves_0 = size / (luck - ndtri(ALPHA / 2 / comparisons))
    within_margin = (claim["margin"] - size) / (luck - ndtri(ALPHA / 2))
    times_narrower = error / max(leaves_0, within_margin)
    return max(result["n"] + 1, math.ceil(result["n"] * times_narrower**2))


def intervals(claims, runs, protocol_names, missing=()):
    """Half-widths and verdicts with a quarter of the seeds, half of them, and all."""
    count = max((seeds for key, seeds in runs.seeds.items() if key[0] in protocol_names), default=0)
    by_seeds = {
        seeds: evaluate(claims, runs.first(seeds), protocol_names, missing)[0]
        for seeds in (math.ceil(count / 4), math.ceil(count / 2), count)
    }
    table = pd.concat(by_seeds, names=["seeds"]).reset_index("seeds")
    table = table[table["seeds"] > 0]
    table["half_width"] = (table["ci_high"] - table["ci_low"]) / 2
    return table[list(schemas.TABLES["intervals"].columns)]
