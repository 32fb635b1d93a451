"""Claims are decided by the data: what the data says, the verdict says."""

import numpy as np
import pandas as pd
import pytest

from scripts import claims, mutate
from scripts.predicates import read_claims

SEEDS = 12
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


def verdicts(claim, table, protocols=("p",)):
    rows = claims.evaluate({"C": claim}, table, list(protocols))
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
    row = claims.evaluate({"C": CLAIM}, table, ["p"]).iloc[0]
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
    row = claims.evaluate({"C": CLAIM}, table, ["p"]).set_index("group").loc["relu"]
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
    row = claims.evaluate({"C": CLAIM | {"scale": "ratio"}}, table, ["p"]).iloc[0]
    assert row["effect"] == row["ci_low"] == row["ci_high"] == pytest.approx(-np.log(2))
    assert row["verdict"] == "holds"


def test_the_bootstrap_gives_the_same_bytes_twice():
    table = runs({"relu": -2, "tanh": 0})
    first, second = (claims.evaluate({"C": CLAIM}, table, ["p"]) for _ in range(2))
    pd.testing.assert_frame_equal(first, second, check_exact=True)


def test_a_seed_without_a_value_leaves_its_pair_out():
    table = runs({"relu": -2, "tanh": -2})
    table.loc[(table["hidden"] == "relu") & (table["seed"] < 2), "loss"] = np.nan
    rows = claims.evaluate({"C": CLAIM}, table, ["p"]).set_index("group")
    assert rows.loc["relu", "n"] == SEEDS - 2
    assert rows.loc["tanh", "n"] == SEEDS


@pytest.mark.parametrize("seeds", [1, 2])
def test_fewer_than_three_pairs_decide_nothing(seeds):
    assert set(verdicts(CLAIM, runs({"relu": -9, "tanh": -9}, seeds=seeds)).values()) == {
        "undecided"
    }


def test_runs_that_were_not_made_are_not_compared():
    assert verdicts(CLAIM, runs({"relu": -2})) == {"relu": "holds", "all": "holds"}
    assert claims.evaluate({"C": CLAIM}, runs({"relu": -2}, protocol="other"), ["p"]).empty


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
    steady = claims.evaluate({"C": CLAIM}, table, ["p"]).set_index("group")
    assert (steady["fragility"] == SEEDS).all()

    d = -0.02 - np.abs(noise(7, 0.01))
    d[3] = 1.0  # one seed alone keeps the interval from the margin's inside
    identity = table.loc[(table.hidden == "relu") & (table.output == "identity"), "loss"].to_numpy()
    table.loc[(table.hidden == "relu") & (table.output == "sigmoid"), "loss"] = identity + d
    rows = claims.evaluate({"C": CLAIM}, table, ["p"]).set_index("group")
    assert rows.loc["relu", "verdict"] == "undecided"
    assert rows.loc["relu", "fragility"] == SEEDS - 1
    assert rows.loc["all", "fragility"] == SEEDS - 0


def test_holm_is_the_textbook_procedure():
    p = np.array([0.01, 0.04, 0.03, 0.005, np.nan])
    assert claims.holm(p) == pytest.approx([0.03, 0.06, 0.06, 0.02, np.nan], nan_ok=True)
    assert claims.holm(np.array([0.9, 0.8])).max() == 1


def test_more_comparisons_make_each_harder_to_decide():
    few = claims.evaluate({"C": CLAIM}, runs({"relu": -2, "tanh": 0}), ["p"])
    many = claims.evaluate(
        {f"C{i}": CLAIM for i in range(20)}, runs({"relu": -2, "tanh": 0}), ["p"]
    )
    assert many["p_adjusted"].iloc[0] > few["p_adjusted"].iloc[0]


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
        }
        for protocol, better in (("as-written", 1.0), ("as-written-bce", 0.3))
        for hidden in level
        for output, factor in (("identity", 1.0), ("sigmoid", 0.5))
        for seed in range(SEEDS)
        for loss in [level[hidden] * factor * better * generator.uniform(0.9, 1.1)]
    ]
    for name, claim in read_claims().items():
        found = mutate.noticed(name, claim, pd.DataFrame(rows), ["as-written"])
        assert any(found.values()), name


def test_a_claim_that_nothing_changes_is_seen_to_be_blind():
    blind = CLAIM | {"margin": 1e9, "expected": "same"}
    assert not any(mutate.noticed("C", blind, runs({"relu": -2, "tanh": 0}), ["p"]).values())
