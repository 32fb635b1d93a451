"""One training job: its tables, its bits, and what it computes beside torch.nn and autograd."""

import math

import numpy as np
import pandas as pd
import pytest
import torch
from pandas.testing import assert_frame_equal
from torch.testing import assert_close

from framework import BCEWithLogitsLoss, Linear, MSELoss
from scripts.study.activations import by_name
from scripts.study.block import Block
from scripts.study.datasets import draw, draw_replicas, orders
from scripts.study.project import ROOT
from scripts.tables import schemas
from scripts.tables.io import read_table, write_table
from scripts.train import train_block, warm_up
from scripts.training.loop import (
    TEN,
    Trained,
    accuracy,
    accuracy_epochs,
    train,
    train_by_tens,
    train_epoch,
)
from scripts.training.measures import first_epoch, measure_layers, roughness, runs_table
from scripts.training.network import PER_REPLICA, build, loss_of, optimizer_of

OPTIMIZERS = {
    "sgd": {"optimizer": "sgd", "learning_rate": 0.5},
    "momentum": {"optimizer": "sgd", "learning_rate": 0.2, "momentum": 0.9},
    "adam": {"optimizer": "adam", "learning_rate": 0.01},
}
IN_TORCH = {
    "identity": torch.nn.Identity,
    "relu": torch.nn.ReLU,
    "selu": torch.nn.SELU,
    "sigmoid": torch.nn.Sigmoid,
    "tanh": torch.nn.Tanh,
}


def settings(**own):
    """Small, and no multiple of anything: the last batch has 7 points."""
    return {
        "points": 37,
        "dataset": "disk",
        "draw": "per-seed",
        "inputs": "raw",
        "hidden_widths": [25, 25, 25],
        "batch_size": 10,
        "batch_order": "shuffled",
        "epochs": 2,
        "loss": "mse",
        "optimizer": "sgd",
        "learning_rate": 0.1,
        "momentum": 0,
        "initialisation": "uniform",
        "gain": 1,
        "start": "drawn",
        "biases": "uniform",
        "prediction": "threshold",
        "target_accuracy": 0.9,
        "substitute": {},
        "precision": "double",
        "device": "cpu",
        "keep": [],
    } | own


def trained(own, hidden, output, first, last):
    """The tables of seeds first to last, as a job trains them."""
    parts = list(train_by_tens(own, hidden, output, first, last))
    return {
        name: pd.concat([part.tables[name] for part in parts], ignore_index=True)
        for name in parts[0].tables
    }


def tables_of(*arguments):
    """The tables that training gives."""
    return train(*arguments).tables


def of_seeds(result, seeds):
    """The tables' rows for some seeds."""
    return {
        name: rows[rows["seed"].isin(seeds)].reset_index(drop=True) for name, rows in result.items()
    }


def assert_same_bits(result, other):
    for name, rows in result.items():
        assert len(rows)
        assert_frame_equal(rows, other[name], check_exact=True)


# The tables


def test_each_table_has_its_columns_and_rows():
    result = tables_of(settings(epochs=12), "relu", "sigmoid", [4, 5, 6])
    runs, losses, layers = result["runs"], result["losses"], result["layers"]
    accuracies = result["accuracies"]
    names = ["protocol", "hidden", "output"]
    assert [*names, *runs] == list(schemas.TABLES["runs"].columns)
    assert [*names, *losses] == list(schemas.TABLES["block_losses"].columns)
    assert [*names, *accuracies] == list(schemas.TABLES["block_accuracies"].columns)
    assert [*names, *layers] == list(schemas.TABLES["layers"].columns)
    assert runs["seed"].tolist() == [4, 5, 6]
    for seed in [4, 5, 6]:
        assert losses[losses["seed"] == seed]["epoch"].tolist() == list(range(1, 13))
        measured = accuracies[accuracies["seed"] == seed]
        assert measured["epoch"].tolist() == [1, 2, 3, 5, 10, 12]
        measured = layers[layers["seed"] == seed]
        assert measured["epoch"].tolist() == [e for e in (0, 1, 10, 12) for _ in range(4)]
        assert measured["layer"].tolist() == [1, 2, 3, 4] * 4
    assert not runs["diverged"].any()
    assert runs["diverged_epoch"].isna().all()


@pytest.mark.parametrize(("epochs", "measured"), [(1, [0, 1]), (10, [0, 1, 10])])
def test_layers_of_an_epoch_are_measured_once(epochs, measured):
    layers = tables_of(settings(epochs=epochs, hidden_widths=[3]), "tanh", "identity", [0])[
        "layers"
    ]
    assert layers["epoch"].tolist() == [epoch for epoch in measured for _ in range(2)]


