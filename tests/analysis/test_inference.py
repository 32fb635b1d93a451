"""What differences say: their intervals and p-values, verdicts on them, and whether those stand."""

import math

import numpy as np
import pytest
from scipy import stats

from scripts.analysis import inference
from scripts.analysis.inference import fit, holm, refits, student, verdicts

LOWER = {"expected": "lower", "margin": 0.1}
NONE = math.nan


def differences(*shape, seed=0, mean=-0.2, sd=0.3):
    return np.random.default_rng(seed).normal(mean, sd, shape)


def crude(d):
    """An estimator like any other: the mean, two standard errors about it, and some kind of p."""
    effect, error = d.mean(-1), d.std(-1, ddof=1) / np.sqrt(d.shape[-1]) + 1e-9
    p = np.exp(-abs(effect) / error)
    return {"effect": effect, "ci_low": effect - 2 * error, "ci_high": effect + 2 * error, "p": p}


# Estimates


def test_the_mean_has_the_interval_and_p_value_of_the_paired_t_test():
    d = differences(12)
    known = stats.ttest_1samp(d, 0)
    low, high = known.confidence_interval(0.95)
    found = student(d)
    assert found["effect"] == pytest.approx(d.mean())
    assert (found["ci_low"], found["ci_high"]) == pytest.approx((low, high))
    assert found["p"] == pytest.approx(known.pvalue)


@pytest.mark.parametrize(("value", "p"), [(0.5, 0), (-0.5, 0), (0.0, 1)])
def test_differences_that_are_all_the_same_have_an_interval_of_one_point(value, p):
    found = student(np.full(8, value))
    assert found == {"effect": value, "ci_low": value, "ci_high": value, "p": p}


def test_studies_side_by_side_are_estimated_as_each_alone():
    family = [differences(5, 7), differences(5, 4, seed=1)]
    together = fit(family, crude)
    assert together["effect"].shape == (5, 2)
    for i in range(5):
        alone = fit([d[i] for d in family], crude)
        for key, values in alone.items():
            np.testing.assert_array_equal(together[key][i], values)


def test_a_fit_is_what_the_estimator_says_with_p_adjusted_over_the_family():
    family = [differences(9, seed=seed) for seed in range(4)]
    found, each = fit(family, crude), [crude(d) for d in family]
    assert list(found) == ["effect", "ci_low", "ci_high", "p_adjusted"]
    for key in ("effect", "ci_low", "ci_high"):
        assert found[key].tolist() == [one[key] for one in each]
    assert found["p_adjusted"].tolist() == holm(np.array([one["p"] for one in each])).tolist()


@pytest.mark.parametrize(("few", "effect"), [([], NONE), ([0.5], 0.5), ([0.5, -0.1], 0.2)])
def test_of_fewer_than_three_differences_only_the_mean_is_told(few, effect):
    d = differences(12)
    found = fit([d, np.array(few)], crude)
    assert found["effect"][1] == pytest.approx(effect, nan_ok=True)
    assert all(np.isnan(found[key][1]) for key in ("ci_low", "ci_high", "p_adjusted"))
    assert found["p_adjusted"][0] == crude(d)["p"]  # as if it were alone
    assert verdicts(LOWER, found)[1] == "undecided"


# Holm


def textbook(p):
    """Holm's procedure, step by step."""
    tested = sorted((value, i) for i, value in enumerate(p) if not math.isnan(value))
    adjusted, so_far = [NONE] * len(p), 0.0
    for step, (value, i) in enumerate(tested):
        so_far = max(so_far, min(1.0, (len(tested) - step) * value))
        adjusted[i] = so_far
    return adjusted


def test_holm_on_an_example_of_the_textbook():
    p = np.array([0.01, 0.04, 0.03, 0.005, NONE])
    assert holm(p) == pytest.approx([0.03, 0.06, 0.06, 0.02, NONE], nan_ok=True)
    assert holm(np.array([0.9, 0.8])).max() == 1
    assert holm(np.array([0.03])).tolist() == [0.03]
    assert np.isnan(holm(np.full(3, NONE))).all()


def test_holm_is_the_textbook_procedure_row_by_row():
    generator = np.random.default_rng(0)
    p = generator.random((300, 6)) ** 4
    p[generator.random(p.shape) < 0.3] = NONE
    p[::3] = p[::3].round(1)  # ties
    np.testing.assert_allclose(holm(p), [textbook(row) for row in p], rtol=1e-12)


# Verdicts


def said(expected, low, high, p, margin=0.1):
    fits = {"ci_low": low, "ci_high": high, "p_adjusted": p}
    fits = {key: np.array([value]) for key, value in fits.items()}
    return verdicts({"expected": expected, "margin": margin}, fits)[0]


