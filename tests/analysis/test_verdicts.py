"""Claims are decided by the data: what the data says, the verdict says, if it stands."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from scripts.analysis import inference
from scripts.analysis import verdicts as judged
from scripts.analysis.claims import read_claims
from scripts.analysis.inference import STANDS
from scripts.analysis.runs import Runs
from scripts.analysis.verdicts import ESTIMATOR, paired
from scripts.tables.io import check, read_table, write_table
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
OF_RELU = CLAIM | {"within": {"hidden": ["relu"]}}


def noise(seed, scale=0.3):
    return np.random.default_rng(seed).normal(0, scale, SEEDS)


def runs(effects, protocol="p", seeds=SEEDS):
    """Runs in which the loss with a sigmoid is that without, plus an effect (and noise)."""
    effects = {hidden: effect + noise(i + 50) for i, (hidden, effect) in enumerate(effects.items())}
    return runs_of({hidden: d[:seeds] for hidden, d in effects.items()}, protocol)


def runs_of(differences, protocol="p"):
    """Runs whose losses with a sigmoid and without differ by just that."""
    rows = []
    for i, (hidden, d) in enumerate(differences.items()):
        base = np.random.default_rng(i).normal(5, 1, len(d))
        for output, values in (("identity", base), ("sigmoid", base + d)):
            rows += [
                {"protocol": protocol, "hidden": hidden, "output": output, "seed": s, "loss": v}
                for s, v in enumerate(values)
            ]
    return pd.DataFrame(rows)


def evaluate(stated, table, protocols=("p",), missing=()):
    """The tables claims and verdicts, which hold what they may."""
    of_family, of_claim = judged.evaluate(stated, Runs(table), list(protocols), missing)
    check(of_family, "claims", "claims.csv")
    check(of_claim, "verdicts", "verdicts.csv")
    return of_family, of_claim


def intervals(stated, table, *others):
    return judged.intervals(stated, Runs(table), *others)


def rows_of(claim, table, missing=()):
    """The rows of a claim's comparisons, and the one over them."""
    of_family, of_claim = evaluate({"C": claim}, table, missing=missing)
    return of_family.set_index("comparison"), of_claim.iloc[0]


def verdicts(claim, table, missing=()):
    """{comparison: verdict}, and the verdict over them."""
    rows, over = rows_of(claim, table, missing)
    return rows["verdict"].to_dict(), over["verdict"]


def spread_out(n, mean, sd=1.0, seed=0):
    """n differences, as normal as can be, with just this mean and standard deviation."""
    z = stats.norm.ppf((np.arange(n) + 0.5) / n)
    return mean + sd * np.random.default_rng(seed).permutation(z / z.std())


# What the data says


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
    found = verdicts(CLAIM | {"expected": expected}, runs({"relu": effect, "tanh": effect}))
    assert found == ({"relu": verdict, "tanh": verdict}, verdict)


def test_an_effect_within_the_margin_is_no_difference_even_where_it_is_significant():
    table = runs_of({"relu": np.full(SEEDS, -0.05), "tanh": np.full(SEEDS, -0.05)})
    rows, over = rows_of(CLAIM, table)
    assert (rows["p_adjusted"] < 0.05).all()
    assert (rows["verdict"] == "no difference").all()
    assert over["verdict"] == "no difference"
    same = verdicts(CLAIM | {"expected": "same"}, table)
    assert same == ({"relu": "holds", "tanh": "holds"}, "holds")


def test_noise_is_undecided_and_comparisons_that_disagree_are_mixed():
    found = verdicts(CLAIM, runs({"relu": -2, "tanh": 0}))
    assert found == ({"relu": "holds", "tanh": "undecided"}, "mixed")
    found = verdicts(CLAIM, runs({"relu": -2, "tanh": 2}))
    assert found == ({"relu": "holds", "tanh": "reversed"}, "mixed")