@pytest.mark.parametrize(
    ("epochs", "measured"),
    [
        (1, [1]),
        (3, [1, 2, 3]),
        (4, [1, 2, 3, 4]),
        (100, [1, 2, 3, 5, 10, 20, 30, 50, 100]),
        (300, [1, 2, 3, 5, 10, 20, 30, 50, 100, 200, 300]),
    ],
)
def test_accuracies_are_measured_at_round_epochs_and_the_last(epochs, measured):
    assert accuracy_epochs(epochs) == measured


def test_the_accuracy_after_an_epoch_is_that_of_a_run_that_ends_there():
    result = tables_of(settings(epochs=5), "tanh", "sigmoid", [0, 1])["accuracies"]
    for epochs in (1, 2, 3, 5):
        ended = tables_of(settings(epochs=epochs), "tanh", "sigmoid", [0, 1])["runs"]
        after = result[result["epoch"] == epochs]["test_accuracy"].tolist()
        assert after == ended["test_accuracy"].tolist()


def test_a_job_tells_its_progress_after_each_epoch(monkeypatch):
    told = []
    tell = lambda epoch, losses: told.append((epoch, losses.tolist()))  # noqa: E731
    monkeypatch.setattr(
        "scripts.training.loop.progress", lambda epochs: told.append(epochs) or tell
    )
    losses = tables_of(settings(epochs=3), "tanh", "identity", [0, 1])["losses"]
    epochs, *told = told
    assert epochs == 3
    assert told == [(n, losses[losses["epoch"] == n]["loss"].tolist()) for n in (1, 2, 3)]


def test_the_final_loss_is_that_of_the_last_epoch():
    result = tables_of(settings(epochs=3), "tanh", "identity", [0, 1, 2])
    last = result["losses"].query("epoch == 3")["loss"].tolist()
    assert result["runs"]["final_train_loss"].tolist() == last
    assert len(set(last)) == 3


def test_a_job_writes_its_tables_with_the_names_of_what_it_trained(tmp_path):
    own = settings(substitute={"tanh": "publishedtanh"})
    block = Block("mine", "tanh", "sigmoid", 2, 4)
    train_block(own, block, tmp_path)
    expected = tables_of(own, "tanh", "sigmoid", [2, 3, 4])
    for name, kind in schemas.BLOCK_TABLES.items():
        written = read_table(kind, tmp_path / f"{block}/{name}.csv")
        assert set(written["protocol"]) == {"mine"}
        assert set(written["hidden"]) == {"tanh"}
        assert set(written["output"]) == {"sigmoid"}
        assert written["seed"].tolist() == expected[name]["seed"].tolist()
    losses = read_table("block_losses", tmp_path / f"{block}/losses.csv")["loss"]
    assert losses.tolist() == pytest.approx(expected["losses"]["loss"].tolist(), rel=1e-6)


def test_seeds_are_trained_in_their_tens(monkeypatch, capsys):
    seen = []
    monkeypatch.setattr(
        "scripts.training.loop.train", lambda *_: seen.append(_[-1]) or Trained({}, {})
    )
    trained_in = lambda *ends: list(train_by_tens(settings(), "relu", "sigmoid", *ends))  # noqa: E731
    for first, last, tens in [(0, 0, [0]), (3, 9, [0]), (10, 19, [10]), (8, 31, [0, 10, 20, 30])]:
        seen.clear()
        trained_in(first, last)
        assert seen == [list(range(ten, ten + TEN)) for ten in tens]
    assert capsys.readouterr().out == (
        "seeds 8 to 9\nseeds 10 to 19\nseeds 20 to 29\nseeds 30 to 31\n"
    )


def test_a_seed_has_the_same_bytes_whichever_are_asked_for_with_it(tmp_path):
    def files(first, last):
        block = Block("p", "selu", "sigmoid", first, last)
        train_block(settings(), block, tmp_path)
        folder = tmp_path / str(block)
        return {path.stem: path.read_text().splitlines() for path in folder.glob("*.csv")}

    whole = files(0, 21)
    assert set(whole) == set(schemas.BLOCK_TABLES)
    for first, last in ((7, 7), (9, 10), (3, 20)):
        for name, (header, *rows) in files(first, last).items():
            of_them = [row for row in whole[name][1:] if first <= int(row.split(",")[3]) <= last]
            assert [header, *rows] == [whole[name][0], *of_them]


