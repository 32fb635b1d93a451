"""What a layer passes on: on numbers made for it, and on real networks before training."""

import math

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from scripts.analysis.factors import factors
from scripts.study.datasets import draw_replicas
from scripts.tables.io import write_table
from scripts.training.measures import layers_table, measure_layers
from scripts.training.network import build, loss_of

NAN = math.nan
NAMES = {"protocol": "p", "hidden": "relu", "output": "identity"}


def run(stds=(8, 4, 1), deltas=(1, 2, 8), slopes=(0.5, 0.5, 1), **names):
    """The rows of a run at one time, from the first layer to the last."""
    return pd.DataFrame(
        [
            {**NAMES, "seed": 0, "epoch": 0, **names, "layer": layer}
            | {"activation_std": std, "delta_norm": delta, "activation_slope": slope}
            | {"weight_grad_norm": 1.0, "activation_mean": 0.0}
            for layer, (std, delta, slope) in enumerate(
                zip(stds, deltas, slopes, strict=True), start=1
            )
        ]
    )


def row(*runs):
    (row,) = factors(pd.concat(runs)).to_dict("records")
    return row


def rms(*values):
    return pytest.approx(math.sqrt(sum(v * v for v in values) / len(values)))


def test_forward_is_from_hidden_layer_to_hidden_layer_and_backward_from_each_to_the_one_before():
    only = row(run(stds=(8, 4, 1, 9), deltas=(1, 2, 8, 40), slopes=(0.5, 0.25, 0.75, 1)))
    assert only == NAMES | {
        "epoch": 0,
        "forward": rms(4 / 8, 1 / 4),  # the output layer's 9 is not that of a hidden layer
        "backward": rms(1 / 2, 2 / 8, 8 / 40),
        "slope": rms(0.5, 0.25, 0.75),
    }


def test_seeds_count_alike_and_none_is_set_beside_another():
    both = row(run(), run(stds=(1, 3, 7), deltas=(5, 5, 1), slopes=(1, 2, 7), seed=3))
    assert both["forward"] == rms(4 / 8, 3 / 1)
    assert both["backward"] == rms(1 / 2, 2 / 8, 5 / 5, 5 / 1)
    assert both["slope"] == rms(0.5, 0.5, 1, 2)


@pytest.mark.parametrize("key", ["protocol", "hidden", "output", "epoch"])
def test_combinations_and_epochs_have_rows_of_their_own(key):
    other = 10 if key == "epoch" else "z"
    table = factors(pd.concat([run(), run(stds=(1, 3, 7), **{key: other})]))
    assert table[key].tolist() == [{**NAMES, "epoch": 0}[key], other]
    assert table["forward"].tolist() == [0.5, 3]


def test_the_order_of_rows_does_not_matter():
    rows = pd.concat([run(stds=(1, 2, 2 + s), seed=s, epoch=e) for s in range(3) for e in (9, 10)])
    rows = rows.assign(layer=[11, 9, 10] * 6)
    table = factors(rows)
    assert table["epoch"].tolist() == [9, 10]
    assert table["forward"].tolist() == [rms(2 / 2, 3 / 2, 4 / 2)] * 2  # from layer 9 to layer 10
    for state in range(5):
        assert_frame_equal(factors(rows.sample(frac=1, random_state=state)), table)


