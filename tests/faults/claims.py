"""Do the claims notice? Perturb the runs in ways that matter, and count the verdicts that change.

    python -m tests.faults.claims [--config FILE]

reads report/claims.yaml and results/runs.csv, and prints for each claim how many mutations it
notices: those that change one of its verdicts. A claim that notices none decides nothing, and the
process ends with an error.
"""

import argparse
import itertools

import numpy as np
import pandas as pd

from scripts.analysis.claims import read_claims
from scripts.analysis.runs import KEYS, Runs
from scripts.analysis.verdicts import evaluate, sides
from scripts.study.config import protocols
from scripts.study.errors import StudyError, reported
from scripts.study.schema import read_yaml
from scripts.tables.io import read_table


def noticed(name, claim, runs, protocol_names):
    """{mutation: whether the claim's verdicts change}."""
    before = verdicts(name, claim, runs, protocol_names)
    return {
        mutation: verdicts(name, claim, mutated, protocol_names) != before
        for mutation, mutated in mutations(claim, runs, protocol_names)
    }


def verdicts(name, claim, runs, protocol_names):
    rows = evaluate({name: claim}, Runs(runs), protocol_names)
    return [table["verdict"].tolist() for table in rows]


def mutations(claim, runs, protocol_names):
    """(name, perturbed runs) of perturbations that ought to matter."""
    for column in ("hidden", "output"):
        for one, other in itertools.combinations(sorted(runs[column].unique()), 2):
            yield f"swap {one} and {other}", swapped(runs, column, one, other)
    yield "shuffle the runs", shuffled(runs, claim["metric"])
    yield "turn the effects round", opposed(claim, runs, protocol_names)


def swapped(runs, column, one, other):
    return runs.assign(**{column: runs[column].replace({one: other, other: one})})


def shuffled(runs, metric):
    """The metric's values, dealt out anew over all runs."""
    return runs.assign(**{metric: np.random.default_rng(0).permutation(runs[metric])})


def opposed(claim, runs, protocol_names):
    """Each comparison's first runs, moved to the other side of the second ones."""
    metric = claim["metric"]
    index = [*KEYS, "seed"]
    values = runs.set_index(index)[metric].astype("float64").sort_index()
    for protocol in protocol_names:
        for first, second in sides(claim, protocol):
            if first in values.index and (not isinstance(second, tuple) or second in values.index):
                here = values.loc[first]
                there = values.loc[second] if isinstance(second, tuple) else second
                moved = there**2 / here if claim["scale"] == "ratio" else 2 * there - here
                values.loc[first] = moved.to_numpy()
    return runs.assign(**{metric: values.reindex(pd.MultiIndex.from_frame(runs[index])).to_numpy()})


@reported("claims")
def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", default="config.yaml")
    names = list(protocols(read_yaml(parser.parse_args().config)))
    runs = read_table("runs", "results/runs.csv")
    blind = []
    for name, claim in read_claims().items():
        found = noticed(name, claim, runs, names)
        print(f"{name} notices {sum(found.values())} of {len(found)} mutations: {claim['claim']}")
        for mutation, seen in found.items():
            print(f"    {'noticed' if seen else '-':8} {mutation}")
        if not any(found.values()):
            blind.append(name)
    if blind:
        raise StudyError(f"no mutation changes a verdict of {', '.join(blind)}")


if __name__ == "__main__":
    main()