def test_what_is_spent_beforehand_is_what_a_job_does(monkeypatch):
    """An error in it would only make each job start late."""
    monkeypatch.chdir(ROOT)
    warm_up()


# A run depends on its seed alone


@pytest.mark.slow
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("loss", ["mse", "bce"])
@pytest.mark.parametrize("output", ["identity", "sigmoid"])
@pytest.mark.parametrize("hidden", by_name())
def test_a_seed_has_the_same_bits_whichever_are_trained_with_it(hidden, output, loss, optimizer):
    own = settings(loss=loss, inputs="standardised", **OPTIMIZERS[optimizer])
    together = trained(own, hidden, output, 0, 11)
    for seeds in [[3], [2, 3, 4], [9, 10]]:
        alone = trained(own, hidden, output, seeds[0], seeds[-1])
        assert_same_bits(alone, of_seeds(together, seeds))


@pytest.mark.parametrize(
    "own",
    [
        {"inputs": "raw"},
        {"draw": "shared", "batch_order": "fixed"},
        {"initialisation": "glorot", "gain": 2},
        {"initialisation": "glorot", "biases": "zero"},
        {"target_accuracy": 0.5},
        {"hidden_widths": [1]},
        {"hidden_widths": [2, 3]},
        {"hidden_widths": [7, 1, 5]},
        {"batch_size": 37},
        {"batch_size": 36},  # a last batch of one point
        {"batch_size": 1, "points": 5},
        {"points": 1, "batch_size": 1},
        {"points": 1000, "batch_size": 100},
    ],
    ids=str,
)
@pytest.mark.parametrize("hidden", ["tanh", "selu"])
def test_so_it_is_with_every_setting_and_shape(hidden, own):
    own = settings(**own)
    together = trained(own, hidden, "identity", 0, 10)
    for seeds in [[0], [9, 10]]:
        alone = trained(own, hidden, "identity", seeds[0], seeds[-1])
        assert_same_bits(alone, of_seeds(together, seeds))


@pytest.mark.parametrize("hidden", by_name())
def test_a_seed_in_its_ten_is_the_network_trained_alone(hidden):
    """But for the last bits, which the shape of a tensor decides."""
    own = settings()
    together = tables_of(own, hidden, "sigmoid", list(range(TEN)))
    for seed in (0, 7):
        alone, here = tables_of(own, hidden, "sigmoid", [seed]), of_seeds(together, [seed])
        for name, rows in alone.items():
            assert_frame_equal(rows, here[name], rtol=1e-12)


@pytest.mark.parametrize(("precision", "nudge"), [("double", 1e-12), ("single", 2**-23)])
def test_a_nudged_start_is_a_last_digit_away(precision, nudge):
    drawn, nudged = (
        build(settings(start=start, precision=precision), "tanh", "sigmoid", [3])
        for start in ("drawn", "nudged")
    )
    for before, after in zip(drawn[::2], nudged[::2], strict=True):
        assert torch.equal(before.bias, after.bias)
        assert (after.weight.abs() > before.weight.abs()).all()
        assert_close(
            after.weight / before.weight - 1, torch.full_like(after.weight, nudge), rtol=1, atol=0
        )


def test_single_precision_starts_from_the_same_numbers_rounded():
    own = settings(precision="single", inputs="standardised")
    single, double = (
        build(own | {"precision": p}, "tanh", "sigmoid", [3]) for p in ("single", "double")
    )
    for mine, exact in zip(single.parameters(), double.parameters(), strict=True):
        assert (mine.dtype, exact.dtype) == (torch.float32, torch.float64)
        assert torch.equal(mine, exact.float())
    losses = [
        tables_of(o, "tanh", "sigmoid", [3])["losses"]["loss"]
        for o in (own, own | {"precision": "double"})
    ]
    assert losses[0].dtype == np.float32
    assert losses[1].dtype == np.float64
    assert losses[0].tolist() == pytest.approx(losses[1].tolist(), rel=1e-5)


def test_a_seed_starts_from_the_same_weights_under_every_activation():
    starts = [
        build(settings(**own), hidden, output, [3, 4]).parameters()
        for hidden, output in [("relu", "identity"), ("tanh", "sigmoid"), ("selu", "selu")]
        for own in [{}, {"draw": "shared"}, {"optimizer": "adam"}]
    ]
    for start in starts:
        assert all(torch.equal(a, b) for a, b in zip(start, starts[0], strict=True))
        assert not torch.equal(start[0][0], start[0][1])