def test_effect_interval_and_p_are_the_estimators_of_the_paired_differences():
    table = runs({"relu": -2, "tanh": -0.2})
    rows, _ = rows_of(CLAIM, table)
    p = []
    for hidden, row in rows.iterrows():
        own = table[table["hidden"] == hidden].pivot(index="seed", columns="output", values="loss")
        known = ESTIMATOR((own["sigmoid"] - own["identity"]).to_numpy())
        for key in ("effect", "ci_low", "ci_high"):
            assert row[key] == pytest.approx(known[key])
        assert row["ci_low"] < row["effect"] < row["ci_high"]
        p.append(float(known["p"]))
    assert rows["p_adjusted"].tolist() == pytest.approx([2 * p[0], p[1]])  # Holm's of two


def test_a_ratio_is_compared_by_its_logarithm():
    table = runs({"relu": 0})
    identity = table.loc[table["output"] == "identity", "loss"].to_numpy()
    table.loc[table["output"] == "sigmoid", "loss"] = identity / 2
    rows, over = rows_of(OF_RELU | {"scale": "ratio"}, table)
    for key in ("effect", "ci_low", "ci_high"):
        assert rows.loc["relu", key] == pytest.approx(-np.log(2))
    assert over["verdict"] == "holds"


def test_a_table_says_what_was_compared_and_by_which_margin():
    (rows, over), text = rows_of(CLAIM, runs({"relu": -2, "tanh": 0})), "sigmoid-identity"
    for row in (*rows.to_dict("records"), over):
        assert (row["claim"], row["protocol"], row["output"]) == ("C", "p", text)
        assert (row["metric"], row["scale"], row["margin"]) == ("loss", "difference", 0.1)
    assert (over["comparison"], over["n"]) == ("relu and tanh", SEEDS)


def test_the_same_runs_give_the_same_bytes_twice():
    table = runs({"relu": -0.3, "tanh": 0})
    for first, second in zip(*(evaluate({"C": CLAIM}, table) for _ in range(2)), strict=True):
        pd.testing.assert_frame_equal(first, second, check_exact=True)


# Which pairs count


def test_a_seed_without_a_value_leaves_its_pair_out():
    table = runs({"relu": -2, "tanh": -2})
    table.loc[(table["hidden"] == "relu") & (table["seed"] < 2), "loss"] = np.nan
    rows, over = rows_of(CLAIM, table)
    assert rows["n"].to_dict() == {"relu": SEEDS - 2, "tanh": SEEDS}
    assert over["n"] == SEEDS


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
    assert paired(claim, FIRST, SECOND).to_dict() == differences
    turned = paired(claim, SECOND, FIRST).to_dict()
    assert turned == {seed: -d for seed, d in differences.items()}


def test_never_is_compared_by_its_logarithm_and_with_a_value_too():
    ratio = paired({"scale": "ratio", "never": 300}, FIRST, SECOND)
    assert np.exp(ratio).to_dict() == pytest.approx({0: 0.5, 1: 7.5, 2: 0.1, 4: 5 / 9})
    beside = paired({"scale": "difference", "never": 300}, FIRST, 50.0)
    assert beside.to_dict() == {0: -40, 1: 250, 2: -20, 3: 250, 4: 0, 6: 250}
    assert paired({"scale": "difference"}, FIRST, 50.0).to_dict() == {0: -40, 2: -20, 4: 0}


def test_never_decides_a_claim_that_the_missing_runs_would_leave_undecided():
    table = runs({"relu": 0}).drop(columns="loss")
    table["epochs"] = pd.array([100 + i % 7 for i in range(len(table))], dtype="Int64")
    late = (table["output"] == "identity") & (table["seed"] > 1)
    table.loc[late, "epochs"] = None
    claim = OF_RELU | {"metric": "epochs", "scale": "ratio"}
    assert verdicts(claim, table) == ({"relu": "undecided"}, "undecided")
    assert verdicts(claim | {"never": 300}, table) == ({"relu": "holds"}, "holds")
    assert verdicts(claim | {"never": 30}, table) == ({"relu": "reversed"}, "reversed")


