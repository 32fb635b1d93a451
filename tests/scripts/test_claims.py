"""Claims are decided by the data: what the data says, the verdict says."""

import numpy as np
import pandas as pd
import pytest

from scripts import claims, tables
from scripts.predicates import read_claims
from scripts.runs import Runs
from tests.faults.claims import noticed

SEEDS = 12
PROTOCOLS = {"as-written": 1.0, "as-written-bce": 0.3, "as-written-right-tanh": 1.0}
CLAIM = {
    "claim": "the sigmoid lowers the loss",
    "metric": "loss",
    "scale": "difference",
    "comparisons": [{"first": {"output": "sigmoid"}, "second": {"output": "identity"}}],
    "within": {"hidden": ["relu", "tanh"]},
    "expected": "lower",
    "margin": 0.1,
}


def noise(seed, scale=0.3):
    return np.random.default_rng(seed).normal(0, scale, SEEDS)


def runs(effects, protocol="p", seeds=SEEDS):
    """Runs in which the loss with a sigmoid is that without, plus an effect (and noise)."""
    rows = []
    for i, (hidden, effect) in enumerate(effects.items()):
        base = 5 + noise(i, 1.0)
        for output, values in (("identity", base), ("sigmoid", base + effect + noise(i + 50))):
            rows += [
                {"protocol": protocol, "hidden": hidden, "output": output, "seed": s, "loss": v}
                for s, v in enumerate(values[:seeds])
            ]
    return pd.DataFrame(rows)


def evaluate(stated, table, *others):
    return claims.evaluate(stated, Runs([table]), *others)


def intervals(stated, table, *others):
    return claims.intervals(stated, Runs([table]), *others)


def verdicts(claim, table, protocols=("p",)):
    rows = evaluate({"C": claim}, table, list(protocols))
    return dict(zip(rows["group"], rows["verdict"], strict=True))


@pytest.mark.parametrize(
    ("effect", "expected", "verdict"),
    [
        (-2.0, "lower", "holds"),
        (+2.0, "lower", "reversed"),
        (+2.0, "higher", "holds"),
        (-2.0, "higher", "reversed"),
        (-2.0, "same", "reversed"),
        (+2.0, "same", "reversed"),
    ],
)
def test_a_clear_effect_decides_and_its_flip_flips_the_verdict(effect, expected, verdict):
    claim = CLAIM | {"expected": expected}
    assert verdicts(claim, runs({"relu": effect, "tanh": effect})) == {
        "relu": verdict,
        "tanh": verdict,
        "all": verdict,
    }


def test_an_effect_within_the_margin_is_no_difference_even_where_it_is_significant():
    table = runs({"relu": 0, "tanh": 0})
    table.loc[table["output"] == "sigmoid", "loss"] = (
        table.loc[table["output"] == "identity", "loss"].to_numpy() - 0.05
    )
    row = evaluate({"C": CLAIM}, table, ["p"]).iloc[0]
    assert row["p_adjusted"] < 0.05
    assert row["verdict"] == "no difference"
    assert verdicts(CLAIM | {"expected": "same"}, table)["relu"] == "holds"


def test_noise_is_undecided_and_groups_that_disagree_are_mixed():
    assert verdicts(CLAIM, runs({"relu": -2, "tanh": 0})) == {
        "relu": "holds",
        "tanh": "undecided",
        "all": "mixed",
    }


def test_effect_and_interval_are_those_of_the_paired_differences():
    table = runs({"relu": -2, "tanh": -1})
    row = evaluate({"C": CLAIM}, table, ["p"]).set_index("group").loc["relu"]
    relu = table[table["hidden"] == "relu"].pivot(index="seed", columns="output", values="loss")
    d = relu["sigmoid"] - relu["identity"]
    half = 1.96 * d.std() / np.sqrt(SEEDS)
    assert row["effect"] == pytest.approx(d.mean())
    assert row["ci_low"] == pytest.approx(d.mean() - half, abs=0.3 * half)
    assert row["ci_high"] == pytest.approx(d.mean() + half, abs=0.3 * half)


