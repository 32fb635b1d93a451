"""What the runs say over seeds."""

import itertools
import math
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from pandas.testing import assert_frame_equal

from scripts import aggregate
from scripts.aggregate import main
from scripts.analysis.factors import factors
from scripts.analysis.summaries import over_seeds, plateau_left, summarise
from scripts.study.block import Block, seed_blocks
from scripts.study.layout import SUMMARIES
from scripts.tables import schemas
from scripts.tables.blocks import gather
from scripts.tables.io import TableError, read_table, write_table
from scripts.workflow.entry import write_resolved

NAN, INF = math.nan, math.inf
QUARTILES = {"median": 0.5, "q25": 0.25, "q75": 0.75}
TARGET = 0.6
NAMES = {"protocol": "p", "hidden": "relu", "output": "identity"}


def losses(*epochs, **names):
    """A list of losses, one a seed, for each epoch."""
    return pd.DataFrame(
        [
            {**NAMES, **names, "seed": seed, "epoch": epoch, "loss": loss}
            for epoch, own in enumerate(epochs, start=1)
            for seed, loss in enumerate(own)
        ]
    )


def runs(accuracies, epochs=None, **names):
    """A run for each accuracy, and the epochs it takes to the target; None diverged."""
    return pd.DataFrame(
        [
            {
                **NAMES,
                **names,
                "seed": seed,
                "final_train_loss": None if accuracy is None else 1 - accuracy,
                "train_accuracy": accuracy,
                "test_accuracy": accuracy,
                "diverged": accuracy is None,
                "diverged_epoch": 3 if accuracy is None else None,
                "epochs_to_target": own,
                "loss_roughness": None if accuracy is None else 0.1,
            }
            for seed, (accuracy, own) in enumerate(
                zip(accuracies, epochs or [None] * len(accuracies), strict=True)
            )
        ]
    ).astype(
        dict.fromkeys([*schemas.SUMMARISED, "loss_roughness"], "float64")
        | dict.fromkeys(["diverged_epoch", "epochs_to_target"], "Int64")
    )


def layers(seeds=2, **names):
    """Three layers of each seed, before training and after an epoch."""
    columns = [*schemas.TABLES["layers"].columns][-5:]
    values = np.random.default_rng(0).random((seeds, 2, 3, len(columns))).round(6)
    return pd.DataFrame(
        [
            {**NAMES, **names, "seed": seed, "epoch": epoch, "layer": layer + 1}
            | dict(zip(columns, values[seed, epoch, layer], strict=True))
            for seed, epoch, layer in np.ndindex(seeds, 2, 3)
        ]
    )


def test_statistics_over_seeds_are_numpys_statistics():
    values = np.random.default_rng(0).random((4, 7))
    table = over_seeds(values)
    assert table["n"].tolist() == [7] * 4
    expected = {
        "mean": values.mean(1),
        "median": np.median(values, 1),
        "sd": values.std(1, ddof=1),
        "min": values.min(1),
        "q25": np.quantile(values, 0.25, 1),
        "q75": np.quantile(values, 0.75, 1),
        "max": values.max(1),
    }
    for column, own in expected.items():
        assert_allclose(table[column], own, rtol=1e-12)


def test_losses_that_are_no_finite_number_do_not_count():
    table = over_seeds(np.array([[0.25, NAN, INF, 0.75, -INF], [NAN, INF, INF, 0.5, NAN]]))
    first, second = table.to_dict("records")
    assert (first["n"], second["n"]) == (2, 1)
    assert [first[c] for c in ("mean", "median", "min", "max")] == [0.5, 0.5, 0.25, 0.75]
    assert [first["q25"], first["q75"]] == [0.375, 0.625]
    assert [second[c] for c in ("mean", "median", "min", "max", "q25", "q75")] == [0.5] * 6
    assert math.isnan(second["sd"])


def test_an_epoch_without_a_finite_loss_keeps_its_row(tmp_path):
    table = over_seeds(np.array([[NAN, INF], [0.5, 0.5]])).assign(epoch=[1, 2], **NAMES)
    assert table["n"].tolist() == [0, 2]
    assert table.loc[0, "mean":"max"].isna().all()
    write_table(table, "losses", tmp_path / "losses.csv")
    assert read_table("losses", tmp_path / "losses.csv")["n"].tolist() == [0, 2]


def test_a_single_seed_has_no_standard_deviation():
    (loss,) = over_seeds(np.array([[0.5]])).to_dict("records")
    (run,) = summarise(runs([0.75]), TARGET).to_dict("records")
    assert math.isnan(loss["sd"])
    assert (loss["n"], loss["mean"], loss["q25"], loss["q75"]) == (1, 0.5, 0.5, 0.5)
    assert math.isnan(run["test_accuracy_sd"])
    assert (run["n"], run["test_accuracy_mean"], run["test_accuracy_max"]) == (1, 0.75, 0.75)