@pytest.mark.parametrize("pairs", [0, 1, 2])
def test_fewer_than_three_pairs_decide_nothing(pairs):
    table = runs({"relu": -9, "tanh": -9})
    few = table.assign(loss=table["loss"].mask(table["seed"] >= pairs))
    assert verdicts(CLAIM, few) == ({"relu": "undecided", "tanh": "undecided"}, "undecided")

    lost = (table["hidden"] == "tanh") & (table["seed"] >= pairs)
    rows, over = rows_of(CLAIM, table.assign(loss=table["loss"].mask(lost)))
    assert rows["n"].to_dict() == {"relu": SEEDS, "tanh": pairs}
    assert rows["verdict"].to_dict() == {"relu": "holds", "tanh": "undecided"}
    assert over["verdict"] == "mixed"
    alone, _ = rows_of(OF_RELU, table)
    assert rows.loc["relu", "p_adjusted"] == alone.loc["relu", "p_adjusted"]


# Which runs are compared


def test_a_claim_may_compare_protocols_pairs_and_a_value():
    table = pd.concat([runs({"relu": 0}), runs({"relu": 0}, protocol="p-bce")])
    across = CLAIM | {
        "comparisons": [
            {"first": {"protocol": "{protocol}-bce"}, "second": {"protocol": "{protocol}"}}
        ],
        "within": {"hidden": ["relu"], "output": ["sigmoid"]},
        "expected": "same",
    }
    assert verdicts(across, table) == ({"relu": "holds"}, "holds")

    pairs = CLAIM | {
        "comparisons": [
            {"first": {"hidden": "relu"}, "second": {"hidden": "tanh"}},
            {"first": {"hidden": "selu"}, "second": {"hidden": "tanh"}},
        ],
        "within": {"output": ["identity", "sigmoid"]},
    }
    rows, over = rows_of(pairs, runs({"relu": 0, "tanh": 0, "selu": 0}))
    outputs = ["identity", "identity", "sigmoid", "sigmoid"]
    assert list(zip(rows.index, rows["output"], strict=True)) == [
        *zip(["relu-tanh", "selu-tanh"] * 2, outputs, strict=True)
    ]
    assert over["comparison"] == "relu-tanh and selu-tanh"
    assert over["output"] == "identity and sigmoid"

    value = CLAIM | {
        "comparisons": [{"first": {"hidden": "relu", "output": "identity"}, "value": 50.0}],
        "within": {},
    }
    assert verdicts(value, runs({"relu": 0})) == ({"relu": "holds"}, "holds")


def test_a_claim_of_many_comparisons_is_written_as_one_of_few(tmp_path):
    hidden = [f"activation{i}" for i in range(30)]
    table = runs(dict.fromkeys(hidden, -2))
    _, over = evaluate({"C": CLAIM | {"within": {"hidden": hidden}}}, table)
    write_table(over, "verdicts", tmp_path / "verdicts.csv")
    read = read_table("verdicts", tmp_path / "verdicts.csv")
    assert read["comparison"].tolist() == [" and ".join(hidden)]


def test_what_the_protocol_does_not_train_is_not_tested_and_neither_is_the_claim():
    rows, over = rows_of(CLAIM, runs({"relu": -2}))
    assert rows["verdict"].to_dict() == {"relu": "holds", "tanh": "not tested"}
    assert over["verdict"] == "not tested"
    assert np.isnan(over["stands"])
    tanh = rows.loc["tanh"]
    assert (tanh["n"], tanh["leans"]) == (0, "not tested")
    assert pd.isna(tanh[["effect", "ci_low", "ci_high", "p_adjusted", "stands"]]).all()
    assert pd.isna(tanh["seeds_needed"])
    alone, _ = rows_of(OF_RELU, runs({"relu": -2}))
    pd.testing.assert_series_equal(rows.loc["relu"], alone.loc["relu"], check_exact=True)