def test_a_ratio_is_compared_by_its_logarithm():
    table = runs({"relu": 0, "tanh": 0})
    identity = table.loc[table["output"] == "identity", "loss"].to_numpy()
    table.loc[table["output"] == "sigmoid", "loss"] = identity / 2
    row = evaluate({"C": CLAIM | {"scale": "ratio"}}, table, ["p"]).iloc[0]
    assert row["effect"] == row["ci_low"] == row["ci_high"] == pytest.approx(-np.log(2))
    assert row["verdict"] == "holds"


def test_the_bootstrap_gives_the_same_bytes_twice():
    table = runs({"relu": -2, "tanh": 0})
    first, second = (evaluate({"C": CLAIM}, table, ["p"]) for _ in range(2))
    pd.testing.assert_frame_equal(first, second, check_exact=True)


def test_a_seed_without_a_value_leaves_its_pair_out():
    table = runs({"relu": -2, "tanh": -2})
    table.loc[(table["hidden"] == "relu") & (table["seed"] < 2), "loss"] = np.nan
    rows = evaluate({"C": CLAIM}, table, ["p"]).set_index("group")
    assert rows.loc["relu", "n"] == SEEDS - 2
    assert rows.loc["tanh", "n"] == SEEDS


NONE = float("nan")
FIRST = pd.Series({0: 10.0, 1: NONE, 2: 30.0, 3: NONE, 4: 50.0, 6: NONE})
SECOND = pd.Series({6: NONE, 5: 50.0, 4: 90.0, 3: NONE, 2: NONE, 1: 40.0, 0: 20.0})


@pytest.mark.parametrize(
    ("own", "differences"),
    [
        ({}, {0: -10, 4: -40}),
        ({"never": 300}, {0: -10, 1: 260, 2: -270, 4: -40}),
        ({"never": 20}, {0: -10, 1: -20, 2: 10, 4: -40}),
    ],
)
def test_a_run_without_a_value_counts_as_never_where_the_other_of_its_pair_has_one(
    own, differences
):
    """Neither without a value, and neither of another seed alone, makes a pair."""
    claim = {"scale": "difference"} | own
    assert claims.paired(claim, FIRST, SECOND).to_dict() == differences
    turned = claims.paired(claim, SECOND, FIRST).to_dict()
    assert turned == {seed: -d for seed, d in differences.items()}


def test_never_is_compared_by_its_logarithm_and_with_a_value_too():
    ratio = claims.paired({"scale": "ratio", "never": 300}, FIRST, SECOND)
    assert np.exp(ratio).to_dict() == pytest.approx({0: 0.5, 1: 7.5, 2: 0.1, 4: 5 / 9})
    beside = claims.paired({"scale": "difference", "never": 300}, FIRST, 50.0)
    assert beside.to_dict() == {0: -40, 1: 250, 2: -20, 3: 250, 4: 0, 6: 250}
    assert claims.paired({"scale": "difference"}, FIRST, 50.0).to_dict() == {0: -40, 2: -20, 4: 0}


def test_never_decides_a_claim_that_the_missing_runs_would_leave_undecided():
    table = runs({"relu": 0}).drop(columns="loss")
    table["epochs"] = pd.array([100 + i % 7 for i in range(len(table))], dtype="Int64")
    late = (table["output"] == "identity") & (table["seed"] > 1)
    table.loc[late, "epochs"] = None
    claim = CLAIM | {"metric": "epochs", "scale": "ratio"}
    assert verdicts(claim, table) == {"relu": "undecided", "all": "undecided"}
    assert verdicts(claim | {"never": 300}, table) == {"relu": "holds", "all": "holds"}
    assert verdicts(claim | {"never": 30}, table) == {"relu": "reversed", "all": "reversed"}


