"""Time the training of the study's network beside torch.nn, torch.func and JAX, on one core.

    python -m bench.training [--implementations NAME …] [--hidden NAME …] [--replicas N]
        [--repeats N] [--epochs N]

writes results/bench/training.csv and training.png, and prints the table. Each implementation is a
process of its own, all of them bound to the same core; they take turns, and medians are shown. Runs
of torch.nn come one after another, so that a few of them tell the seconds per run.
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

ALONE = 2  # runs of torch.nn a turn
FOLDER = Path("results/bench")
ONE_CORE = {
    "MKL_CBWR": "AUTO",  # as in the study; so, too, is memory kept (Snakefile)
    "MALLOC_MMAP_THRESHOLD_": "33554432",
    "MALLOC_TRIM_THRESHOLD_": "1073741824",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
    "OMP_NUM_THREADS": "1",
}


class Contestant:
    """A process that trains when it is told to."""

    def __init__(self, implementation, hidden, replicas, epochs, core):
        self.implementation, self.hidden, self.replicas = implementation, hidden, replicas
        self.seconds = []
        own = f"--contestant {implementation} --hidden {hidden} --replicas {replicas}"
        own += f" --epochs {epochs} --core {core}"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bench.training", *own.split()],
            env=os.environ | ONE_CORE,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.compile_seconds = self.hear()

    def hear(self):
        return json.loads(self.process.stdout.readline())

    def turn(self):
        print(file=self.process.stdin, flush=True)
        seconds, self.losses = self.hear()
        self.seconds.append(seconds)

    def row(self):
        seconds = statistics.median(self.seconds)
        return {
            "implementation": self.implementation,
            "hidden": self.hidden,
            "replicas": self.replicas,
            "seconds": seconds,
            "seconds_per_run": seconds / self.replicas,
            "compile_seconds": self.compile_seconds,
            "final_loss_mean": statistics.mean(self.losses),
            "final_loss_sd": statistics.stdev(self.losses),
        }


def contest(implementations, hidden, replicas, epochs, repeats):
    """A row for each implementation."""
    core = max(os.sched_getaffinity(0))
    contestants = [
        Contestant(name, hidden, ALONE if name == "torch.nn" else replicas, epochs, core)
        for name in implementations
    ]
    for _ in range(repeats):
        for contestant in contestants:
            contestant.turn()
    for contestant in contestants:
        contestant.process.stdin.close()
        contestant.process.wait()
    return [contestant.row() for contestant in contestants]


def compete(implementation, hidden, replicas, epochs, core):
    """What a contestant's process does: prepare, say so, and train at each line that it gets."""
    os.sched_setaffinity(0, {core})
    import torch

    from bench.peers import IMPLEMENTATIONS
    from scripts.schema import read_yaml

    torch.set_num_threads(1)
    settings = read_yaml("config.yaml")["training"] | {"epochs": epochs}
    run, compile_seconds = IMPLEMENTATIONS[implementation](settings, hidden, list(range(replicas)))
    answers = sys.stdout
    print(json.dumps(compile_seconds), file=answers, flush=True)
    with contextlib.redirect_stdout(None):  # training says how far it is
        for _ in sys.stdin:
            began = time.perf_counter()
            losses = run()
            print(json.dumps([time.perf_counter() - began, losses]), file=answers, flush=True)


def arithmetic(settings):
    """Floating-point operations of one run's matrix products: two forward, two for the gradient of
    the weights and two for that of the inputs, of which the first layer's is not needed.
    """
    widths = [2, *settings["hidden_widths"], 1]
    products = [fan_in * fan_out for fan_in, fan_out in zip(widths, widths[1:], strict=False)]
    return (6 * sum(products) - 2 * products[0]) * settings["points"] * settings["epochs"]


def peak(core, side=2000, tries=5):
    """Floating-point operations a second of a large matrix product on one core."""
    os.sched_setaffinity(0, {core})
    import torch

    torch.set_num_threads(1)
    a = torch.rand(side, side)
    seconds = []
    for _ in range(tries):
        began = time.perf_counter()
        a @ a
        seconds.append(time.perf_counter() - began)
    return 2 * side**3 / min(seconds)


def table(rows, operations, peak):
    """The rows as text, with times of the first implementation's, which is this project's."""
    first = rows[0]["implementation"]
    ours = {row["hidden"]: row for row in rows if row["implementation"] == first}
    lines = [
        f"{'hidden':8} {'':10} {'runs':>5} {'ms a run':>9} {'times first':>11} {'compile s':>9} "
        f"{'% of peak':>9} {'final loss':>18}"
    ]
    for row in rows:
        ratio = row["seconds_per_run"] / ours[row["hidden"]]["seconds_per_run"]
        share = operations / row["seconds_per_run"] / peak
        lines.append(
            f"{row['hidden']:8} {row['implementation']:10} {row['replicas']:5} "
            f"{1000 * row['seconds_per_run']:9.1f} {ratio:11.2f} {row['compile_seconds']:9.2f} "
            f"{100 * share:9.0f} {row['final_loss_mean']:9.4f} ± {row['final_loss_sd']:.4f}"
        )
    return "\n".join(lines)


def plot(rows, path):
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    hidden = list(dict.fromkeys(row["hidden"] for row in rows))
    names = list(dict.fromkeys(row["implementation"] for row in rows))
    figure, axes = plt.subplots(figsize=(6, 2.6), layout="constrained")
    for i, name in enumerate(names):
        own = [row["seconds_per_run"] for row in rows if row["implementation"] == name]
        places = [j + (i - (len(names) - 1) / 2) * 0.2 for j in range(len(own))]
        bars = axes.bar(places, own, width=0.19, label=name)
        axes.bar_label(bars, fmt="%.2g", fontsize=7)
    axes.set(yscale="log", ylabel="seconds a run, one core")
    axes.set_xticks(range(len(hidden)), hidden)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, ncols=len(names), loc="lower center", bbox_to_anchor=(0.5, 1))
    figure.savefig(path, dpi=160, metadata={"Software": None})


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    names = ["framework", "torch.nn", "torch.func", "JAX"]
    parser.add_argument("--implementations", nargs="+", choices=names, default=names)
    parser.add_argument("--hidden", nargs="+", default=["relu", "tanh", "selu", "sigmoid"])
    parser.add_argument("--replicas", type=int, default=80)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=300)
    parser.add_argument("--contestant", help=argparse.SUPPRESS)
    parser.add_argument("--core", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.contestant:
        (hidden,) = arguments.hidden
        compete(arguments.contestant, hidden, arguments.replicas, arguments.epochs, arguments.core)
        return

    import pandas as pd

    from scripts.schema import read_yaml

    rows = []
    for hidden in arguments.hidden:
        print(f"{hidden} …", file=sys.stderr)
        rows += contest(
            arguments.implementations,
            hidden,
            arguments.replicas,
            arguments.epochs,
            arguments.repeats,
        )
    FOLDER.mkdir(parents=True, exist_ok=True)
    pd.DataFrame(rows).to_csv(FOLDER / "training.csv", index=False, float_format="%.6g")
    plot(rows, FOLDER / "training.png")
    settings = read_yaml("config.yaml")["training"] | {"epochs": arguments.epochs}
    print(table(rows, arithmetic(settings), peak(max(os.sched_getaffinity(0)))))


if __name__ == "__main__":
    main()
