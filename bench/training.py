"""Time the training of the study's network by this framework, torch.nn, torch.func and JAX.

    python -m bench.training [--implementations NAME …] [--hidden NAME …] [--precision NAME …]
        [--replicas N …] [--repeats N] [--epochs N]

writes results/bench/training.csv and training.png, and prints the table. For each hidden activation
and number of replicas, all implementations train in the first precision, and the first one also in
the other precisions. Each has its own process, all bound to the same core; they take turns, and the
table shows medians. The framework trains ten replicas at a time, as the study does; torch.func and
JAX train all at once. Runs of torch.nn come one after another, so a few of them suffice to measure
the seconds per run. By default, this takes from a quarter of an hour to more than an hour.
"""

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

ALONE = 2  # runs of torch.nn in a turn
FOLDER = Path("results/bench")
PLOTTED = 20  # replicas
ONE_CORE = {
    "MALLOC_MMAP_THRESHOLD_": "33554432",  # memory is kept, as in the study (Snakefile)
    "MALLOC_TRIM_THRESHOLD_": "1073741824",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
    "OMP_NUM_THREADS": "1",
}


class Contestant:
    """A process that trains once for each line that it reads."""

    def __init__(
        self,
        implementation: str,
        precision: str,
        hidden: str,
        replicas: int,
        epochs: int,
        core: int,
    ) -> None:
        self.implementation, self.precision = implementation, precision
        self.hidden, self.replicas = hidden, replicas
        self.runs = ALONE if implementation == "torch.nn" else replicas
        self.seconds = []
        options = f"--contestant {implementation} --precision {precision} --hidden {hidden}"
        options += f" --replicas {self.runs} --epochs {epochs} --core {core}"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bench.training", *options.split()],
            env=os.environ | ONE_CORE,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.compile_seconds = self.hear()

    def hear(self) -> object:
        """Return the next answer of the process."""
        return json.loads(self.process.stdout.readline())

    def turn(self) -> None:
        """Let the process train once."""
        print(file=self.process.stdin, flush=True)
        seconds, self.losses = self.hear()
        self.seconds.append(seconds)

    def row(self) -> dict[str, object]:
        """Return a row of the table."""
        seconds = statistics.median(self.seconds)
        return {
            "hidden": self.hidden,
            "replicas": self.replicas,
            "implementation": self.implementation,
            "precision": self.precision,
            "runs": self.runs,
            "seconds": seconds,
            "seconds_per_run": seconds / self.runs,
            "compile_seconds": self.compile_seconds,
            "final_loss_mean": statistics.mean(self.losses),
            "final_loss_sd": statistics.stdev(self.losses),
        }


def entries(implementations: list[str], precisions: list[str]) -> list[tuple[str, str]]:
    """Return [(implementation, precision), …]: all in the first precision, the first one in all."""
    in_first = [(name, precisions[0]) for name in implementations]
    return in_first + [(implementations[0], precision) for precision in precisions[1:]]


def contest(
    entered: list[tuple[str, str]], hidden: str, replicas: int, epochs: int, repeats: int
) -> list[dict[str, object]]:
    """Return a row for each implementation and precision that is entered."""
    core = max(os.sched_getaffinity(0))
    contestants = [Contestant(*entry, hidden, replicas, epochs, core) for entry in entered]
    for _ in range(repeats):
        for contestant in contestants:
            contestant.turn()
    for contestant in contestants:
        contestant.process.stdin.close()
        contestant.process.wait()
    return [contestant.row() for contestant in contestants]


def compete(
    implementation: str, precision: str, hidden: str, replicas: int, epochs: int, core: int
) -> None:
    """Prepare a contestant's process, report that, and train once for each line of its input."""
    os.sched_setaffinity(0, {core})
    import torch

    from bench.peers import IMPLEMENTATIONS
    from scripts.study.schema import read_yaml

    torch.set_num_threads(1)
    settings = read_yaml("config.yaml")["training"]
    settings |= {"epochs": epochs, "precision": precision}
    run, compile_seconds = IMPLEMENTATIONS[implementation](settings, hidden, list(range(replicas)))
    answers = sys.stdout
    print(json.dumps(compile_seconds), file=answers, flush=True)
    with contextlib.redirect_stdout(None):  # training prints its progress
        for _ in sys.stdin:
            began = time.perf_counter()
            losses = run()
            print(json.dumps([time.perf_counter() - began, losses]), file=answers, flush=True)


def arithmetic(settings: dict) -> int:
    """Return the floating-point operations of one run's matrix products.

    For each product of a weight and an input, these are two forward, two for the gradient of the
    weight and two for that of the input, which the first layer does not need.
    """
    widths = [2, *settings["hidden_widths"], 1]
    products = [fan_in * fan_out for fan_in, fan_out in zip(widths, widths[1:], strict=False)]
    return (6 * sum(products) - 2 * products[0]) * settings["points"] * settings["epochs"]