def test_groups_without_a_pair_do_not_count_in_the_verdict_over_groups():
    table = runs({"relu": -2, "tanh": -2})
    tanh = table["hidden"] == "tanh"
    lost = tanh & (table["output"] == "identity")
    rows = evaluate({"C": CLAIM}, table.assign(loss=table["loss"].mask(lost)), ["p"])
    rows = rows.set_index("group")
    assert rows["n"].to_dict() == {"relu": SEEDS, "tanh": 0, "all": SEEDS}
    assert rows["verdict"].to_dict() == {"relu": "holds", "tanh": "undecided", "all": "holds"}
    assert rows["fragility"].to_dict() == {"relu": SEEDS, "tanh": 0, "all": SEEDS}

    one_pair = table["loss"].mask(lost & (table["seed"] > 0))
    assert verdicts(CLAIM, table.assign(loss=one_pair))["all"] == "mixed"
    none = verdicts(CLAIM, table.assign(loss=NONE))
    assert none == {"relu": "undecided", "tanh": "undecided", "all": "undecided"}


@pytest.mark.parametrize("seeds", [1, 2])
def test_fewer_than_three_pairs_decide_nothing(seeds):
    assert set(verdicts(CLAIM, runs({"relu": -9, "tanh": -9}, seeds=seeds)).values()) == {
        "undecided"
    }


def test_runs_that_were_not_made_are_not_compared():
    assert verdicts(CLAIM, runs({"relu": -2})) == {"relu": "holds", "all": "holds"}
    assert evaluate({"C": CLAIM}, runs({"relu": -2}, protocol="other"), ["p"]).empty


def test_a_claim_may_compare_protocols_pairs_and_a_value():
    table = pd.concat([runs({"relu": 0}), runs({"relu": 0}, protocol="p-bce")])
    across = CLAIM | {
        "comparisons": [
            {"first": {"protocol": "{protocol}-bce"}, "second": {"protocol": "{protocol}"}}
        ],
        "within": {"hidden": ["relu"], "output": ["sigmoid"]},
        "expected": "same",
    }
    assert verdicts(across, table) == {"relu": "holds", "all": "holds"}

    pair = CLAIM | {
        "comparisons": [{"first": {"hidden": "relu"}, "second": {"hidden": "tanh"}}],
        "within": {"output": ["identity"]},
    }
    assert "relu-tanh" in verdicts(pair, runs({"relu": 0, "tanh": 0}))

    value = CLAIM | {
        "comparisons": [{"first": {"hidden": "relu", "output": "identity"}, "value": 50.0}],
        "within": {},
    }
    assert verdicts(value, runs({"relu": 0})) == {"relu": "holds", "all": "holds"}


def test_fragility_counts_the_refits_in_which_the_verdict_stands():
    table = runs({"relu": -2, "tanh": -2})
    steady = evaluate({"C": CLAIM}, table, ["p"]).set_index("group")
    assert (steady["fragility"] == SEEDS).all()

    d = -0.02 - np.abs(noise(7, 0.01))
    d[3] = 1.0  # one seed alone keeps the interval from the margin's inside
    identity = table.loc[(table.hidden == "relu") & (table.output == "identity"), "loss"].to_numpy()
    table.loc[(table.hidden == "relu") & (table.output == "sigmoid"), "loss"] = identity + d
    rows = evaluate({"C": CLAIM}, table, ["p"]).set_index("group")
    assert rows.loc["relu", "verdict"] == "undecided"
    assert rows.loc["relu", "fragility"] == SEEDS - 1
    assert rows.loc["all", "fragility"] == SEEDS - 0


def many(seeds, effect=-0.1):
    """Runs of so many seeds, in pairs."""
    base, noise = np.random.default_rng(0).normal(size=(2, seeds))
    values = {"identity": base, "sigmoid": base + effect + noise}
    parts = [
        pd.DataFrame({"output": output, "seed": range(seeds), "loss": loss})
        for output, loss in values.items()
    ]
    return pd.concat(parts).assign(protocol="p", hidden="relu"), values["sigmoid"] - base


