"""The receipt of the whole study: what it made, and where and how that was done.

    python -m scripts.manifest --config FILE --digest HEX [--by DIGEST]

writes results/MANIFEST.sha256, which `sha256sum -c` reads, from the steps' receipts, and
results/provenance.json. What differs from run to run is in the latter alone.
"""

import json
from collections.abc import Iterable
from pathlib import Path

from scripts.study.block import Block
from scripts.study.errors import reported
from scripts.study.files import write_whole
from scripts.study.layout import AFTER_TRAINING, blocks_of
from scripts.tables.io import read_table
from scripts.workflow.entry import arguments_of
from scripts.workflow.provenance import provenance
from scripts.workflow.receipts import read_receipt, receipt

MANIFEST = Path("results/MANIFEST.sha256")
PROVENANCE = Path("results/provenance.json")


def manifest(receipts: Iterable[dict]) -> str:
    """Return a line "SHA-256  path" for each file, with the path as seen from results/.

    Kept networks are left out: processors do not agree on their last digits.
    """
    made = {}
    for content in receipts:
        made.update(content["made"])
    same_everywhere = [path for path in sorted(made) if not path.endswith(".pt")]
    lines = [f"{made[path]}  {path.removeprefix('results/')}\n" for path in same_everywhere]
    return "".join(lines)


@reported("manifest")
def main() -> None:
    """Run the command that the module's docstring describes."""
    arguments = arguments_of(__doc__, digest={"required": True, "help": "of the study"})
    missing = read_table("missing", "results/missing.csv")
    undone = {Block(*row).step for row in missing.itertuples(index=False)}
    steps = [block.step for block in blocks_of(arguments.config)] + AFTER_TRAINING
    receipts = {step: read_receipt(step) for step in steps if step not in undone}
    with receipt("manifest", arguments.by, [MANIFEST]):
        lines = manifest(receipts.values())  # type: ignore[arg-type]  # Snakemake looked for all
        write_whole(MANIFEST, lines.encode())
    origin = provenance(arguments.config, arguments.digest, receipts)
    write_whole(PROVENANCE, f"{json.dumps(origin, indent=2)}\n".encode())


if __name__ == "__main__":
    main()