def test_a_comparison_is_not_tested_if_one_of_its_sides_is_not_trained():
    table = runs({"relu": -2, "tanh": -2})
    half = table[(table["hidden"] == "relu") | (table["output"] == "sigmoid")]
    rows, _ = rows_of(CLAIM, half)
    assert rows["verdict"].to_dict() == {"relu": "holds", "tanh": "not tested"}
    assert rows["n"].to_dict() == {"relu": SEEDS, "tanh": 0}
    missing = frozenset({("p", "tanh", "sigmoid")})  # of which the others could not be compared
    assert verdicts(CLAIM, half, missing)[0]["tanh"] == "not tested"


def test_a_claim_of_which_a_protocol_trains_nothing_has_no_rows():
    for rows in evaluate({"C": CLAIM}, runs({"relu": -2}, protocol="other")):
        assert rows.empty


# Whom a verdict depends on


def test_other_claims_and_protocols_change_no_verdict():
    """Nor any other value: each claim and protocol is a family of its own."""
    table = runs({"relu": -0.3, "tanh": -0.25})
    alone = evaluate({"C": CLAIM}, table)
    assert alone[0]["p_adjusted"].max() > 0.001  # that more tests would change it
    beside = pd.concat([table, *(runs({"relu": i, "tanh": -i}, f"q{i}") for i in range(5))])
    stated = {f"B{i}": CLAIM | {"expected": "same"} for i in range(5)} | {"C": CLAIM}
    together = evaluate(stated, beside, ["q0", "q1", "p", "q2", "q3", "q4"])
    assert [len(rows) for rows in together] == [6 * 6 * 2, 6 * 6]
    for rows, of_one in zip(together, alone, strict=True):
        own = rows[(rows["claim"] == "C") & (rows["protocol"] == "p")].reset_index(drop=True)
        pd.testing.assert_frame_equal(own, of_one, check_exact=True)


def test_more_comparisons_of_a_claim_make_each_harder_to_decide():
    effects = {"relu": -2} | {f"h{i}": 0 for i in range(20)}
    few, _ = rows_of(OF_RELU, runs(effects))
    many, _ = rows_of(CLAIM | {"within": {"hidden": list(effects)}}, runs(effects))
    ratio = many.loc["relu", "p_adjusted"] / few.loc["relu", "p_adjusted"]
    assert ratio == pytest.approx(len(effects))


# Whether a verdict stands


@pytest.mark.parametrize(("mean", "lean"), [(-0.8, "holds"), (0.8, "reversed")])
def test_a_verdict_that_does_not_stand_is_undecided_and_only_leans(mean, lean):
    rows, over = rows_of(OF_RELU, runs_of({"relu": spread_out(SEEDS, mean)}))
    row = rows.loc["relu"]
    assert row["p_adjusted"] < 0.05
    assert (row["leans"], row["verdict"], over["verdict"]) == (lean, "undecided", "undecided")
    assert 0.3 < row["stands"] < STANDS
    assert over["stands"] == row["stands"]
    assert row["seeds_needed"] > SEEDS
    rows, _ = rows_of(OF_RELU, runs_of({"relu": spread_out(SEEDS, 2 * mean)}))
    row = rows.loc["relu"]
    assert row["leans"] == row["verdict"] == lean
    assert row["stands"] >= STANDS


def test_a_verdict_stands_from_the_share_that_is_asked_for(monkeypatch):
    table = runs_of({"relu": spread_out(SEEDS, -0.8)})
    stands = rows_of(OF_RELU, table)[0].loc["relu", "stands"]
    for asked, verdict in ((stands, "holds"), (stands + 1e-9, "undecided")):
        monkeypatch.setattr("scripts.analysis.verdicts.STANDS", asked)
        assert verdicts(OF_RELU, table) == ({"relu": verdict}, verdict)


def leans(claim, *family):
    """What comparisons of just these differences say."""
    return [*inference.verdicts(claim, inference.fit(family, ESTIMATOR))]


