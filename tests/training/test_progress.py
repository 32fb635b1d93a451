"""What a long job says of its progress."""

import pytest
import torch

from scripts.training.progress import progress

LOSSES = torch.tensor([0.5, 0.123456, 0.1])


@pytest.fixture
def said(capsys):
    """A function that tells of epochs at given times, from 100 s on, and returns what was said."""

    def say(times, epochs=100, losses=LOSSES):
        now = 100.0
        tell = progress(epochs, clock=lambda: now)
        for epoch, time in enumerate(times, start=1):
            now = 100.0 + time
            tell(epoch, losses)
        return capsys.readouterr().out.splitlines()

    return say


def epochs_in(lines):
    return [int(line.split()[1]) for line in lines]


@pytest.mark.parametrize("times", [[], [0.1], [1, 2, 2.99], [0.01 * n for n in range(1, 101)]])
def test_a_job_that_is_done_within_three_seconds_says_nothing(said, times):
    assert said(times) == []


def test_a_line_says_the_epochs_done_the_median_loss_and_the_seconds_left(said):
    assert said([1, 2, 3, 4], epochs=10) == ["epoch 3 of 10: median loss 0.1235, 7 s left"]


@pytest.mark.parametrize(
    ("times", "epochs"),
    [
        ([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], [3, 6, 9]),
        ([2, 4, 6, 8, 10, 12], [2, 4, 6]),
        ([2, 4, 6.9, 7, 9.9, 10], [2, 4, 6]),  # three seconds after the last line
        ([5, 10, 15], [1, 2, 3]),
        ([30, 30.5, 31, 32.9, 33], [1, 5]),
    ],
)
def test_there_is_a_line_at_most_each_three_seconds(said, times, epochs):
    assert epochs_in(said(times)) == epochs


@pytest.mark.parametrize(
    ("times", "epochs", "left"),
    [
        ([4], 100, 396),
        ([1, 1.5, 6], 30, 54),  # 2 s an epoch since the start, whatever the last one took
        ([1, 2, 3], 3, 0),
    ],
)
def test_the_seconds_left_are_those_at_the_pace_so_far(said, times, epochs, left):
    (line,) = said(times, epochs)
    assert line.endswith(f", {left} s left")


def test_the_loss_is_short_whatever_its_size(said):
    assert "median loss 1.235e-07," in said([3], losses=torch.tensor([1.23456e-7]))[0]


def test_each_line_is_written_at_once(monkeypatch):
    """Who watches a log sees it then, not when a buffer is full."""
    flushed = []
    monkeypatch.setattr("builtins.print", lambda *_, flush=False: flushed.append(flush))
    times = iter([0, 3, 6])
    tell = progress(9, clock=lambda: next(times))
    tell(1, LOSSES)
    tell(2, LOSSES)
    assert flushed == [True, True]
