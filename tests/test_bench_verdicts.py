"""Rules for verdicts are compared: the estimators are those of the books, and counts are right."""

import sys
from collections import Counter

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from bench import verdicts
from bench.verdicts import compare, count, hodges_lehmann, signed_rank, trimmed
from scripts.analysis import inference
from tests.analysis.test_verdicts import CLAIM

estimators = pytest.mark.parametrize("estimator", verdicts.ESTIMATORS.values())


def differences(*shape, seed=0, mean=0.3):
    return np.random.default_rng(seed).normal(mean, 1, shape)


# Estimators


@pytest.mark.parametrize("n", [5, 12, 20])
def test_the_trimmed_mean_has_the_standard_error_of_winsorised_differences(n):
    d = differences(n)
    cut = n // 5
    winsorised = np.sort(d)
    winsorised[:cut], winsorised[n - cut :] = winsorised[cut], winsorised[n - cut - 1]
    error = winsorised.std(ddof=1) / ((1 - 2 * cut / n) * np.sqrt(n))
    effect, freedom = stats.trim_mean(d, 0.2), n - 2 * cut - 1
    found = trimmed(d)
    assert found["effect"] == pytest.approx(effect)
    interval = stats.t.interval(0.95, freedom, effect, error)
    assert (found["ci_low"], found["ci_high"]) == pytest.approx(interval)
    assert found["p"] == pytest.approx(2 * stats.t.sf(abs(effect) / error, freedom))


@pytest.mark.parametrize("n", [1, 2, 5, 9])
def test_the_signed_rank_statistic_is_counted_over_all_signs(n):
    signs = np.arange(2**n)[:, None] >> np.arange(n) & 1
    statistic = (signs * np.arange(1, n + 1)).sum(1)
    known = [(statistic <= t).mean() for t in range(n * (n + 1) // 2 + 1)]
    assert signed_rank(n) == pytest.approx(known)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("n", [6, 9, 20])
def test_hodges_and_lehmanns_p_value_is_wilcoxons_exact_one(n, seed):
    d = differences(n, seed=seed)
    assert hodges_lehmann(d)["p"] == pytest.approx(stats.wilcoxon(d, method="exact").pvalue)
    assert hodges_lehmann(-d)["p"] == hodges_lehmann(d)["p"]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("n", [7, 10])
def test_hodges_and_lehmanns_interval_holds_just_what_wilcoxons_test_does_not_reject(n, seed):
    d = differences(n, seed=seed)
    means = np.sort([(a + b) / 2 for i, a in enumerate(d) for b in d[i:]])
    between = [means[0] - 1, *(means[:-1] + means[1:]) / 2, means[-1] + 1]
    kept = [x for x in between if stats.wilcoxon(d - x, method="exact").pvalue >= 0.05]
    found = hodges_lehmann(d)
    assert found["effect"] == pytest.approx(np.median(means))
    assert found["ci_low"] == pytest.approx(means[means < kept[0]].max())
    assert found["ci_high"] == pytest.approx(means[means > kept[-1]].min())


@estimators
def test_studies_side_by_side_are_estimated_as_each_alone(estimator):
    d = differences(4, 20)
    together, each = estimator(d), [estimator(own) for own in d]
    for key, values in together.items():
        assert values.tolist() == pytest.approx([float(one[key]) for one in each])


@estimators
def test_an_estimator_turns_with_the_sign(estimator):
    here, there = estimator(differences(20)), estimator(-differences(20))
    assert there["effect"] == pytest.approx(-here["effect"])
    assert there["ci_low"] == pytest.approx(-here["ci_high"])
    assert there["p"] == pytest.approx(here["p"])


# Counts


def test_pairs_of_verdicts_are_counted():
    pairs = [
        ("holds", "holds"),
        ("reversed", "reversed"),
        ("no difference", "no difference"),
        ("holds", "no difference"),
        ("holds", "reversed"),
        ("reversed", "holds"),
        ("holds", "undecided"),
        ("undecided", "undecided"),
    ]
    counts = Counter()
    for _ in range(2):  # they add up
        count(counts, *map(np.array, zip(*pairs, strict=True)))
    assert counts == {
        "comparisons": 2 * 16,
        "decided": 2 * 13,
        "both": 2 * 6,
        "same": 2 * 3,
        "contradictions": 2 * 2,
    }


def series(**own):
    return pd.Series(differences(200, **own))


def test_clear_effects_are_always_decided_and_always_the_same(monkeypatch):
    monkeypatch.setattr(inference, "REFITS", 20)
    families = [(CLAIM, [series(mean=-9), series(mean=9)]), (CLAIM, [series(mean=-9)])]
    found = compare(families, 2)
    assert set(found) == {(name, s) for name in verdicts.ESTIMATORS for s in verdicts.SHARES}
    for counts in found.values():
        assert counts["comparisons"] == counts["decided"] == 2 * 2 * 3
        assert counts["both"] == counts["same"] == 2 * 3
        assert counts["contradictions"] == 0


def test_the_larger_the_share_asked_for_the_fewer_are_decided(monkeypatch):
    monkeypatch.setattr(inference, "REFITS", 50)
    found = compare([(CLAIM, [series(mean=-0.7, seed=seed) for seed in range(3)])], 8)
    for name in verdicts.ESTIMATORS:
        decided = [found[name, share]["decided"] for share in verdicts.SHARES]
        assert decided == sorted(decided, reverse=True)
        assert decided[0] > decided[-1]


def test_the_two_studies_of_a_pair_have_no_seed_in_common(monkeypatch):
    seeds = []

    def study(claim, family, estimator):
        (d,) = family
        seeds.append(set(d))
        return np.array(["holds"]), np.array([1.0])

    monkeypatch.setattr(verdicts, "study", study)
    compare([(CLAIM, [pd.Series(np.arange(200.0))])], 3)
    for one, other in zip(seeds[::2], seeds[1::2], strict=True):
        assert len(one) == len(other) == verdicts.SEEDS
        assert not one & other
    assert len({*map(frozenset, seeds)}) == 2 * 3  # other ones in each pair


def test_it_prints_a_row_for_each_rule_from_the_runs_of_many_seeds(tmp_path, monkeypatch, capsys):
    rows = []
    for i, (protocol, hidden) in enumerate([("p", "relu"), ("p", "tanh"), ("partial", "relu")]):
        base = differences(200, seed=i, mean=5)
        for output, values in (("identity", base), ("sigmoid", base - 2)):
            names = {"protocol": protocol, "hidden": hidden, "output": output}
            rows += [names | {"seed": seed, "loss": loss} for seed, loss in enumerate(values)]
    for folder in ("docs", "results"):
        (tmp_path / folder).mkdir()
    pd.DataFrame(rows).to_csv(tmp_path / verdicts.RUNS, index=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(verdicts, "read_claims", lambda: {"C": CLAIM})
    monkeypatch.setattr(inference, "REFITS", 20)
    monkeypatch.setattr(sys, "argv", ["verdicts", "--pairs", "2"])
    verdicts.main()
    head, _, *lines = capsys.readouterr().out.splitlines()
    assert head.count("|") == 6
    assert len(lines) == len(verdicts.ESTIMATORS) * len(verdicts.SHARES)
    # of the two comparisons of *p*; *partial* does not train both
    assert lines[0] == "| mean | 0.00 or more | 1.000 | 1.0000 | 0 of 4 |"
