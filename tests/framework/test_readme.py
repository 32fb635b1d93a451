"""The README's ten lines run as they stand, for someone who has only the framework."""

import math
import os
import re
import subprocess
import sys

import pytest

from scripts.study.project import ROOT


def example():
    """The first ```python block of README.md that imports from the framework."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```", readme, flags=re.DOTALL | re.MULTILINE)
    return next(block for block in blocks if "from framework import" in block)


@pytest.mark.slow
def test_the_readmes_example_trains_a_network():
    code = example()
    assert "torch.nn" not in code
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},  # as in the other tests
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert run.returncode == 0, run.stderr
    assert "loss" in run.stdout.lower(), "the example prints a loss, and says so"
    numbers = [float(n) for n in re.findall(r"\d+\.\d+(?:e-?\d+)?", run.stdout)]
    assert numbers, "the example prints the loss as a decimal number"
    assert all(math.isfinite(n) for n in numbers)