def test_stands_is_the_share_of_studies_of_resampled_seeds_that_say_the_same():
    family = [spread_out(SEEDS, -1.0, seed=1), spread_out(SEEDS, -0.9, seed=2)]
    rows, over = rows_of(CLAIM, runs_of(dict(zip(["relu", "tanh"], family, strict=True))))
    draw, same = np.random.default_rng(0), []
    for _ in range(inference.REFITS):
        seeds = (draw.random(SEEDS) * SEEDS).astype(int)
        relu, tanh = leans(CLAIM, *(d[seeds] for d in family))
        same.append([relu == "holds", tanh == "holds", relu == tanh == "holds"])
    shares = np.mean(same, axis=0)
    assert rows["leans"].tolist() == ["holds", "holds"]
    assert [*rows["stands"], over["stands"]] == shares.tolist()
    assert len(set(shares)) == 3


def test_a_verdict_over_comparisons_has_to_stand_for_all_of_them_together(monkeypatch):
    both = {"relu": spread_out(SEEDS, -0.9, seed=1), "tanh": spread_out(SEEDS, -0.9, seed=2)}
    rows, over = rows_of(CLAIM, runs_of(both))
    assert over["stands"] < rows["stands"].min()
    monkeypatch.setattr("scripts.analysis.verdicts.STANDS", rows["stands"].min())
    found = verdicts(CLAIM, runs_of(both))
    assert found == ({"relu": "holds", "tanh": "holds"}, "undecided")

    monkeypatch.setattr("scripts.analysis.verdicts.STANDS", rows["stands"].max())
    found, over = verdicts(CLAIM, runs_of(both))
    assert (sorted(found.values()), over) == (["holds", "undecided"], "mixed")

    alike = {"relu": both["relu"], "tanh": both["relu"]}  # which the same seeds hold up
    rows, over = rows_of(CLAIM, runs_of(alike))
    assert over["stands"] == rows["stands"].min() == rows["stands"].max()
    monkeypatch.setattr("scripts.analysis.verdicts.STANDS", over["stands"])
    assert verdicts(CLAIM, runs_of(alike)) == ({"relu": "holds", "tanh": "holds"}, "holds")


def test_what_stands_is_told_of_claims_that_are_mixed_or_undecided_too():
    _, mixed = rows_of(CLAIM, runs({"relu": -2, "tanh": 2}))
    assert (mixed["verdict"], mixed["stands"]) == ("mixed", 1)
    rows, undecided = rows_of(OF_RELU, runs({"relu": 0}))
    assert undecided["verdict"] == "undecided"
    assert undecided["stands"] == rows.loc["relu", "stands"] > 0.5


OPPOSITE = {"holds": "reversed", "reversed": "holds"}


@pytest.mark.slow
@pytest.mark.parametrize("outlier", [-1e6, -30, -3, 3, 30, 1e6])
@pytest.mark.parametrize("mean", [-2, -0.5, 0, 0.5, 2])
def test_one_outlying_seed_turns_no_verdict_into_its_opposite(mean, outlier):
    """Nor does it make a difference of none."""
    for sd in (0.03, 0.3):
        d = spread_out(SEEDS, mean, sd)
        _, before = verdicts(OF_RELU, runs_of({"relu": d}))
        if sd == 0.03:
            assert before == {-1: "holds", 0: "no difference", 1: "reversed"}[np.sign(mean)]
        d[4] = outlier
        _, after = verdicts(OF_RELU, runs_of({"relu": d}))
        assert after != OPPOSITE.get(before)
        assert before != "no difference" or after in ("no difference", "undecided")


def test_a_verdict_that_rests_on_one_seed_is_undecided():
    """That is, if without that seed it would be another."""
    generator, resting = np.random.default_rng(0), 0
    for _ in range(150):
        d = generator.normal(generator.uniform(-0.5, 0.5), generator.choice([0.05, 0.3, 1]), SEEDS)
        (lean,) = leans(CLAIM, d)
        without = {leans(CLAIM, np.delete(d, i))[0] for i in range(SEEDS)}
        if lean != "undecided" and without != {lean}:
            resting += 1
            assert verdicts(OF_RELU, runs_of({"relu": d})) == ({"relu": "undecided"}, "undecided")
    assert resting > 5