@pytest.mark.parametrize(
    ("low", "high", "p", "lower", "higher", "same"),
    [
        (-0.5, -0.2, 0.01, "holds", "reversed", "reversed"),
        (0.2, 0.5, 0.01, "reversed", "holds", "reversed"),
        (-0.5, -0.05, 0.01, "holds", "reversed", "reversed"),
        (-0.09, -0.02, 0.01, "no difference", "no difference", "holds"),
        (-0.09, 0.09, 0.9, "no difference", "no difference", "holds"),
        (0.0, 0.0, 1.0, "no difference", "no difference", "holds"),
        (-0.1, 0.05, 0.9, "undecided", "undecided", "undecided"),  # just not within
        (-0.05, 0.1, 0.9, "undecided", "undecided", "undecided"),
        (-0.5, 0.1, 0.06, "undecided", "undecided", "undecided"),
        (-0.5, 0.1, 0.01, "undecided", "undecided", "undecided"),  # p without the interval
        (-0.5, -0.2, 0.06, "undecided", "undecided", "undecided"),  # the interval without p
        (0.2, 0.5, 0.05, "undecided", "undecided", "undecided"),
        (-0.5, 0.0, 0.01, "undecided", "undecided", "undecided"),
        (NONE, NONE, NONE, "undecided", "undecided", "undecided"),
    ],
)
def test_the_verdict_follows_from_interval_margin_and_p(low, high, p, lower, higher, same):
    found = [said(expected, low, high, p) for expected in ("lower", "higher", "same")]
    assert found == [lower, higher, same]


# Refits


def plainly(family):
    """The verdicts of one study, one by one."""
    nothing = {"ci_low": NONE, "ci_high": NONE, "p": NONE}
    each = [crude(np.array(d)) if len(d) > 2 else nothing for d in family]
    p_adjusted = textbook([one["p"] for one in each])
    return [
        said("lower", one["ci_low"], one["ci_high"], p, margin=0.1)
        for one, p in zip(each, p_adjusted, strict=True)
    ]


SOME = {
    "one comparison": [differences(10, mean=-0.25)],
    "three": [differences(10, seed=seed, mean=mean) for seed, mean in enumerate((-0.2, 0, 0.3))],
    "some of other lengths": [differences(10), differences(7, seed=1), differences(9, seed=2)],
    "some too few": [differences(10), differences(2), differences(0)],
}


@pytest.mark.parametrize("case", SOME)
def test_refits_are_those_of_a_plain_loop_over_resampled_studies(monkeypatch, case):
    monkeypatch.setattr(inference, "REFITS", 60)
    family, draw = SOME[case], np.random.default_rng(0)
    expected = []
    for _ in range(60):
        places = draw.random(max(map(len, family)))
        study = [[d[int(place * len(d))] for place in places[: len(d)]] for d in family]
        expected.append(plainly(study))
    found = refits(LOWER, family, crude)
    assert found.tolist() == expected
    assert len({*map(tuple, expected)}) > 1


def test_there_are_as_many_refits_as_are_said_and_they_are_the_same_each_time():
    first, second = (refits(LOWER, SOME["three"], crude) for _ in range(2))
    assert first.shape == (inference.REFITS, 3)
    assert (first == second).all()


@pytest.mark.parametrize("at_once", [1, 10, 37, 95, 10_000])
def test_how_much_is_refitted_at_once_changes_nothing(monkeypatch, at_once):
    monkeypatch.setattr(inference, "REFITS", 100)
    whole = refits(LOWER, SOME["some of other lengths"], crude)
    monkeypatch.setattr(inference, "REFITTED_AT_ONCE", at_once)
    assert refits(LOWER, SOME["some of other lengths"], crude).tobytes() == whole.tobytes()


def test_of_ten_thousand_seeds_no_more_is_held_at_once_than_is_allowed(monkeypatch):
    monkeypatch.setattr(inference, "REFITTED_AT_ONCE", 200_000)
    held = []

    def counting(d):
        held.append(d.size)
        return crude(d)

    found = refits(LOWER, [differences(10_000, mean=-0.15)], counting)
    assert found.shape == (inference.REFITS, 1)
    assert max(held) == 200_000
    assert sum(held) == inference.REFITS * 10_000
    assert (found == "holds").all()


def test_a_refit_draws_the_same_seeds_for_all_comparisons():
    d = differences(10)
    found = refits(LOWER, [d, d, -d], crude)
    assert (found[:, 0] == found[:, 1]).all()
    opposite = {"holds": "reversed", "reversed": "holds"}
    assert found[:, 2].tolist() == [opposite.get(verdict, verdict) for verdict in found[:, 0]]


def test_without_any_difference_every_refit_is_undecided():
    found = refits(LOWER, [np.array([]), np.array([])], crude)
    assert found.shape == (inference.REFITS, 2)
    assert (found == "undecided").all()
