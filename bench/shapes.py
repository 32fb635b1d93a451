"""Measure this framework beside torch.nn, forward and backward, over a grid of shapes.

    python -m bench.shapes [--turns N] [--rows N]

writes results/bench/shapes.csv, and prints the cases where this framework is slowest beside
torch.nn, and the ratios of time and memory. Both run on one core and take turns, of which the
fastest counts: other programs can only make one slower. It takes ten to twenty minutes.
"""

import argparse
import itertools
import math
import os
import sys
import time
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

import framework

FOLDER = Path("results/bench")
BATCHES = [(), (1,), (7,), (100,), (10_000,), (0,), (1, 1000), (1000, 1), (10_000, 1), (100, 100)]
BATCHES += [(1, 1, 1000), (1000, 1, 1), (10, 10, 10), (5000, 2), (2, 3, 4, 5)]
WIDTHS = [1, 2, 3, 25, 256, 1000]
DTYPES = [torch.float32, torch.float64]
ELEMENTWISE = ["Identity", "ReLU", "Tanh", "Sigmoid", "SELU"]
LOSSES = ["MSELoss", "BCELoss", "BCEWithLogitsLoss"]
PRODUCTS = 1e8  # multiplications in a product: cases with more take too long
TURN = 0.005  # seconds of a turn
Case = tuple[str, tuple[int, ...], tuple]  # a class, the shape of its input, its arguments


def cases() -> Iterator[Case]:
    """Yield each case of the grid."""
    for batch, fan_in, fan_out in itertools.product(BATCHES, WIDTHS, WIDTHS):
        if math.prod(batch) * fan_in * fan_out <= PRODUCTS:
            yield "Linear", (*batch, fan_in), (fan_in, fan_out)
    for batch, width, name in itertools.product(BATCHES, [1, 25, 256], ELEMENTWISE + LOSSES):
        yield name, (*batch, width), ()


def passes(
    case: Case, dtype: torch.dtype, transposed: bool
) -> tuple[Callable[[], None], Callable[[], None]]:
    """Return two functions that go forward and backward once: this framework's, and torch.nn's.

    `transposed`: the input lies in memory feature by feature.
    """
    name, shape, arguments = case
    x = torch.rand(shape, dtype=dtype) if name == "BCELoss" else torch.randn(shape, dtype=dtype)
    if transposed:
        x = x.mT.contiguous().mT
    targets = [torch.rand(shape, dtype=dtype)] if name in LOSSES else []
    ours = getattr(framework, name)(*arguments)
    theirs = getattr(torch.nn, name)(*arguments).to(dtype)
    if name == "Linear":
        ours = framework.Linear(*arguments, dtype=dtype)
    gradient = torch.rand_like(theirs(x, *targets).detach())
    leaf = x.clone().requires_grad_()

    def our_pass() -> None:
        for parameter in ours.parameters():
            parameter.grad = None
        ours(x, *targets)
        ours.backward(gradient)

    def their_pass() -> None:
        theirs.zero_grad()
        leaf.grad = None
        theirs(leaf, *targets).backward(gradient)

    return our_pass, their_pass


class Memory(TorchDispatchMode):
    """Add up the bytes of the tensors that operations return; `peak` is the most at one time."""

    def __init__(self) -> None:
        super().__init__()
        self.held: dict[int, int] = {}
        self.peak = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        """Run an operation."""
        result = function(*args, **(kwargs or {}))
        for tensor in tree_leaves(result):
            if isinstance(tensor, torch.Tensor):
                self.hold(tensor.untyped_storage())
        self.peak = max(self.peak, sum(self.held.values()))
        return result

    def hold(self, storage: torch.UntypedStorage) -> None:
        """Count a tensor's memory until it is freed."""
        key = storage._cdata
        if key not in self.held:
            self.held[key] = storage.nbytes()
            weakref.finalize(storage, self.held.pop, key)


def peak(function: Callable[[], None]) -> int:
    """Return the most bytes that a call holds at one time."""
    with Memory() as memory:
        function()
    return memory.peak


def seconds(function: Callable[[], None], times: int) -> float:
    """Return the seconds of the processor that a call takes, the mean of a number of calls."""
    began = time.process_time()
    for _ in range(times):
        function()
    return (time.process_time() - began) / times


def measure(case: Case, dtype: torch.dtype, transposed: bool, turns: int) -> dict[str, object]:
    """Return a row of the table."""
    contestants = passes(case, dtype, transposed)
    times = [max(1, int(TURN / max(seconds(function, 2), 1e-9))) for function in contestants]
    fastest = [math.inf, math.inf]
    for _ in range(turns):
        for i, function in enumerate(contestants):
            fastest[i] = min(fastest[i], seconds(function, times[i]))
    ours, theirs = fastest
    our_peak, their_peak = (peak(function) for function in contestants)
    name, shape, arguments = case
    return {
        "class": name,
        "input": "×".join(map(str, shape)),
        "outputs": arguments[1] if arguments else None,
        "dtype": str(dtype).removeprefix("torch."),
        "transposed": transposed,
        "framework_us": 1e6 * ours,
        "torch_nn_us": 1e6 * theirs,
        "time_ratio": ours / theirs,
        "framework_bytes": our_peak,
        "torch_nn_bytes": their_peak,
        "memory_ratio": our_peak / their_peak if their_peak else 1.0,
    }


def main() -> None:
    """Run the benchmark from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--turns", type=int, default=7)
    parser.add_argument("--rows", type=int, default=15, help="rows that are printed")
    arguments = parser.parse_args()
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    torch.set_num_threads(1)
    rows = []
    for case in cases():
        for dtype, transposed in itertools.product(DTYPES, [False, True]):
            if not transposed or len(case[1]) > 1:
                rows.append(measure(case, dtype, transposed, arguments.turns))
        print(f"\r{len(rows)} cases", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    FOLDER.mkdir(parents=True, exist_ok=True)
    table = pd.DataFrame(rows).sort_values("time_ratio", ascending=False)
    table.to_csv(FOLDER / "shapes.csv", index=False, float_format="%.4g")
    print(table.head(arguments.rows).to_string(index=False, float_format="%.3g", na_rep=""))
    for ratio in ("time_ratio", "memory_ratio"):
        print(table.groupby("class")[ratio].describe(percentiles=[0.5]).to_string())


if __name__ == "__main__":
    main()
