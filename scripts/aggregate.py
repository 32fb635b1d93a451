"""Gather the tables of all blocks, and what they say over seeds.

    python -m scripts.aggregate --config FILE [--by DIGEST] [--partial]

writes results/runs.csv, losses.csv, layers.csv, factors.csv, signal.csv, chaotic.csv, summary.csv
and missing.csv. The last says which blocks are missing; none may be but with --partial, where those
that other code or other settings made count as missing.
"""

from collections import defaultdict

import pandas as pd

from scripts.analysis.summaries import aggregate, chaotic_table, missing_table, without_runs
from scripts.study.config import protocols
from scripts.study.errors import StudyError, reported
from scripts.study.layout import SUMMARIES, blocks_of, files_of
from scripts.tables.io import write_table
from scripts.tables.schemas import KEYS
from scripts.workflow.entry import arguments_of
from scripts.workflow.receipts import receipt
from scripts.workflow.steps import missing_steps


@reported("aggregate")
def main():
    arguments = arguments_of(__doc__, partial={"action": "store_true"})
    config = arguments.config
    undone = set(missing_steps(config) if arguments.partial else ())
    blocks = blocks_of(config)
    missing = [block for block in blocks if block.step in undone]
    there = [block for block in blocks if block.step not in undone]
    with receipt("aggregate", arguments.by, SUMMARIES, files_of(there)):
        aggregate_all(config, there, missing)


def aggregate_all(config, there, missing):
    if not there:
        raise StudyError("no run is there yet; make report trains them")
    settings = protocols(config)
    blocks_by_combination = {block.combination: [] for block in sorted([*there, *missing])}
    for block in there:
        blocks_by_combination[block.combination].append(block)
    parts = defaultdict(list)
    for combination, blocks in blocks_by_combination.items():
        own = settings[combination[0]]
        made = aggregate(own, blocks) if blocks else without_runs(own)
        for name, rows in made.items():
            parts[name].append(rows.assign(**dict(zip(KEYS, combination, strict=True))))
    parts["chaotic"] = [chaotic_table(blocks_by_combination)]
    parts["missing"] = [missing_table(missing)]
    for name, rows in parts.items():
        write_table(pd.concat(rows), name, f"results/{name}.csv")


if __name__ == "__main__":
    main()