def test_of_many_seeds_the_means_of_groups_say_much_the_same():
    table, d = many(20_000)
    row = evaluate({"C": CLAIM}, table, ["p"]).iloc[0]
    assert row["n"] == 20_000
    assert row["effect"] == pytest.approx(d.mean())
    half = 1.96 * d.std() / np.sqrt(len(d))
    assert row["ci_high"] - row["effect"] == pytest.approx(half, rel=0.1)
    assert row["effect"] - row["ci_low"] == pytest.approx(half, rel=0.1)


def test_of_many_seeds_each_refit_leaves_out_a_fiftieth():
    table, _ = many(2_000, effect=-0.5)
    table.loc[(table["output"] == "sigmoid") & table["seed"].between(80, 119), "loss"] += 25
    table.loc[table["seed"] == 7, "loss"] = np.nan
    (row, _) = evaluate({"C": CLAIM}, table, ["p"]).to_dict("records")
    assert (row["n"], row["verdict"]) == (1999, "undecided")
    assert (row["fragility"], row["refits"]) == (49, 50)


@pytest.mark.parametrize(("seeds", "refits"), [(4, 4), (50, 50), (51, 50), (73, 50)])
def test_up_to_fifty_seeds_are_left_out_one_by_one(seeds, refits):
    row = evaluate({"C": CLAIM}, many(seeds)[0], ["p"]).iloc[0]
    assert row["refits"] == refits


def test_neighbours_are_grouped_so_that_no_part_is_much_larger():
    seeds = pd.RangeIndex(1234)
    part = claims.part_of(seeds, 500)
    assert part.is_monotonic_increasing
    assert set(np.bincount(part)) == {2, 3}
    assert claims.part_of(seeds[:500], 500).equals(seeds[:500])


def test_how_much_is_resampled_at_once_changes_nothing(monkeypatch):
    table = runs({"relu": -2, "tanh": 0})
    whole = evaluate({"C": CLAIM}, table, ["p"])
    monkeypatch.setattr(claims, "RESAMPLED_AT_ONCE", 1000)
    pd.testing.assert_frame_equal(evaluate({"C": CLAIM}, table, ["p"]), whole, check_exact=True)


def test_holm_is_the_textbook_procedure():
    p = np.array([0.01, 0.04, 0.03, 0.005, np.nan])
    assert claims.holm(p) == pytest.approx([0.03, 0.06, 0.06, 0.02, np.nan], nan_ok=True)
    assert claims.holm(np.array([0.9, 0.8])).max() == 1


def test_more_comparisons_make_each_harder_to_decide():
    few = evaluate({"C": CLAIM}, runs({"relu": -2, "tanh": 0}), ["p"])
    many = evaluate({f"C{i}": CLAIM for i in range(20)}, runs({"relu": -2, "tanh": 0}), ["p"])
    assert many["p_adjusted"].iloc[0] > few["p_adjusted"].iloc[0]


def spread_out(n, mean, sd=1):
    """n differences with just this mean and standard deviation."""
    z = np.random.default_rng(n).normal(size=n)
    return mean + sd * (z - z.mean()) / z.std()


def measured(differences, tests):
    """A comparison's result, if `tests` are made and none has a lower p-value."""
    result = claims.measure(differences)
    return result | {"n": len(differences), "p_adjusted": min(1, result["p"] * tests)}


@pytest.mark.parametrize(
    ("mean", "margin", "tests", "decided"),
    [
        (-0.4, 0.1, 1, "holds"),
        (0.4, 0.1, 1, "reversed"),
        (-0.4, 0.1, 40, "holds"),
        (0.02, 0.3, 1, "no difference"),
        (0.02, 0.3, 40, "no difference"),
    ],
)
def test_about_as_many_seeds_as_are_needed_decide_and_clearly_fewer_do_not(
    mean, margin, tests, decided
):
    claim = CLAIM | {"margin": margin}

    def at(n):
        result = measured(spread_out(n, mean), tests)
        return claims.verdict(claim, result), claims.seeds_needed(claim, result, tests)

    verdict, needed = at(SEEDS)
    assert verdict == "undecided"
    assert at(round(1.3 * needed)) == (decided, None)
    assert at(round(0.6 * needed))[0] == "undecided"


