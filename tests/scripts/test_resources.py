"""What a training job asks of a cluster is enough for what was measured and grows with the work."""

import pytest

from scripts.config import training_settings
from scripts.resources import SIDE_BY_SIDE, megabytes, minutes
from scripts.schema import read_yaml
from scripts.train import SIDE_BY_SIDE as TRAINED_SIDE_BY_SIDE

SETTINGS = training_settings(read_yaml("config.yaml"))["as-written"]


def test_the_measured_job_gets_what_it_needs_and_a_margin():
    """80 runs side by side: 601 MiB, 6 s."""
    assert megabytes(SETTINGS, 80) >= 1.5 * 601
    assert minutes(SETTINGS, 80) * 60 >= 10 * 6


@pytest.mark.parametrize("key", ["points", "epochs"])
def test_more_work_gets_more_time(key):
    settings = SETTINGS | {key: 100 * SETTINGS[key]}
    assert minutes(settings, 80) > 50 * minutes(SETTINGS, 80)


def test_wider_networks_get_more_of_both():
    wide = SETTINGS | {"hidden_widths": [250, 250, 250]}
    assert minutes(wide, 80) > 50 * minutes(SETTINGS, 80)
    assert megabytes(wide, 80) - 600 == 10 * (megabytes(SETTINGS, 80) - 600)


def test_memory_is_for_the_runs_that_are_trained_side_by_side():
    assert TRAINED_SIDE_BY_SIDE["cpu"] == SIDE_BY_SIDE
    assert megabytes(SETTINGS, 10_000) == megabytes(SETTINGS, 80) > megabytes(SETTINGS, 20)