@pytest.mark.parametrize(
    ("own", "forward", "backward"),
    [
        ({"stds": (0, 4, 4, 1)}, [4 / 4], [1 / 2, 2 / 4, 4 / 8]),  # 4 / 0
        ({"stds": (0, 0, 4, 1)}, [], [1 / 2, 2 / 4, 4 / 8]),  # 0 / 0 and 4 / 0
        ({"stds": (4, 0, 0, 1)}, [0], [1 / 2, 2 / 4, 4 / 8]),  # 0 / 4 is a ratio
        ({"deltas": (1, 0, 4, 8)}, [1 / 2, 1 / 4], [0 / 4, 4 / 8]),
        ({"stds": (8, NAN, 4, 1)}, [], [1 / 2, 2 / 4, 4 / 8]),
        ({"deltas": (math.inf, 2, 4, 8)}, [1 / 2, 1 / 4], [2 / 4, 4 / 8]),
    ],
    ids=str,
)
def test_ratios_that_are_no_finite_numbers_do_not_count(own, forward, backward):
    own = {"stds": (8, 4, 1, 1), "deltas": (1, 2, 4, 8), "slopes": (1, 1, 1, 1)} | own
    table = row(run(**own))
    assert table["forward"] == rms(*forward) if forward else math.isnan(table["forward"])
    assert table["backward"] == rms(*backward)


def test_a_run_that_diverged_leaves_the_others_factors_as_they_are():
    lost = run(stds=[NAN] * 3, deltas=[NAN] * 3, slopes=[NAN] * 3, seed=1)
    assert row(run(), lost) == row(run())


def test_what_cannot_be_measured_is_missing_in_the_file(tmp_path):
    """One hidden layer has none after it; and all runs of a combination may have diverged."""
    short = run(stds=(3, 1), deltas=(1, 2), slopes=(0.5, 1))
    lost = run(stds=[NAN] * 3, deltas=[NAN] * 3, slopes=[NAN] * 3, hidden="tanh")
    write_table(factors(pd.concat([short, lost])), "factors", tmp_path / "factors.csv")
    assert (tmp_path / "factors.csv").read_text() == (
        "protocol,hidden,output,epoch,slope,forward,backward\n"
        "p,relu,identity,0,0.5,,0.5\n"
        "p,tanh,identity,0,,,\n"
    )


# Real networks


def measured(hidden, output="identity", seeds=200, **own):
    """The factors of networks before training, and their layers."""
    settings = {
        "points": 200,
        "dataset": "disk",
        "draw": "per-seed",
        "inputs": "raw",
        "loss": "mse",
    }
    settings |= {"hidden_widths": [25, 25, 25], "initialisation": "uniform", "gain": 1}
    settings |= {"biases": "uniform", "substitute": {}, "precision": "double", "device": "cpu"}
    settings |= {"start": "drawn"}
    settings |= own
    seeds = list(range(seeds))
    x, t, *_ = draw_replicas(settings, seeds)
    network = build(settings, hidden, output, seeds)
    measures = measure_layers(network, loss_of(settings, output), x, t)
    return row(
        layers_table(seeds, {0: measures}).assign(protocol="p", hidden=hidden, output=output)
    )


@pytest.mark.parametrize("widths", [[25, 25, 25], [8, 60, 30]], ids=str)
@pytest.mark.parametrize("output", ["identity", "sigmoid"])
@pytest.mark.parametrize("hidden", ["sigmoid", "identity"])
def test_before_training_both_factors_are_the_slope_over_the_root_of_three(hidden, output, widths):
    own = measured(hidden, output, hidden_widths=widths)
    assert own["forward"] == pytest.approx(own["slope"] / math.sqrt(3), rel=0.02)
    assert own["backward"] == pytest.approx(own["slope"] / math.sqrt(3), rel=0.02)


def test_a_sigmoid_passes_on_a_seventh():
    """σ′ is ¼ at 0, so that the slope is little less, and a seventh little more than ¼ / √3."""
    own = measured("sigmoid")
    assert 0.24 < own["slope"] < 0.25
    assert own["forward"] == pytest.approx(1 / 7, rel=0.05)
    assert own["backward"] == pytest.approx(1 / 7, rel=0.05)


@pytest.mark.parametrize("gain", [0.5, 1, 2])
def test_glorots_weights_pass_on_gain_times_slope(gain):
    """Between layers of one width, their variance is gain² / width."""
    own = measured("identity", initialisation="glorot", gain=gain)
    assert own["slope"] == 1
    assert own["forward"] == pytest.approx(gain, rel=0.02)