def test_a_substitute_is_trained_in_the_place_of_another():
    own = settings(substitute={"tanh": "publishedtanh", "sigmoid": "tanh"})
    assert_same_bits(
        tables_of(own, "tanh", "sigmoid", [0, 1]),
        tables_of(settings(), "publishedtanh", "tanh", [0, 1]),
    )
    assert_same_bits(
        tables_of(own, "relu", "relu", [0]), tables_of(settings(), "relu", "relu", [0])
    )


# What it computes, beside torch.nn and autograd


def twin(network, replica, hidden, output):
    """One replica of a network in torch.nn."""
    layers = []
    for layer in network:
        if isinstance(layer, Linear):
            linear = torch.nn.Linear(*layer.weight.shape[-2:], dtype=layer.weight.dtype)
            with torch.no_grad():
                linear.weight.copy_(layer.weight[replica].T)
                linear.bias.copy_(layer.bias[replica])
            layers += [linear, IN_TORCH[hidden]()]
    return torch.nn.Sequential(*layers[:-1], IN_TORCH[output]())


def loss_in_torch(own, output):
    if own["loss"] == "mse":
        return torch.nn.MSELoss()
    return torch.nn.BCEWithLogitsLoss() if output == "identity" else torch.nn.BCELoss()


def optimizer_in_torch(own, net):
    if own["optimizer"] == "adam":
        return torch.optim.Adam(net.parameters(), own["learning_rate"])
    return torch.optim.SGD(net.parameters(), own["learning_rate"], own["momentum"])


def train_in_torch(own, hidden, output, seed):
    """Losses and accuracies by epoch, and the outputs for the training and test points."""
    x, t, x_test, _ = draw(own, seed)
    net = twin(build(own, hidden, output, [seed]), 0, hidden, output)
    criterion, optimizer = loss_in_torch(own, output), optimizer_in_torch(own, net)
    losses, accuracies = [], []
    for order in orders(own, [seed]):
        total, right = 0, 0
        for batch in order[0].split(own["batch_size"]):
            optimizer.zero_grad()
            y = net(x[batch])
            loss = criterion(y, t[batch])
            loss.backward()
            optimizer.step()
            total += loss.item() * len(batch)
            right += ((y > limit(own, output)) == t[batch]).sum().item()
        losses.append(total / own["points"])
        accuracies.append(right / own["points"])
    return losses, accuracies, net(x), net(x_test)


def limit(own, output):
    """What an output must exceed for the label 1."""
    return 0 if (own["loss"], output) == ("bce", "identity") else 0.5


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("loss", ["mse", "bce"])
@pytest.mark.parametrize("output", ["identity", "sigmoid"])
@pytest.mark.parametrize("hidden", ["relu", "tanh", "selu", "sigmoid"])
def test_losses_and_accuracies_are_those_of_torch(hidden, output, loss, optimizer):
    own = settings(loss=loss, **OPTIMIZERS[optimizer]) | {"learning_rate": 0.02}
    result = tables_of(own, hidden, output, [0, 1])
    for seed in [0, 1]:
        expected, _, train_output, test_output = train_in_torch(own, hidden, output, seed)
        losses = result["losses"].query("seed == @seed")["loss"].tolist()
        assert losses == pytest.approx(expected, rel=1e-12)
        (run,) = result["runs"].query("seed == @seed").to_dict("records")
        _, t, _, t_test = draw(own, seed)
        above = limit(own, output)
        assert run["train_accuracy"] == ((train_output > above) == t).double().mean().item()
        assert run["test_accuracy"] == ((test_output > above) == t_test).double().mean().item()


def test_an_epochs_loss_is_the_mean_over_points_of_the_losses_before_each_step():
    own = settings(learning_rate=1e-30, epochs=2, batch_size=9)  # nothing moves: one mean over all
    losses = tables_of(own, "tanh", "identity", [0])["losses"]["loss"].tolist()
    x, t, *_ = draw(own, 0)
    whole = (twin(build(own, "tanh", "identity", [0]), 0, "tanh", "identity")(x) - t).square()
    assert losses == pytest.approx([whole.mean().item()] * 2, rel=1e-12)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("loss", ["mse", "bce"])