def test_more_tests_need_more_seeds_unless_there_is_no_effect_to_show():
    def needed(mean, tests, margin):
        result = measured(spread_out(SEEDS, mean), tests)
        return claims.seeds_needed(CLAIM | {"margin": margin}, result, tests)

    assert needed(0.4, 1, 0.1) < needed(0.4, 10, 0.1) < needed(0.4, 100, 0.1)
    assert needed(0.02, 1, 0.3) == needed(0.02, 100, 0.3)


@pytest.mark.parametrize("differences", [[1, 2, 3], [0.2, 0.3, 0.9, 1.9], [-1, -1.5, -4, -6]])
def test_what_is_undecided_needs_more_seeds_than_there_are(differences):
    result = measured(np.array(differences, float), 1)
    assert claims.verdict(CLAIM, result) == "undecided"
    assert claims.seeds_needed(CLAIM, result, 1) > len(differences)


def test_seeds_are_needed_where_a_comparison_of_three_pairs_or_more_is_undecided():
    table = runs({"relu": -2, "tanh": 0, "few": 0, "none": 0})
    few = (table["hidden"] == "few") & (table["seed"] > 1)
    table["loss"] = table["loss"].mask(few | (table["hidden"] == "none"))
    claim = CLAIM | {"within": {"hidden": ["relu", "tanh", "few", "none"]}}
    rows = tables.check(evaluate({"C": claim}, table, ["p"]), "claims", "claims.csv")
    rows = rows.set_index("group")
    assert rows.loc["tanh", "seeds_needed"] > SEEDS
    assert rows.index[rows["seeds_needed"].notna()].tolist() == ["tanh"]


@pytest.mark.parametrize(
    ("seeds", "counts"),
    [(1, [1]), (2, [1, 2]), (4, [1, 2, 4]), (10, [3, 5, 10]), (12, [3, 6, 12])],
)
def test_intervals_are_those_of_a_quarter_half_and_all_of_the_seeds(seeds, counts):
    table = runs({"relu": -2, "tanh": 0}, seeds=seeds)
    rows = tables.check(
        intervals({"C": CLAIM}, table, ["p"], ["p"]).reset_index(drop=True),
        "intervals",
        "made",
    )
    assert rows["seeds"].tolist() == [count for count in counts for _ in ("relu", "tanh")]
    for count, found in rows.groupby("seeds"):
        known = evaluate({"C": CLAIM}, table[table["seed"] < count], ["p"])
        known = known[known["group"] != "all"]
        assert found["group"].tolist() == ["relu", "tanh"]
        assert found["verdict"].tolist() == known["verdict"].tolist()
        widths = ((known["ci_high"] - known["ci_low"]) / 2).to_numpy(float)
        np.testing.assert_array_equal(found["half_width"], widths)


def test_intervals_are_of_the_protocols_asked_for():
    table = pd.concat([runs({"relu": -2}), runs({"relu": 0}, protocol="q")])
    for shown in (["q"], ["p", "q"]):
        rows = intervals({"C": CLAIM}, table, ["p", "q"], shown)
        assert sorted(set(rows["protocol"])) == shown


def test_intervals_shrink_about_as_one_over_the_square_root_of_the_seeds():
    """Eight groups, for of ten seeds alone an interval may by chance be a fifth too wide."""
    hidden, seeds = [f"h{i}" for i in range(8)], 40
    values = np.random.default_rng(0).normal(size=(len(hidden), 2, seeds))
    index = pd.MultiIndex.from_product(
        [hidden, ["identity", "sigmoid"], range(seeds)], names=["hidden", "output", "seed"]
    )
    table = pd.Series(values.ravel(), index, name="loss").reset_index().assign(protocol="p")
    claim = CLAIM | {"within": {"hidden": hidden}}
    width = intervals({"C": claim}, table, ["p"], ["p"]).groupby("seeds")["half_width"].mean()
    assert width[10] / width[40] == pytest.approx(2, rel=0.15)
    assert width[20] / width[40] == pytest.approx(np.sqrt(2), rel=0.15)


