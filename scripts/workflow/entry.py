"""What the command of every step has in common: a config, and a digest for its receipt."""

import argparse
import json
from pathlib import Path

from scripts.study.files import write_whole
from scripts.workflow.digest import digest_of

RESOLVED = Path(".snakemake/configs")


def arguments_of(documentation, **options):
    """Return the arguments of a step's command: --config, --by, and `options` {name: keywords}."""
    parser = argparse.ArgumentParser(description=documentation.splitlines()[0])
    parser.add_argument("--config", required=True, type=read_resolved)
    parser.add_argument("--by", help="the digest for the receipt; none is written without it")
    for name, keywords in options.items():
        parser.add_argument(f"--{name}", **keywords)
    return parser.parse_args()


def write_resolved(config):
    """Write a config, with what the command line says, into a file for the steps. Its name depends
    on its content: a run that is at work keeps its own.
    """
    path = RESOLVED / f"{digest_of(config)[:16]}.json"
    if not path.exists():
        write_whole(path, json.dumps(config).encode())
    return path


def read_resolved(path):
    """The config of a run."""
    return json.loads(Path(path).read_text(encoding="utf-8"))
