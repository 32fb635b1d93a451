"""Verdicts on paired differences: given only where other seeds would give them again.

A family is all that one claim compares under one protocol. Its verdicts depend on its runs alone.
"""

from collections.abc import Callable, Sequence

import numpy as np
from scipy.special import stdtr, stdtrit  # scipy.stats takes a second to import

ALPHA = 0.05  # verdicts rest on 1 − ALPHA intervals, and on adjusted p-values below ALPHA
FEWEST_PAIRS = 3
REFITS = 999
STANDS = 0.75  # the share of refits that a verdict needs: docs/verdicts.md
REFITTED_AT_ONCE = 5_000_000  # numbers
UNDECIDED = "undecided"


def student(d: np.ndarray) -> dict[str, np.ndarray]:
    """Return the mean of differences (..., n), with Student's interval and p-value."""
    n = d.shape[-1]
    return with_student(d.mean(-1), d.std(-1, ddof=1) / np.sqrt(n), n - 1)


def with_student(effect: np.ndarray, error: np.ndarray, freedom: int) -> dict[str, np.ndarray]:
    """Return effect, interval and p-value of an estimate.

    `error` is its standard error, with `freedom` degrees of freedom.
    """
    width = -error * stdtrit(freedom, ALPHA / 2)
    with np.errstate(divide="ignore", invalid="ignore"):  # the error is 0 if all are the same
        p = 2 * stdtr(freedom, -abs(effect) / error)
    p = np.where(error == 0, effect == 0, p)
    return {"effect": effect, "ci_low": effect - width, "ci_high": effect + width, "p": p}


def fit(
    family: Sequence[np.ndarray], estimator: Callable[[np.ndarray], dict[str, np.ndarray]]
) -> dict[str, np.ndarray]:
    """Estimate each comparison of a family, and adjust the p-values over the family.

    `family` holds each comparison's differences (..., n). Returns effect, ci_low, ci_high and
    p_adjusted, each (..., comparisons). They are NaN where there are fewer than FEWEST_PAIRS
    differences, except for the effect, which is then the mean.
    """
    estimates = []
    for d in family:
        if d.shape[-1] < FEWEST_PAIRS:
            nan = np.full(d.shape[:-1], np.nan)
            estimate = dict.fromkeys(("effect", "ci_low", "ci_high", "p"), nan)
            if d.shape[-1]:
                estimate["effect"] = d.mean(-1)
        else:
            estimate = estimator(d)
        estimates.append(estimate)
    fits = {key: np.stack([estimate[key] for estimate in estimates], -1) for key in estimates[0]}
    p_adjusted = holm(fits.pop("p"))
    return fits | {"p_adjusted": p_adjusted}


def holm(p: np.ndarray) -> np.ndarray:
    """Return Holm's adjusted p-values along the last axis (Holm 1979), where NaN do not count."""
    order = np.argsort(p, axis=-1)  # NaN comes last
    count = np.isfinite(p).sum(-1, keepdims=True)
    steps = np.take_along_axis(p, order, -1) * (count - np.arange(p.shape[-1]))
    adjusted = np.full(p.shape, np.nan)
    steps = np.minimum(np.maximum.accumulate(steps, -1), 1)
    np.put_along_axis(adjusted, order, steps, -1)
    return adjusted


def verdicts(claim: dict, fits: dict[str, np.ndarray]) -> np.ndarray:
    """Return what comparisons say of a claim, by the rule at the top of analysis/verdicts.py."""
    low, high = fits["ci_low"], fits["ci_high"]
    margin = claim["margin"]
    differs = (fits["p_adjusted"] < ALPHA) & ((low > 0) | (high < 0))
    sign = {"higher": 1, "lower": -1, "same": 0}[claim["expected"]]
    same = "holds" if claim["expected"] == "same" else "no difference"
    return np.select(
        [(-margin < low) & (high < margin), differs & (sign * low > 0), differs],
        [same, "holds", "reversed"],
        UNDECIDED,
    )


def refits(
    claim: dict,
    family: Sequence[np.ndarray],
    estimator: Callable[[np.ndarray], dict[str, np.ndarray]],
) -> np.ndarray:
    """Return the verdicts of REFITS resampled studies, (REFITS, comparisons).

    Their seeds are drawn, with replacement, from the seeds of this study.
    """
    generator = np.random.default_rng(0)
    longest = max(map(len, family))
    at_once = max(1, REFITTED_AT_ONCE // max(1, longest))
    parts = []
    for first in range(0, REFITS, at_once):
        places = generator.random((min(at_once, REFITS - first), longest))
        resampled = [d[(places[:, : len(d)] * len(d)).astype(int)] for d in family]
        parts.append(verdicts(claim, fit(resampled, estimator)))
    return np.concatenate(parts)