# How many seeds are needed


def decided(claim, differences, others=0):
    """The row of a comparison beside others, which show nothing."""
    family = [differences, *[spread_out(len(differences), 0)] * others]
    compared = [judged.Comparison(f"h{i}", "o", "", pd.Series(d)) for i, d in enumerate(family)]
    return judged.decide(claim, compared)[0][0]


@pytest.mark.parametrize(
    ("mean", "margin", "others", "verdict"),
    [
        (-0.4, 0.1, 0, "holds"),
        (0.4, 0.1, 0, "reversed"),
        (-0.4, 0.1, 39, "holds"),
        (0.02, 0.3, 0, "no difference"),
        (0.02, 0.3, 39, "no difference"),
    ],
)
def test_about_as_many_seeds_as_are_needed_decide_and_clearly_fewer_do_not(
    mean, margin, others, verdict
):
    claim = CLAIM | {"margin": margin}

    def at(n):
        row = decided(claim, spread_out(n, mean), others)
        return row["verdict"], row.get("seeds_needed")

    found, needed = at(SEEDS)
    assert found == "undecided"
    assert at(round(1.3 * needed)) == (verdict, None)
    assert at(round(0.6 * needed))[0] == "undecided"


def test_more_comparisons_need_more_seeds_unless_there_is_no_effect_to_show():
    def needed(mean, others, margin):
        row = decided(CLAIM | {"margin": margin}, spread_out(SEEDS, mean), others)
        return row["seeds_needed"]

    assert needed(0.4, 0, 0.1) < needed(0.4, 9, 0.1) < needed(0.4, 99, 0.1)
    assert needed(0.02, 0, 0.3) == needed(0.02, 99, 0.3)


@pytest.mark.parametrize("differences", [[1, 2, 3], [0.2, 0.3, 0.9, 1.9], [-1, -1.5, -4, -6]])
def test_what_is_undecided_needs_more_seeds_than_there_are(differences):
    row = decided(CLAIM, np.array(differences, float))
    assert row["verdict"] == "undecided"
    assert row["seeds_needed"] > len(differences)


def test_seeds_are_needed_where_a_comparison_of_three_pairs_or_more_is_undecided():
    table = runs({"relu": -2, "tanh": 0, "few": 0, "none": 0})
    few = (table["hidden"] == "few") & (table["seed"] > 1)
    table["loss"] = table["loss"].mask(few | (table["hidden"] == "none"))
    rows, _ = rows_of(CLAIM | {"within": {"hidden": ["relu", "tanh", "few", "none", "no"]}}, table)
    assert rows.loc["tanh", "seeds_needed"] > SEEDS
    assert rows.index[rows["seeds_needed"].notna()].tolist() == ["tanh"]


# Fewer seeds


@pytest.mark.parametrize(
    ("seeds", "counts"),
    [(1, [1]), (2, [1, 2]), (4, [1, 2, 4]), (10, [3, 5, 10]), (12, [3, 6, 12])],
)
def test_intervals_are_those_of_a_quarter_half_and_all_of_the_seeds(seeds, counts):
    table = runs({"relu": -2, "tanh": 0}, seeds=seeds)
    rows = check(
        intervals({"C": CLAIM}, table, ["p"]).reset_index(drop=True),
        "intervals",
        "made",
    )
    assert rows["seeds"].tolist() == [count for count in counts for _ in ("relu", "tanh")]
    for count, found in rows.groupby("seeds"):
        known, _ = rows_of(CLAIM, table[table["seed"] < count])
        assert found["comparison"].tolist() == ["relu", "tanh"]
        assert found["verdict"].tolist() == known["verdict"].tolist()
        widths = ((known["ci_high"] - known["ci_low"]) / 2).to_numpy(float)
        np.testing.assert_array_equal(found["half_width"], widths)


def test_intervals_are_of_the_protocols_asked_for():
    table = pd.concat([runs({"relu": -2}), runs({"relu": 0}, protocol="q")])
    for shown in (["q"], ["p", "q"]):
        rows = intervals({"C": CLAIM}, table, shown)
        assert sorted(set(rows["protocol"])) == shown


