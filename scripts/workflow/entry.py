"""What the commands of all steps share: a config, and a digest for the receipt."""

import argparse
import json
from pathlib import Path

from scripts.study.files import write_whole
from scripts.workflow.digest import digest_of

RESOLVED = Path(".snakemake/configs")


def arguments_of(documentation: str | None, **options: dict) -> argparse.Namespace:
    """Return the arguments of a step's command.

    They are --config, --by and the `options`, {name: keywords of argparse's add_argument}. The
    `documentation` describes the command.
    """
    parser = argparse.ArgumentParser(
        description=documentation, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--config", required=True, type=read_resolved)
    parser.add_argument("--by", help="the digest for the receipt; none is written without it")
    for name, keywords in options.items():
        parser.add_argument(f"--{name}", **keywords)
    return parser.parse_args()


def write_resolved(config: dict) -> Path:
    """Write a config, with what the command line adds to it, into a file for the steps.

    The file's name depends on its content, so a run that is already at work keeps its own config.
    """
    path = RESOLVED / f"{digest_of(config)[:16]}.json"
    write_whole(path, json.dumps(config).encode())
    return path


def read_resolved(path: str | Path) -> dict:
    """Return the config of a run."""
    return json.loads(Path(path).read_text(encoding="utf-8"))