@pytest.mark.parametrize("output", ["identity", "sigmoid"])
def test_an_epochs_loss_and_accuracy_are_those_before_each_step(output, loss, optimizer):
    own = settings(loss=loss, epochs=9, **OPTIMIZERS[optimizer]) | {"learning_rate": 0.05}
    seeds = [0, 1, 2]
    x, t, *_ = draw_replicas(own, seeds)
    network = build(own, "tanh", output, seeds)
    rest = network, loss_of(own, output), optimizer_of(own, network), x, t
    epochs = [train_epoch(own, *rest, order) for order in orders(own, seeds)]
    losses, shares = (torch.stack(values, 1) for values in zip(*epochs, strict=True))
    for replica, seed in enumerate(seeds):
        expected, accuracies, *_ = train_in_torch(own, "tanh", output, seed)
        assert losses[replica].tolist() == pytest.approx(expected, rel=1e-12)
        assert shares[replica].tolist() == accuracies
    assert len(set(shares.flatten().tolist())) > 3  # else there was nothing to tell apart


def test_the_epochs_to_the_target_are_those_until_an_epochs_accuracy_reaches_it():
    own = settings(epochs=12, optimizer="adam", learning_rate=0.02)
    accuracies = [train_in_torch(own, "relu", "sigmoid", seed)[1] for seed in range(3)]
    targets = sorted({0, 1}.union(*accuracies))
    assert len(targets) > 9
    for target in targets:
        runs = tables_of(own | {"target_accuracy": target}, "relu", "sigmoid", [0, 1, 2])["runs"]
        for epoch, shares in zip(runs["epochs_to_target"], accuracies, strict=True):
            reached = [n for n, share in enumerate(shares, start=1) if share >= target]
            assert pd.isna(epoch) if not reached else epoch == reached[0]


def test_the_target_changes_nothing_but_the_epochs_to_it():
    low, high = (tables_of(settings(target_accuracy=a), "relu", "sigmoid", [0, 1]) for a in (0, 1))
    assert low["runs"]["epochs_to_target"].tolist() == [1, 1]
    assert high["runs"]["epochs_to_target"].isna().all()
    for result in (low, high):
        result["runs"] = result["runs"].drop(columns="epochs_to_target")
    assert_same_bits(low, high)


def test_an_epoch_in_which_outputs_are_no_numbers_reaches_no_target():
    own = settings(learning_rate=1e30, target_accuracy=0)  # from the second batch on
    runs = tables_of(own, "relu", "identity", [0, 1])["runs"]
    assert runs["diverged_epoch"].tolist() == [1, 1]
    assert runs["epochs_to_target"].isna().all()


def test_the_first_epoch_is_each_replicas_own_and_missing_where_there_is_none():
    reached = [[False, False, True, False], [True, False, False, False], [True, False, True, True]]
    first = first_epoch(torch.tensor(reached))
    assert first.dropna().to_dict() == {0: 2, 2: 1, 3: 3}
    assert first.isna().tolist() == [False, True, False, False]


def layers_in_torch(net, criterion, x, t):
    """What `measure_layers` measures of one network, by autograd: {name: (layers,)}."""
    y, parts = x, []
    for linear, activation in zip(net[::2], net[1::2], strict=True):
        z = linear(y)
        z.retain_grad()
        y = activation(z)
        parts.append((linear, activation, z, y))
    criterion(y, t).backward()
    rows = []
    for linear, activation, z, y in parts:
        own = z.detach().requires_grad_()
        (slopes,) = torch.autograd.grad(activation(own).sum(), own)
        rows.append(
            {
                "weight_grad_norm": linear.weight.grad.norm(),
                "delta_norm": z.grad.norm(),
                "activation_mean": y.mean(),
                "activation_std": y.std(0, correction=0).square().mean().sqrt(),
                "activation_slope": slopes.square().mean().sqrt(),
            }
        )
    return {name: torch.stack([row[name] for row in rows]).detach() for name in rows[0]}


@pytest.mark.parametrize("loss", ["mse", "bce"])
@pytest.mark.parametrize("output", ["identity", "sigmoid"])
@pytest.mark.parametrize("hidden", ["relu", "tanh", "selu", "sigmoid", "identity"])
def test_layers_are_measured_as_autograd_and_torch_measure_them(hidden, output, loss):
    own, seeds = settings(loss=loss, hidden_widths=[25, 4, 9]), [0, 3, 8]
    x, t, *_ = draw_replicas(own, seeds)
    network = build(own, hidden, output, seeds)
    measured = measure_layers(network, loss_of(own, output), x, t)
    for replica in range(3):
        net = twin(network, replica, hidden, output)
        expected = layers_in_torch(net, loss_in_torch(own, output), x[replica], t[replica])
        assert measured.keys() == expected.keys()
        for name, values in expected.items():
            assert_close(measured[name][replica], values, rtol=1e-9, atol=0)


