"""The receipt of the whole study: what it made, and where and how that was done.

    python -m scripts.manifest --config FILE --digest HEX [--by DIGEST]

writes results/MANIFEST.sha256, which `sha256sum -c` reads, from the steps' receipts, and
results/provenance.json. What differs from run to run stands in the latter alone.
"""

import json
from pathlib import Path

from scripts.study.block import Block
from scripts.study.errors import reported
from scripts.study.files import write_whole
from scripts.study.layout import AFTER_TRAINING, blocks_of
from scripts.tables.io import read_table
from scripts.workflow.entry import arguments_of
from scripts.workflow.provenance import provenance
from scripts.workflow.receipts import read_receipt, receipt

MANIFEST, PROVENANCE = Path("results/MANIFEST.sha256"), Path("results/provenance.json")


def manifest(receipts):
    """A line a file, "SHA-256  path", the path as seen from results/."""
    made = {path: sha for said in receipts for path, sha in said["made"].items()}
    lines = (f"{made[path]}  {path.removeprefix('results/')}\n" for path in sorted(made))
    return "".join(lines)


@reported("manifest")
def main():
    arguments = arguments_of(__doc__, digest={"required": True, "help": "of the study"})
    missing = read_table("missing", "results/missing.csv")
    undone = {Block(*row).step for row in missing.itertuples(index=False)}
    steps = [*(block.step for block in blocks_of(arguments.config)), *AFTER_TRAINING]
    receipts = {step: read_receipt(step) for step in steps if step not in undone}
    with receipt("manifest", arguments.by, [MANIFEST]):
        write_whole(MANIFEST, manifest(receipts.values()).encode())
    said = provenance(arguments.config, arguments.digest, receipts)
    write_whole(PROVENANCE, f"{json.dumps(said, indent=2)}\n".encode())


if __name__ == "__main__":
    main()