@pytest.mark.parametrize("metric", schemas.SUMMARISED)
def test_a_summary_holds_numpys_statistics_of_each_metric(metric):
    values = [0.1, 0.7, 0.4, 0.9]
    (row,) = summarise(runs(values), TARGET).to_dict("records")
    own = np.array(values) if "accuracy" in metric else 1 - np.array(values)
    expected = {
        "mean": own.mean(),
        "sd": own.std(ddof=1),
        "median": np.median(own),
        "min": own.min(),
        "max": own.max(),
    }
    assert list(expected) == list(schemas.STATISTICS)
    assert_allclose([row[f"{metric}_{name}"] for name in expected], list(expected.values()))


def test_diverged_runs_are_counted_and_left_out_of_the_statistics():
    (row,) = summarise(runs([0.5, None, 1.0, None]), TARGET).to_dict("records")
    assert (row["n"], row["diverged"]) == (4, 2)
    assert (row["test_accuracy_mean"], row["test_accuracy_min"]) == (0.75, 0.5)
    assert row["final_train_loss_max"] == 0.5


def test_a_combination_of_which_all_runs_diverged_keeps_its_row_without_values(tmp_path):
    lost, kept = (
        summarise(own, TARGET).assign(**NAMES | {"hidden": hidden, "plateau_left": NAN})
        for hidden, own in (("relu", runs([None, None])), ("tanh", runs([0.5, 1.0], [2, 4])))
    )
    write_table(pd.concat([lost, kept]), "summary", tmp_path / "summary.csv")
    lost, kept = read_table("summary", tmp_path / "summary.csv").to_dict("records")
    assert (lost["hidden"], lost["n"], lost["diverged"]) == ("relu", 2, 2)
    assert (kept["hidden"], kept["n"], kept["diverged"]) == ("tanh", 2, 0)
    assert (lost["trained"], kept["trained"], kept["epochs_to_target_median"]) == (0, 0.5, 3)
    assert math.isnan(lost["epochs_to_target_median"])
    for metric in schemas.SUMMARISED:
        for statistic in schemas.STATISTICS:
            assert math.isnan(lost[f"{metric}_{statistic}"])
            assert not math.isnan(kept[f"{metric}_{statistic}"])


@pytest.mark.parametrize(
    ("accuracies", "share"),
    [
        ([0.9, 0.7, 0.5, 0.3], 0.5),
        ([0.9, 0.7], 1),
        ([0.3, 0.5], 0),
        ([0.6, 0.9], 0.5),  # at the target is not above it
        ([0.9, None, None, None], 0.25),
        ([None], 0),
    ],
)
def test_trained_is_the_share_of_all_runs_that_end_above_the_target(accuracies, share):
    (row,) = summarise(runs(accuracies), TARGET).to_dict("records")
    assert row["trained"] == share


def test_it_is_the_test_accuracy_that_counts():
    rows = runs([0.5, 0.5]).assign(train_accuracy=[0.9, 0.9], test_accuracy=[0.9, 0.3])
    assert summarise(rows, TARGET)["trained"].tolist() == [0.5]


@pytest.mark.parametrize(
    ("epochs", "median"),
    [
        ([7], 7),
        ([5, 1, 3], 3),
        ([2, 5], 3.5),
        ([None, 2, 3], 3),  # None never gets there, which takes longest
        ([None, None, 9, 2, 4], 9),
        ([None, None, 1], None),
        ([4, None], None),
        ([None], None),
    ],
)
def test_the_median_of_epochs_is_that_of_all_runs_as_far_as_they_get_there(epochs, median):
    (row,) = summarise(runs([0.5] * len(epochs), epochs), TARGET).to_dict("records")
    assert row["epochs_to_target_median"] == pytest.approx(median or NAN, abs=0, nan_ok=True)


def test_a_run_that_diverged_after_the_target_counts_with_its_epochs():
    (row,) = summarise(runs([None, 0.9, 0.9], [1, 2, 5]), TARGET).to_dict("records")
    assert (row["diverged"], row["epochs_to_target_median"]) == (1, 2)


@pytest.mark.parametrize(
    ("losses", "kind", "epoch"),
    [
        ([0.26, 0.25, 0.226, 0.224, 0.1], "mse", 4),
        ([0.2, 0.25, 0.1], "mse", 1),
        ([0.25, 0.225], "mse", NAN),  # at the bound is not below it
        ([0.7, 0.63, 0.62, 0.2], "bce", 3),
        ([NAN, 0.2], "mse", 2),
    ],
)
def test_the_plateau_is_left_where_the_loss_falls_below_nine_tenths_of_it(losses, kind, epoch):
    assert plateau_left(pd.Series(losses), kind) == pytest.approx(epoch, nan_ok=True)