@pytest.mark.slow
def test_every_claim_of_the_study_notices_mutations():
    generator = np.random.default_rng(0)
    level = {"relu": 1.0, "selu": 1.5, "tanh": 4.0, "sigmoid": 30.0}
    rows = [
        {
            "protocol": protocol,
            "hidden": hidden,
            "output": output,
            "seed": seed,
            "final_train_loss": loss,
            "loss_roughness": loss,
            "test_accuracy": 0.5 if hidden == output == "sigmoid" else 1 - loss / 70,
            "epochs_to_target": round(20 * loss) if loss < 10 else None,
        }
        for protocol, better in PROTOCOLS.items()
        for hidden in (["tanh"] if protocol.endswith("right-tanh") else level)
        for output, factor in (("identity", 1.0), ("sigmoid", 0.5))
        for seed in range(SEEDS)
        for loss in [level[hidden] * factor * better * generator.uniform(0.9, 1.1)]
    ]
    table = pd.DataFrame(rows).astype({"epochs_to_target": "Int64"})  # as in runs.csv
    assert table["epochs_to_target"].isna().any()
    for name, claim in read_claims().items():
        found = noticed(name, claim, table, ["as-written"])
        assert any(found.values()), name


def test_a_claim_that_nothing_changes_is_seen_to_be_blind():
    blind = CLAIM | {"margin": 1e9, "expected": "same"}
    assert not any(noticed("C", blind, runs({"relu": -2, "tanh": 0}), ["p"]).values())


RELU, TANH = ("p", "relu", "sigmoid"), ("p", "tanh", "identity")


def test_what_rests_on_missing_runs_is_unproven_and_so_is_the_whole():
    table = runs({"relu": -2.0, "tanh": -2.0})
    rows = evaluate({"C": CLAIM}, table, ["p"], frozenset({RELU})).set_index("group")
    assert rows["verdict"].to_dict() == {"relu": "unproven", "tanh": "holds", "all": "unproven"}
    assert rows["n"].to_dict() == {"relu": SEEDS, "tanh": SEEDS, "all": SEEDS}
    assert rows["fragility"].to_dict() == {"relu": 0, "tanh": SEEDS, "all": 0}
    assert rows["effect"]["relu"] == pytest.approx(-2.0, abs=0.3)  # of the runs that are there


def test_a_comparison_of_which_no_run_is_there_is_unproven_and_not_left_out():
    table = runs({"relu": -2.0, "tanh": -2.0})
    without = table[(table["hidden"] != "tanh") | (table["output"] != "identity")]
    rows = evaluate({"C": CLAIM}, without, ["p"], frozenset({TANH})).set_index("group")
    assert rows["verdict"].to_dict() == {"relu": "holds", "tanh": "unproven", "all": "unproven"}
    assert rows["n"]["tanh"] == 0
    assert "tanh" not in evaluate({"C": CLAIM}, without, ["p"])["group"].tolist()


def test_missing_runs_of_others_change_no_verdict():
    table = runs({"relu": -2.0, "tanh": 0.0})
    others = frozenset({("q", "relu", "sigmoid"), ("p", "selu", "sigmoid")})
    whole, partial = (evaluate({"C": CLAIM}, table, ["p"], m) for m in ((), others))
    pd.testing.assert_frame_equal(whole, partial)


def test_fewer_seeds_of_missing_runs_are_unproven_too():
    table = runs({"relu": -2.0, "tanh": -2.0})
    shrinking = intervals({"C": CLAIM}, table, ["p"], ["p"], frozenset({RELU}))
    of_relu = shrinking[shrinking["group"] == "relu"]
    assert of_relu["verdict"].tolist() == ["unproven"] * 3
