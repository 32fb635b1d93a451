"""A run is chaotic if another last digit at its start changes its course."""

import math

import pandas as pd

from scripts.analysis.chaos import chaotic
from tests.analysis.test_summaries import losses

NAN = math.nan


def test_a_seed_with_another_loss_in_any_epoch_is_named_with_its_final_losses():
    drawn = losses([0.5, 0.5, 0.5, 0.5], [0.4, 0.3, NAN, 0.2], [0.3, 0.1, NAN, 0.1])
    nudged = losses(
        [0.5, 0.5, 0.5, 0.5], [0.4, 0.3001, NAN, 0.2], [0.3, 0.1, NAN, NAN], protocol="p-nudged"
    )
    found = chaotic(drawn, nudged)
    assert list(found) == [
        *("protocol", "hidden", "output", "seed", "final_train_loss", "nudged_train_loss")
    ]
    assert found.set_index("seed")["final_train_loss"].to_dict() == {1: 0.1, 3: 0.1}
    assert found["protocol"].tolist() == ["p", "p"]
    pd.testing.assert_series_equal(
        found.set_index("seed")["nudged_train_loss"],
        pd.Series({1: 0.1, 3: NAN}).rename_axis("seed"),
        check_names=False,
    )


def test_none_is_named_where_all_are_the_same():
    table = losses([0.5, NAN], [0.4, NAN])
    assert chaotic(table, table.assign(protocol="p-nudged")).empty
