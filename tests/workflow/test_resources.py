"""What a training job asks of a cluster is enough for what was measured and grows with the work."""

import pytest

from scripts.study.config import training_settings
from scripts.study.schema import read_yaml
from scripts.training.loop import TEN as TRAINED_SIDE_BY_SIDE
from scripts.workflow.resources import TEN, megabytes, minutes

SETTINGS = training_settings(read_yaml("config.yaml"))["as-written"]


def test_the_measured_job_gets_what_it_needs_and_a_margin():
    """Twenty runs: 452 MiB, 18 s."""
    assert megabytes(SETTINGS) >= 1.5 * 452
    assert minutes(SETTINGS, 20) * 60 >= 3 * 18


@pytest.mark.parametrize("key", ["points", "epochs"])
def test_more_work_gets_more_time(key):
    settings = SETTINGS | {key: 100 * SETTINGS[key]}
    assert minutes(settings, 80) > 50 * (minutes(SETTINGS, 80) - 1)


def test_wider_networks_get_more_of_both():
    wide = SETTINGS | {"hidden_widths": [250, 250, 250]}
    assert minutes(wide, 80) > 50 * (minutes(SETTINGS, 80) - 1)
    assert megabytes(wide) - 600 == 10 * (megabytes(SETTINGS) - 600)


def test_memory_is_for_the_runs_that_are_trained_side_by_side():
    assert TRAINED_SIDE_BY_SIDE == TEN