def peak(precision: str, core: int, side: int = 2000, tries: int = 5) -> float:
    """Return the floating-point operations per second of a large matrix product on one core."""
    os.sched_setaffinity(0, {core})
    import torch

    from scripts.training.network import DTYPES

    torch.set_num_threads(1)
    a = torch.rand(side, side, dtype=DTYPES[precision])
    seconds = []
    for _ in range(tries):
        began = time.perf_counter()
        a @ a
        seconds.append(time.perf_counter() - began)
    return 2 * side**3 / min(seconds)


def table(rows: list[dict], operations: int, peaks: dict[str, float]) -> str:
    """Return the rows as text, with times as multiples of the first one in each contest."""
    first_seconds = {}
    for row in rows:
        first_seconds.setdefault((row["hidden"], row["replicas"]), row["seconds_per_run"])
    lines = [
        f"{'hidden':8} {'replicas':>8} {'implementation':14} {'precision':9} {'ms a run':>9} "
        f"{'times first':>11} {'compile s':>9} {'% of peak':>9} {'final loss':>18}"
    ]
    for row in rows:
        ratio = row["seconds_per_run"] / first_seconds[row["hidden"], row["replicas"]]
        share = operations / row["seconds_per_run"] / peaks[row["precision"]]
        lines.append(
            f"{row['hidden']:8} {row['replicas']:8} {row['implementation']:14} "
            f"{row['precision']:9} {1000 * row['seconds_per_run']:9.1f} {ratio:11.2f} "
            f"{row['compile_seconds']:9.2f} {100 * share:9.0f} "
            f"{row['final_loss_mean']:9.4f} ± {row['final_loss_sd']:.4f}"
        )
    return "\n".join(lines)


def plot(rows: list[dict], path: Path) -> None:
    """Plot bars of the seconds per run, for 20 replicas or the first number in the rows."""
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    numbers = [row["replicas"] for row in rows]
    replicas = PLOTTED if PLOTTED in numbers else numbers[0]
    rows = [row for row in rows if row["replicas"] == replicas]
    hidden = list(dict.fromkeys(row["hidden"] for row in rows))
    names = list(dict.fromkeys(label(row, rows[0]) for row in rows))
    figure, axes = plt.subplots(figsize=(6.5, 2.6), layout="constrained")
    width = 0.85 / len(names)
    for i, name in enumerate(names):
        heights = [row["seconds_per_run"] for row in rows if label(row, rows[0]) == name]
        places = [j + (i - (len(names) - 1) / 2) * width for j in range(len(heights))]
        bars = axes.bar(places, heights, width=0.95 * width, label=name)
        axes.bar_label(bars, fmt="%.2g", fontsize=6)
    axes.set_ylabel(f"seconds for each of {replicas} runs")
    axes.set_xticks(range(len(hidden)), hidden)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(
        frameon=False, ncols=len(names), loc="lower center", bbox_to_anchor=(0.5, 1), fontsize=8
    )
    figure.savefig(path, dpi=160, metadata={"Software": None})


def label(row: dict, first: dict) -> str:
    """Return a row's implementation, with its precision if the first row has another one."""
    if row["precision"] == first["precision"]:
        return row["implementation"]
    return f"{row['implementation']}, {row['precision']}"


def main() -> None:
    """Run the benchmark from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    names = ["framework", "torch.nn", "torch.func", "JAX"]
    parser.add_argument("--implementations", nargs="+", choices=names, default=names)
    parser.add_argument("--hidden", nargs="+", default=["relu", "tanh", "selu", "sigmoid"])
    precisions = ["double", "single"]
    parser.add_argument("--precision", nargs="+", choices=precisions, default=precisions)
    parser.add_argument("--replicas", nargs="+", type=int, default=[10, 20, 100])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=300)
    parser.add_argument("--contestant", help=argparse.SUPPRESS)
    parser.add_argument("--core", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.contestant:
        (precision,), (hidden,) = arguments.precision, arguments.hidden
        (replicas,) = arguments.replicas
        compete(arguments.contestant, precision, hidden, replicas, arguments.epochs, arguments.core)
        return

    import pandas as pd

    from scripts.study.schema import read_yaml

    entered = entries(arguments.implementations, arguments.precision)
    rows = []
    for hidden in arguments.hidden:
        for replicas in arguments.replicas:
            print(f"{hidden}, {replicas} replicas …", file=sys.stderr)
            rows += contest(entered, hidden, replicas, arguments.epochs, arguments.repeats)
    FOLDER.mkdir(parents=True, exist_ok=True)
    pd.DataFrame(rows).to_csv(FOLDER / "training.csv", index=False, float_format="%.6g")
    plot(rows, FOLDER / "training.png")
    settings = read_yaml("config.yaml")["training"] | {"epochs": arguments.epochs}
    core = max(os.sched_getaffinity(0))
    peaks = {precision: peak(precision, core) for precision in arguments.precision}
    print(table(rows, arithmetic(settings), peaks))


if __name__ == "__main__":
    main()
