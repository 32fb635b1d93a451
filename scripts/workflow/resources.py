"""What a training job asks of a cluster: rough models of measured values, with a margin.

On an AMD EPYC, 300 epochs of the study's network take ten runs 3 to 9 s of one core and 450 MiB.
"""

from itertools import pairwise

TEN = 10  # replicas that a job holds at once (scripts/training/loop.py)


def minutes(settings: dict, runs: int) -> int:
    """Return the minutes that a job asks for: three to ten times what was measured.

    With the study's network, that is a minute for 20 runs.
    """
    weights = sum(a * b for a, b in pairwise([2, *settings["hidden_widths"], 1]))
    products = runs * settings["epochs"] * settings["points"] * weights
    return 1 + products // 8_000_000_000


def megabytes(settings: dict) -> int:
    """Return the megabytes of memory that a job asks for.

    Python and torch take 600, and each hidden unit's value at each point takes 200 bytes.
    """
    values = TEN * settings["points"] * sum(settings["hidden_widths"])
    return 600 + values * 200 // 1_000_000
