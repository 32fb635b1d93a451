"""Snakemake without its start of a second: a server imports it once, and forks for each run."""

import multiprocessing
import os
import subprocess
import sys
import tempfile
from pathlib import Path

context = multiprocessing.get_context("forkserver")
context.set_forkserver_preload(["snakemake.cli", __name__])


def snakemake(arguments, folder, environment):
    """What `python -m snakemake` does in a folder, with this environment."""
    with tempfile.TemporaryDirectory() as temporary:
        files = [Path(temporary) / name for name in ("stdout", "stderr")]
        process = context.Process(target=_run, args=(arguments, folder, environment, files))
        process.start()
        process.join()
        said = [file.read_text(encoding="utf-8") for file in files]
    return subprocess.CompletedProcess(["snakemake", *arguments], process.exitcode, *said)


def _run(arguments, folder, environment, files):
    for stream, file in zip((sys.stdout, sys.stderr), files, strict=True):
        os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT), stream.fileno())
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.path.insert(0, str(folder))
    sys.argv = ["snakemake", *arguments]
    from snakemake.cli import main

    main()