def test_the_measured_slope_is_the_one_that_training_uses():
    own = settings()
    x, t, *_ = draw_replicas(own, [0])
    network = build(own, "publishedtanh", "identity", [0])
    measured = measure_layers(network, loss_of(own, "identity"), x, t)["activation_slope"][0]
    y, slopes = x[0], []
    for layer in twin(network, 0, "tanh", "identity")[:-2]:
        y = layer(y)
        if isinstance(layer, torch.nn.Tanh):
            slopes.append((1 - y.tanh() ** 2).square().mean().sqrt())
    assert_close(measured, torch.stack([*slopes, torch.ones(()).double()]).detach())


def test_gradients_left_by_an_earlier_step_are_not_measured_again():
    own = settings()
    x, t, *_ = draw_replicas(own, [0, 1])
    network, criterion = build(own, "tanh", "identity", [0, 1]), loss_of(own, "identity")
    first, second = (measure_layers(network, criterion, x, t) for _ in range(2))
    assert all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_measuring_layers_leaves_no_trace_in_training(monkeypatch, optimizer):
    own = settings(epochs=5, **OPTIMIZERS[optimizer])
    results = {}
    for epochs in [(1, 2, 3, 4), ()]:
        monkeypatch.setattr("scripts.training.loop.LAYER_EPOCHS", epochs)
        results[epochs] = tables_of(own, "relu", "sigmoid", [0, 1])
        assert set(results[epochs].pop("layers")["epoch"]) == {0, *epochs, 5}
    assert_same_bits(*results.values())


def test_the_epochs_of_a_short_run_are_the_first_of_a_longer_one():
    long, short = (tables_of(settings(epochs=n), "relu", "sigmoid", [0, 1]) for n in (5, 3))
    first = long["losses"].query("epoch <= 3").reset_index(drop=True)
    assert_frame_equal(first, short["losses"], check_exact=True)


# How jagged a curve of losses is

EPOCHS = torch.arange(30, dtype=torch.float64)


def rough(curve):
    return roughness(curve[:, None]).item()


def test_roughness_is_numpys_root_mean_square_of_second_differences_of_logarithms():
    losses = np.random.default_rng(0).random((9, 4))
    expected = np.sqrt((np.diff(np.log(losses), 2, axis=0) ** 2).mean(0))
    assert_close(roughness(torch.tensor(losses)), torch.tensor(expected))


@pytest.mark.parametrize("rate", [0, 0.01, 0.3, -0.1])
def test_a_steady_curve_is_smooth_at_any_rate_and_one_that_jumps_is_jagged_by_its_jumps(rate):
    steady = 0.25 * (-rate * EPOCHS).exp()
    assert rough(steady) < 1e-12
    for jump in [0.001, 0.1, 2]:
        jagged = steady * (jump * (-1) ** EPOCHS / 4).exp()  # Δ² log is ±jump
        assert rough(jagged) == pytest.approx(jump)
        assert rough(100 * jagged) == pytest.approx(jump)


