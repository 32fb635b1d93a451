"""The runs as the claims look at them."""

import pandas as pd
import pytest

from scripts.analysis.runs import Runs

KEY, OTHER = ("p", "relu", "identity"), ("p", "tanh", "identity")


def table(key, seeds, epochs=None):
    names = dict(zip(("protocol", "hidden", "output"), key, strict=True))
    rows = {"seed": seeds, "loss": [seed / 4 for seed in seeds]}
    rows["epochs_to_target"] = pd.array(epochs or [None] * len(seeds), dtype="Int64")
    return pd.DataFrame(names | rows)


@pytest.fixture
def runs():
    parts = [table(KEY, [0, 1, 3], [5, None, 7]), table(OTHER, [0, 1, 2])]
    return Runs(pd.concat(parts))


def test_a_metric_is_found_by_seed(runs):
    assert runs.metric("loss", KEY).to_dict() == {0: 0, 1: 0.25, 3: 0.75}
    assert runs.metric("loss", OTHER).to_dict() == {0: 0, 1: 0.25, 2: 0.5}
    assert runs.metric("epochs_to_target", KEY).dropna().to_dict() == {0: 5, 3: 7}
    assert runs.metric("epochs_to_target", OTHER).isna().all()


def test_it_is_known_which_combinations_have_runs_and_of_how_many_seeds(runs):
    assert KEY in runs
    assert ("q", *KEY[1:]) not in runs
    assert runs.metric("loss", ("q", *KEY[1:])).empty
    assert runs.seeds == {KEY: 4, OTHER: 3}


def test_the_first_seeds_are_a_view_and_leave_the_rest_as_it_is(runs):
    assert list(runs.first(2).metric("loss", KEY).index) == [0, 1]
    assert list(runs.metric("loss", KEY).index) == [0, 1, 3]