def test_intervals_shrink_about_as_one_over_the_square_root_of_the_seeds():
    """Eight comparisons, for of ten seeds alone an interval may by chance be a fifth too wide; and
    forty seeds, for with few an interval is wider, since their spread is not well known.
    """
    hidden, seeds = [f"h{i}" for i in range(8)], 160
    draw = np.random.default_rng(0)
    table = runs_of({name: draw.normal(size=seeds) for name in hidden})
    claim = CLAIM | {"within": {"hidden": hidden}}
    width = intervals({"C": claim}, table, ["p"]).groupby("seeds")["half_width"].mean()
    assert width[40] / width[160] == pytest.approx(2, rel=0.15)
    assert width[80] / width[160] == pytest.approx(np.sqrt(2), rel=0.15)


# Whether claims notice


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


# Runs that are missing


RELU, TANH = ("p", "relu", "sigmoid"), ("p", "tanh", "identity")


def test_what_rests_on_missing_runs_is_unproven_and_so_is_the_whole():
    table = runs({"relu": -2.0, "tanh": -2.0})
    rows, over = rows_of(CLAIM, table, frozenset({RELU}))
    assert rows["verdict"].to_dict() == {"relu": "unproven", "tanh": "holds"}
    assert rows["leans"].to_dict() == {"relu": "unproven", "tanh": "holds"}
    assert rows["n"].to_dict() == {"relu": SEEDS, "tanh": SEEDS}
    assert rows["stands"].isna().to_dict() == {"relu": True, "tanh": False}
    assert rows["effect"]["relu"] == pytest.approx(-2.0, abs=0.3)  # of the runs that are there
    assert over["verdict"] == "unproven"
    assert np.isnan(over["stands"])


def test_a_comparison_of_which_no_run_is_there_is_unproven_and_not_untested():
    table = runs({"relu": -2.0, "tanh": -2.0})
    without = table[(table["hidden"] != "tanh") | (table["output"] != "identity")]
    rows, over = rows_of(CLAIM, without, frozenset({TANH}))
    assert rows["verdict"].to_dict() == {"relu": "holds", "tanh": "unproven"}
    assert over["verdict"] == "unproven"
    assert rows["n"]["tanh"] == 0
    assert verdicts(CLAIM, without) == ({"relu": "holds", "tanh": "not tested"}, "not tested")


def test_a_claim_all_of_whose_runs_are_missing_is_unproven():
    missing = frozenset(("p", h, o) for h in ("relu", "tanh") for o in ("identity", "sigmoid"))
    found = verdicts(CLAIM, runs({"relu": -2.0}, protocol="q"), missing)
    assert found == ({"relu": "unproven", "tanh": "unproven"}, "unproven")


def test_a_claim_with_missing_and_with_untested_runs_is_unproven():
    claim = CLAIM | {"within": {"hidden": ["relu", "tanh", "selu"]}}
    found = verdicts(claim, runs({"relu": -2.0, "tanh": -2.0}), frozenset({RELU}))
    assert found == ({"relu": "unproven", "tanh": "holds", "selu": "not tested"}, "unproven")


def test_missing_runs_of_others_change_no_verdict():
    table = runs({"relu": -2.0, "tanh": 0.0})
    others = frozenset({("q", "relu", "sigmoid"), ("p", "selu", "sigmoid")})
    whole, partial = (evaluate({"C": CLAIM}, table, missing=m) for m in ((), others))
    for one, other in zip(whole, partial, strict=True):
        pd.testing.assert_frame_equal(one, other)


def test_fewer_seeds_of_missing_runs_are_unproven_too():
    table = runs({"relu": -2.0, "tanh": -2.0})
    shrinking = intervals({"C": CLAIM}, table, ["p"], frozenset({RELU}))
    of_relu = shrinking[shrinking["comparison"] == "relu"]
    assert of_relu["verdict"].tolist() == ["unproven"] * 3