def test_a_curve_that_falls_as_much_in_jumps_is_rougher_than_one_that_bends_slowly():
    slow = 1 / (1 + EPOCHS)
    stairs = slow[EPOCHS.long() // 5 * 5]
    assert rough(stairs) > 2 * rough(slow) > 0


def test_single_points_and_great_steps_make_a_rougher_curve_than_all_points_and_small_ones():
    """The measure on what it is for: each seed's curve, all of the same network and points."""
    smooth, jagged = (
        tables_of(settings(epochs=30, **own), "tanh", "identity", list(range(5)))["runs"]
        for own in [{"batch_size": 37, "learning_rate": 0.01}, {"batch_size": 1}]
    )
    assert jagged["loss_roughness"].min() > 5 * smooth["loss_roughness"].max() > 0


@pytest.mark.parametrize("epochs", [1, 2])
def test_fewer_than_three_epochs_have_no_roughness(epochs):
    runs = tables_of(settings(epochs=epochs), "tanh", "identity", [0, 1])["runs"]
    assert runs["loss_roughness"].isna().all()


@pytest.mark.parametrize("loss", [math.nan, math.inf, 0.0, -1.0])
@pytest.mark.parametrize("place", range(5))
def test_a_loss_without_a_logarithm_leaves_its_own_curve_alone_without_roughness(place, loss):
    losses = torch.rand(5, 3, generator=torch.Generator().manual_seed(0))
    whole = roughness(losses)
    losses[place, 1] = loss
    assert roughness(losses).isfinite().tolist() == [True, False, True]
    assert torch.equal(roughness(losses)[[0, 2]], whole[[0, 2]])


# Divergence

DIVERGING = settings(learning_rate=1.5, epochs=8)  # of seeds 0 to 9 some diverge, some do not


def test_a_run_whose_loss_is_no_finite_number_diverged_and_has_no_final_values():
    result = tables_of(DIVERGING, "relu", "identity", list(range(10)))
    runs, losses = result["runs"].set_index("seed"), result["losses"]
    assert 0 < runs["diverged"].sum() < 10
    for seed, run in runs.iterrows():
        own = losses[losses["seed"] == seed]
        infinite = own[~own["loss"].map(math.isfinite)]
        assert run["diverged"] == (len(infinite) > 0)
        if run["diverged"]:
            assert run["diverged_epoch"] == infinite["epoch"].min() > 1
        assert pd.isna(run["diverged_epoch"]) != run["diverged"]
        for metric in schemas.SUMMARISED:
            assert pd.isna(run[metric]) == run["diverged"]


def test_seeds_that_diverge_leave_their_neighbours_as_they_are():
    together = tables_of(DIVERGING, "relu", "identity", list(range(10)))
    runs = together["runs"]
    steady = runs[~runs["diverged"]]["seed"].tolist()
    for seeds in [steady, steady[:1]]:
        alone = tables_of(DIVERGING, "relu", "identity", seeds)
        assert_same_bits(alone, of_seeds(together, seeds) | {"runs": alone["runs"]})
        same = of_seeds(together, seeds)["runs"].drop(columns="diverged_epoch")
        assert_frame_equal(alone["runs"].drop(columns="diverged_epoch"), same, check_exact=True)


def test_diverged_runs_can_be_written_and_read(tmp_path):
    names = {"protocol": "p", "hidden": "relu", "output": "identity"}
    for name, rows in tables_of(DIVERGING, "relu", "identity", [0, 1, 2]).items():
        kind = schemas.BLOCK_TABLES[name]
        write_table(rows.assign(**names), kind, tmp_path / f"{name}.csv")
        assert len(read_table(kind, tmp_path / f"{name}.csv")) == len(rows)


def test_the_first_epoch_that_is_not_finite_counts_even_if_later_ones_are():
    nan, inf = math.nan, math.inf
    losses = torch.tensor(
        [[0.5, nan, 0.5, 0.5, 0.5], [0.4, 0.4, inf, -inf, 0.4], [0.3, 0.3, nan, 0.3, inf]]
    )
    share = torch.tensor([0.1, 0.2, 0.3, 0.4, 0.5], dtype=torch.float64)
    epochs = pd.Series([1, 2, None, None, 3], dtype="Int64")
    table = runs_table([7, 8, 9, 10, 11], losses, share, share, epochs)
    assert table["seed"].tolist() == [7, 8, 9, 10, 11]
    assert table["diverged"].tolist() == [False, True, True, True, True]
    assert table["diverged_epoch"][1:].tolist() == [1, 2, 2, 3]
    assert table["diverged_epoch"].isna().tolist() == [True, False, False, False, False]
    assert table["final_train_loss"].dropna().tolist() == [losses[2, 0].item()]
    assert table["train_accuracy"].dropna().tolist() == [0.1]
    assert table["test_accuracy"].dropna().tolist() == [0.1]
    assert table["epochs_to_target"].dropna().to_dict() == {0: 1, 1: 2, 4: 3}  # even where diverged


# Accuracy


@pytest.mark.parametrize(
    ("output", "label", "threshold", "rounded"),
    [
        (1.7, 1, True, False),
        (1.7, 0, False, False),
        (-0.7, 0, True, False),
        (0.6, 1, True, True),
        (0.6, 0, False, False),
        (0.4, 0, True, True),
        (0.5, 0, True, True),
        (0.5, 1, False, False),
        (1.0, 1, True, True),
    ],
)
def test_a_threshold_counts_what_is_above_a_half_and_round_what_rounds_to_the_label(
    output, label, threshold, rounded
):
    outputs, labels = torch.tensor([[[output]]]), torch.tensor([[[float(label)]]])
    criterion = MSELoss(dim=PER_REPLICA)
    for prediction, right in [("threshold", threshold), ("round", rounded)]:
        share = accuracy({"prediction": prediction}, criterion, outputs, labels)
        assert share.tolist() == [float(right)]


@pytest.mark.parametrize("prediction", ["threshold", "round"])
def test_logits_are_turned_into_probabilities_first(prediction):
    outputs = torch.tensor([[[0.3], [-0.3], [8.0], [-8.0]]])
    labels = torch.tensor([[[1.0], [0.0], [1.0], [0.0]]])
    own = {"prediction": prediction}
    assert accuracy(own, BCEWithLogitsLoss(dim=PER_REPLICA), outputs, labels).tolist() == [1.0]
    assert accuracy(own, MSELoss(dim=PER_REPLICA), outputs, labels).tolist() != [1.0]


def test_accuracy_is_the_share_of_each_replicas_points():
    outputs = torch.tensor([[[0.9], [0.1], [0.1]], [[0.9], [0.9], [0.9]]])
    labels = torch.tensor([[[1.0], [0.0], [1.0]], [[0.0], [0.0], [1.0]]])
    share = accuracy({"prediction": "threshold"}, MSELoss(dim=PER_REPLICA), outputs, labels)
    assert share.tolist() == [2 / 3, 1 / 3]


# Activations and initial weights

X = torch.linspace(-5, 5, 101, dtype=torch.float64) + 0.0137  # away from where kinks would lie


def slope(name):
    activation = by_name()[name]()
    activation(X)
    return activation.backward(torch.ones_like(X))


def test_publishedtanh_is_tanh_with_the_derivative_of_the_published_code():
    assert_close(by_name()["publishedtanh"]()(X), torch.tanh(X))
    assert_close(slope("publishedtanh"), 1 - torch.tanh(torch.tanh(X)) ** 2)
    assert (slope("publishedtanh") > slope("tanh")).all()


@pytest.mark.parametrize("gain", [1, 0.1, 3])
def test_glorots_weights_fill_the_range_that_gain_and_widths_give(gain):
    own = settings(initialisation="glorot", gain=gain)
    for layer in build(own, "tanh", "identity", list(range(20)))[::2]:
        bound = gain * math.sqrt(6 / (layer.in_features + layer.out_features))
        assert 0.9 * bound < layer.weight.abs().max() <= bound


@pytest.mark.parametrize("initialisation", ["uniform", "glorot"])
def test_uniform_weights_and_all_biases_fill_the_range_of_one_over_the_root_of_fan_in(
    initialisation,
):
    own = settings(initialisation=initialisation)
    for layer in build(own, "tanh", "identity", list(range(20)))[::2]:
        bound = 1 / math.sqrt(layer.in_features)
        assert 0.8 * bound < layer.bias.abs().max() <= bound
        if initialisation == "uniform":
            assert 0.9 * bound < layer.weight.abs().max() <= bound


@pytest.mark.parametrize("initialisation", ["uniform", "glorot"])
def test_biases_may_start_at_zero_with_the_same_weights(initialisation):
    own = settings(initialisation=initialisation)
    zero = build(own | {"biases": "zero"}, "tanh", "identity", [3, 4])[::2]
    for layer, other in zip(zero, build(own, "tanh", "identity", [3, 4])[::2], strict=True):
        assert torch.equal(layer.weight, other.weight)
        assert not layer.bias.any()
        assert other.bias.all()


def test_biases_that_start_at_zero_are_trained():
    own = settings(biases="zero")
    x, t, *_ = draw_replicas(own, [0, 1])
    network, criterion = build(own, "tanh", "identity", [0, 1]), loss_of(own, "identity")
    (order,) = orders(own | {"epochs": 1}, [0, 1])
    train_epoch(own, network, criterion, optimizer_of(own, network), x, t, order)
    assert all(layer.bias.all() for layer in network[::2])


def test_a_network_that_the_last_step_breaks_has_diverged():
    settings = {"prediction": "threshold"}
    output = torch.tensor([[[0.9], [0.1]], [[0.9], [math.nan]], [[0.9], [math.inf]]])
    share = accuracy(settings, MSELoss(), output, torch.tensor([[1.0], [0.0]]).expand(3, 2, 1))
    assert share.isfinite().tolist() == [True, False, False]

    losses = torch.full((4, 3), 0.25)
    never = pd.Series([None] * 3, dtype="Int64")
    table = runs_table([0, 1, 2], losses, share, share, never)
    assert table["diverged"].tolist() == [False, True, True]
    assert table["diverged_epoch"].tolist()[1:] == [4, 4]
    assert table["test_accuracy"].isna().tolist() == [False, True, True]
