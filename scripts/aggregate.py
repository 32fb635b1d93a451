"""Gather the tables of all blocks, and summarise them over seeds.

    python -m scripts.aggregate --config FILE [--by DIGEST] [--partial]

writes the tables of results/: runs, losses, accuracies, layers, factors, signal, chaotic,
boundaries, summary and missing, which lists the missing blocks. Blocks may be missing only with
--partial, where blocks that other code or other settings made also count as missing.
"""

from collections import defaultdict

import pandas as pd

from scripts.analysis.summaries import aggregate, chaotic_table, missing_table, without_runs
from scripts.study.block import Block
from scripts.study.config import protocols
from scripts.study.errors import StudyError, reported
from scripts.study.layout import SUMMARIES, blocks_of, files_of
from scripts.tables.io import write_table
from scripts.tables.schemas import KEYS, no_rows
from scripts.training.boundaries import boundaries
from scripts.workflow.entry import arguments_of
from scripts.workflow.receipts import receipt
from scripts.workflow.steps import missing_steps


@reported("aggregate")
def main() -> None:
    """Aggregate the study of the config that the command line names."""
    arguments = arguments_of(__doc__, partial={"action": "store_true"})
    config = arguments.config
    undone = set(missing_steps(config) if arguments.partial else ())
    blocks = blocks_of(config)
    missing = [block for block in blocks if block.step in undone]
    present = [block for block in blocks if block.step not in undone]
    with receipt("aggregate", arguments.by, SUMMARIES, files_of(present)):
        aggregate_all(config, present, missing)


def aggregate_all(config: dict, present: list[Block], missing: list[Block]) -> None:
    """Write the tables of all combinations. Raise StudyError if no block is present."""
    if not present:
        raise StudyError("there are no runs yet; make report trains them")
    settings = protocols(config)
    blocks_by_combination: dict[tuple[str, str, str], list[Block]] = {
        block.combination: [] for block in sorted(present + missing)
    }
    for block in present:
        blocks_by_combination[block.combination].append(block)
    parts = defaultdict(list)
    for combination, blocks in blocks_by_combination.items():
        protocol = settings[combination[0]]
        tables = aggregate(protocol, blocks) if blocks else without_runs(protocol)
        if blocks and combination[0] in config["keep"]:
            tables["boundaries"] = boundaries(protocol, blocks, tables["runs"])
        names = dict(zip(KEYS, combination, strict=True))
        for table, rows in tables.items():
            parts[table].append(rows.assign(**names))
    parts["chaotic"] = [chaotic_table(blocks_by_combination)]
    parts["missing"] = [missing_table(missing)]
    drawn = [rows for rows in parts["boundaries"] if len(rows)]
    parts["boundaries"] = drawn or [no_rows("boundaries")]  # empty parts would change the types
    for table, rows in parts.items():
        write_table(pd.concat(rows), table, f"results/{table}.csv")


if __name__ == "__main__":
    main()
