"""The published means beside ours."""

import math

import pandas as pd
import pytest

from scripts.analysis.published import PUBLISHED, agreement
from scripts.study.project import ROOT
from scripts.tables import schemas
from scripts.tables.io import read_table, write_table

NAN = math.nan
NAMES = {"protocol": "p", "hidden": "relu", "output": "sigmoid"}


def published(mean=0.75, sd=0.03, **names):
    return pd.DataFrame([{**NAMES, **names, "n": 10, "mean": mean, "sd": sd}])


def summary(mean=0.875, sd=0.04, **names):
    """A row of summary.csv in which nothing but the test accuracy has these values."""
    columns = [*schemas.TABLES["summary"].columns][5:]
    own = {"n": 20, "diverged": 0, "test_accuracy_mean": mean, "test_accuracy_sd": sd}
    return pd.DataFrame([{**NAMES, **names, **dict.fromkeys(columns, 0.5), **own}])


def test_a_published_mean_stands_beside_ours_with_their_difference_and_spread():
    (row,) = agreement(published(), summary()).to_dict("records")
    assert row == NAMES | {
        "published_mean": 0.75,
        "published_sd": 0.03,
        "mean": 0.875,
        "sd": 0.04,
        "difference": 0.125,  # ours less theirs
        "spread": pytest.approx(0.05),  # 3, 4, 5
        "agrees": False,
    }


@pytest.mark.parametrize(
    ("theirs", "ours", "agrees"),
    [
        ((0.75, 0.03), (0.75, 0.04), True),
        ((0.75, 0.03), (0.799, 0.04), True),
        ((0.75, 0.03), (0.801, 0.04), False),
        ((0.75, 0.03), (0.701, 0.04), True),  # on either side
        ((0.75, 0.03), (0.699, 0.04), False),
        ((0.75, 0.125), (0.875, 0), True),  # at the spread is within it
        ((0.75, 0), (0.75, 0), True),
        ((0.75, 0), (0.7501, 0), False),
        ((0.75, 0.03), (0.75, NAN), False),  # a single run has no spread
        ((0.75, 0.03), (NAN, NAN), False),  # all runs diverged
    ],
)
def test_they_agree_if_they_differ_by_no_more_than_the_spread(theirs, ours, agrees):
    assert agreement(published(*theirs), summary(*ours))["agrees"].tolist() == [agrees]


@pytest.mark.parametrize("key", NAMES)
def test_only_what_is_both_published_and_trained_has_a_row(key):
    theirs = pd.concat([published(), published(mean=0.5, **{key: "a"}), published(**{key: "b"})])
    ours = pd.concat([summary(**{key: "c"}), summary(), summary(mean=0.25, **{key: "a"})])
    table = agreement(theirs, ours).set_index(key)
    assert table["published_mean"].to_dict() == {NAMES[key]: 0.75, "a": 0.5}
    assert table["mean"].to_dict() == {NAMES[key]: 0.875, "a": 0.25}


@pytest.mark.parametrize(
    ("theirs", "rows"), [(published(), 1), (published(sd=NAN), 1), (published(hidden="tanh"), 0)]
)
def test_what_comes_out_is_a_table_of_the_study(tmp_path, theirs, rows):
    write_table(agreement(theirs, summary()), "agreement", tmp_path / "agreement.csv")
    assert len(read_table("agreement", tmp_path / "agreement.csv")) == rows


def test_the_published_means_are_a_table_of_the_study():
    table = read_table("published", ROOT / PUBLISHED)
    assert len(table)
    assert table.notna().all(axis=None)
