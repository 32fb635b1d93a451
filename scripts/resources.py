"""What a training job asks of a cluster: rough models of what was measured, with a margin.

On an AMD EPYC, 300 epochs of the study's network take 4.5 to 6 s of a core and 601 MiB with 80 runs
side by side; with fewer, a run takes up to twice as long.
"""

from itertools import pairwise

SIDE_BY_SIDE = 80  # replicas that a job holds at once (scripts/train.py)


def minutes(settings, runs):
    """Ten times what 80 runs take here: of the study's network, a minute."""
    weights = sum(a * b for a, b in pairwise([2, *settings["hidden_widths"], 1]))
    products = runs * settings["epochs"] * settings["points"] * weights
    return 1 + products // 32_000_000_000


def megabytes(settings, runs):
    """600 for Python and torch, and 100 bytes for each hidden unit's value at each point."""
    values = min(runs, SIDE_BY_SIDE) * settings["points"] * sum(settings["hidden_widths"])
    return 600 + values * 100 // 1_000_000
