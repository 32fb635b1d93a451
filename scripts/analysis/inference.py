"""Verdicts on paired differences: given only where other seeds would give them again.

A family is what one claim compares under one protocol. Its verdicts depend on its own runs alone.
"""

import numpy as np
from scipy.special import stdtr, stdtrit  # scipy.stats takes a second to import

ALPHA = 0.05  # verdicts rest on 1 − ALPHA intervals, and on adjusted p-values below ALPHA
FEWEST_PAIRS = 3
REFITS = 999
STANDS = 0.75  # the share of refits that a verdict needs: docs/verdicts.md
REFITTED_AT_ONCE = 5_000_000  # numbers
UNDECIDED = "undecided"


def student(d):
    """The mean of differences (..., n), with Student's interval and p-value."""
    n = d.shape[-1]
    return with_student(d.mean(-1), d.std(-1, ddof=1) / np.sqrt(n), n - 1)


def with_student(effect, error, freedom):
    """Effect, interval and p of an estimate, its standard error and their degrees of freedom."""
    width = -error * stdtrit(freedom, ALPHA / 2)
    with np.errstate(divide="ignore", invalid="ignore"):  # of differences that are all the same
        p = 2 * stdtr(freedom, -abs(effect) / error)
    p = np.where(error == 0, effect == 0, p)
    return {"effect": effect, "ci_low": effect - width, "ci_high": effect + width, "p": p}


def fit(family, estimator):
    """What an estimator says of each comparison of a family, of differences (..., n) each:
    {"effect": (..., comparisons), …}. NaN where there are too few.
    """
    fits = []
    for d in family:
        if d.shape[-1] < FEWEST_PAIRS:
            none = np.full(d.shape[:-1], np.nan)
            fits.append(dict.fromkeys(("effect", "ci_low", "ci_high", "p"), none))
            if d.shape[-1]:
                fits[-1]["effect"] = d.mean(-1)
        else:
            fits.append(estimator(d))
    fits = {key: np.stack([each[key] for each in fits], -1) for key in fits[0]}
    return fits | {"p_adjusted": holm(fits.pop("p"))}


def holm(p):
    """Holm's adjusted p-values along the last axis (Holm 1979); those that are NaN count for
    nothing.
    """
    order = np.argsort(p, axis=-1)  # NaN comes last
    count = np.isfinite(p).sum(-1, keepdims=True)
    steps = np.take_along_axis(p, order, -1) * (count - np.arange(p.shape[-1]))
    adjusted = np.full(p.shape, np.nan)
    steps = np.minimum(np.maximum.accumulate(steps, -1), 1)
    np.put_along_axis(adjusted, order, steps, -1)
    return adjusted


def verdicts(claim, fits):
    """What comparisons say of a claim: see the top of scripts/analysis/verdicts.py."""
    low, high, margin = fits["ci_low"], fits["ci_high"], claim["margin"]
    differs = (fits["p_adjusted"] < ALPHA) & ((low > 0) | (high < 0))
    sign = {"higher": 1, "lower": -1, "same": 0}[claim["expected"]]
    same = "holds" if claim["expected"] == "same" else "no difference"
    return np.select(
        [(-margin < low) & (high < margin), differs & (sign * low > 0), differs],
        [same, "holds", "reversed"],
        UNDECIDED,
    )


def refits(claim, family, estimator):
    """The verdicts of REFITS studies whose seeds are drawn, with replacement, from the seeds of
    this one: (refits, comparisons).
    """
    draw, longest = np.random.default_rng(0), max(map(len, family))
    at_once = max(1, REFITTED_AT_ONCE // max(1, longest))
    parts = []
    for first in range(0, REFITS, at_once):
        places = draw.random((min(at_once, REFITS - first), longest))
        resampled = [d[(places[:, : len(d)] * len(d)).astype(int)] for d in family]
        parts.append(verdicts(claim, fit(resampled, estimator)))
    return np.concatenate(parts)