BLOCK = Block("p", "relu", "identity", 0, 1)


def test_the_blocks_of_a_study_are_gathered_into_one_table(tmp_path):
    blocks = [BLOCK, Block("p", "tanh", "identity", 0, 0)]
    write_table(runs([0.5, None]), "runs", f"{tmp_path}/{blocks[0]}/runs.csv")
    write_table(runs([0.25], hidden="tanh"), "runs", f"{tmp_path}/{blocks[1]}/runs.csv")
    gathered = gather("runs", blocks, epochs=2, folder=tmp_path)
    assert gathered["hidden"].tolist() == ["relu", "relu", "tanh"]
    write_table(gathered, "runs", tmp_path / "runs.csv")
    assert len(read_table("runs", tmp_path / "runs.csv")) == 3


@pytest.mark.parametrize(
    "rows",
    [
        runs([0.5]),
        runs([0.5, 0.5, 0.5]),
        runs([0.5, 0.5])[:0],
        runs([0.5, 0.5], hidden="tanh"),
        runs([0.5, 0.5], output="sigmoid"),
        runs([0.5, 0.5], protocol="q"),
        runs([0.5, 0.5]).assign(seed=[1, 2]),
    ],
    ids=["missing", "too many", "none", "hidden", "output", "protocol", "seeds"],
)
def test_a_block_of_other_runs_than_its_folder_says_is_named(tmp_path, rows):
    path = f"{tmp_path}/{BLOCK}/runs.csv"
    write_table(rows, "runs", path)
    with pytest.raises(TableError) as caught:
        gather("runs", [BLOCK], epochs=2, folder=tmp_path)
    assert str(caught.value).startswith(f"{path}: its rows are not those of p/relu-identity")
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize(
    "rows",
    [losses([0.5, 0.5], [0.4, 0.4])[:3], losses([0.5, 0.5], [0.4, 0.4], [0.3, 0.3])],
    ids=["a row is missing", "an epoch too many"],
)
def test_a_block_with_other_losses_than_one_an_epoch_is_named(tmp_path, rows):
    path = f"{tmp_path}/{BLOCK}/losses.csv"
    write_table(rows, "block_losses", path)
    with pytest.raises(TableError, match=f"{path}: its rows are not those of"):
        gather("losses", [BLOCK], epochs=2, folder=tmp_path)


def made_study(seeds, seeds_per_job):
    """A study of two combinations, the tables of its blocks lying in the current folder."""
    study = {"seeds": seeds, "seeds_per_job": seeds_per_job}
    study |= {"hidden": ["relu"], "output": ["identity"]}
    study |= {"training": {"target_accuracy": 0.6, "epochs": 2, "loss": "mse"}, "keep": {}}
    study |= {"main": "q", "protocols": {"q": {"target_accuracy": 0.8}, "p": {}}}
    for protocol in "pq":
        accuracies = [(0.7, 0.9)[seed % 2] for seed in range(seeds)]
        own = {
            "runs": runs(accuracies, [4, 2] * (seeds // 2), protocol=protocol),
            "losses": losses(
                *([start + 0.1 * (seed % 3) for seed in range(seeds)] for start in (0.5, 0.1)),
                protocol=protocol,
            ),
            "accuracies": losses(accuracies, protocol=protocol).rename(
                columns={"loss": "test_accuracy"}
            ),
            "layers": layers(seeds, protocol=protocol),
        }
        for first, last in seed_blocks(seeds, seeds_per_job):
            block = Block(protocol, "relu", "identity", first, last)
            for name, kind in schemas.BLOCK_TABLES.items():
                rows = own[name][own[name]["seed"].between(first, last)]
                write_table(rows, kind, f"results/runs/{block}/{name}.csv")
    return study


def aggregated(study, monkeypatch):
    """{table: its bytes} of what the step makes of a study."""
    monkeypatch.setattr(sys, "argv", ["scripts.aggregate", "--config", str(write_resolved(study))])
    main()
    return {path.stem: path.read_bytes() for path in Path().glob("results/*.csv")}


def test_the_tables_of_a_study_are_those_of_its_blocks(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    aggregated(made_study(seeds=2, seeds_per_job=2), monkeypatch)
    names = [Path(path).stem for path in SUMMARIES]
    made = {name: read_table(name, f"results/{name}.csv") for name in names}
    assert sorted(path.stem for path in tmp_path.glob("results/*")) == sorted([*names, "runs"])
    assert made["runs"]["protocol"].tolist() == ["p", "p", "q", "q"]  # sorted by key
    assert made["runs"]["test_accuracy"].tolist() == [0.7, 0.9] * 2
    assert made["losses"]["epoch"].tolist() == [1, 2] * 2
    assert_allclose(made["losses"]["mean"], [0.55, 0.15] * 2)
    assert made["accuracies"]["epoch"].tolist() == [1] * 2
    assert_allclose(made["accuracies"]["median"], [0.8] * 2)
    assert made["boundaries"].empty
    assert made["missing"].empty
    assert made["summary"]["trained"].tolist() == [1, 0.5]
    assert made["summary"]["epochs_to_target_median"].tolist() == [3, 3]
    both = pd.concat([layers(), layers(protocol="q")])
    by_layer = both.groupby(["protocol", "epoch", "layer"])
    for name, column in itertools.product(["weight_grad_norm", "activation_mean"], QUARTILES):
        expected = by_layer[name].quantile(QUARTILES[column])
        assert_allclose(made["signal"][f"{name}_{column}"], expected, rtol=1e-6)
    for name, rows in [("layers", both), ("factors", factors(both))]:
        write_table(rows, name, "expected.csv")
        assert_frame_equal(made[name], read_table(name, "expected.csv"), check_exact=True)


def test_boundaries_are_of_the_combinations_whose_networks_are_kept(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    drawn = pd.DataFrame({"seed": [1], "epoch": [2], "x": [0.5], "y": [0.5], "prediction": [0.7]})
    of_protocol = {"p": drawn, "q": pd.DataFrame()}  # q's runs diverged
    monkeypatch.setattr(
        aggregate, "boundaries", lambda _, blocks, runs: of_protocol[blocks[0].protocol]
    )
    for keep, rows in [({}, 0), ({"q": [2]}, 0), ({"p": [2], "q": [2]}, 1)]:
        aggregated(made_study(seeds=2, seeds_per_job=2) | {"keep": keep}, monkeypatch)
        assert len(read_table("boundaries", "results/boundaries.csv")) == rows


@pytest.mark.parametrize("seeds_per_job", [2, 3])
def test_how_seeds_are_shared_out_to_blocks_changes_no_byte(tmp_path, monkeypatch, seeds_per_job):
    made = []
    for size in (6, seeds_per_job):
        (tmp_path / str(size)).mkdir()
        monkeypatch.chdir(tmp_path / str(size))
        made.append(aggregated(made_study(seeds=6, seeds_per_job=size), monkeypatch))
    assert made[0] == made[1]


def without(monkeypatch, *steps):
    """Have some blocks count as missing."""
    monkeypatch.setattr(aggregate, "missing_steps", lambda config: list(steps))


def partly(study, monkeypatch):
    arguments = ["scripts.aggregate", "--config", str(write_resolved(study)), "--partial"]
    monkeypatch.setattr(sys, "argv", arguments)
    main()
    names = [Path(path).stem for path in SUMMARIES]
    return {name: read_table(name, f"results/{name}.csv") for name in names}


def test_without_some_blocks_the_tables_are_those_of_the_others(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    study = made_study(seeds=6, seeds_per_job=2)
    without(monkeypatch, "train/q/relu-identity/seeds-2-3")
    made = partly(study, monkeypatch)
    runs_of_q = made["runs"].query("protocol == 'q'")
    assert runs_of_q["seed"].tolist() == [0, 1, 4, 5]
    assert made["summary"]["n"].tolist() == [6, 4]
    assert made["losses"].query("protocol == 'q'")["n"].tolist() == [4, 4]
    assert made["losses"].query("protocol == 'q'")["max"].tolist() == [0.7, 0.3]
    rows = made["missing"].to_dict("records")
    names = {"protocol": "q", "hidden": "relu", "output": "identity"}
    assert rows == [names | {"first_seed": 2, "last_seed": 3}]


def test_a_combination_without_any_run_has_a_row_that_says_so(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    study = made_study(seeds=2, seeds_per_job=2)
    without(monkeypatch, "train/p/relu-identity/seeds-0-1")
    made = partly(study, monkeypatch)
    assert made["runs"]["protocol"].tolist() == ["q", "q"]
    assert made["summary"]["n"].tolist() == [0, 2]
    assert made["summary"].iloc[0].isna().sum() == len(made["summary"].columns) - 5
    assert made["losses"]["n"].tolist() == [0, 0, 2, 2]
    assert set(made["factors"]["protocol"]) == {"q"}


def test_without_any_run_there_is_nothing_to_gather(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    study = made_study(seeds=2, seeds_per_job=2)
    without(monkeypatch, *(f"train/{p}/relu-identity/seeds-0-1" for p in "pq"))
    with pytest.raises(SystemExit) as end:
        partly(study, monkeypatch)
    assert end.value.code == "aggregate: there are no runs yet; make report trains them"
    assert not (tmp_path / "results/runs.csv").exists()
