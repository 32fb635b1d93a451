"""Plan a run: the one file that knows how Snakemake works.

Snakemake decides by dates and by its records whether a step runs again; the study decides by
receipts (receipts.py). So each step has one input more, its *stamp*: an empty file of long ago
where the step's receipt holds, and a new one where it does not. To Snakemake that is an input
that has changed, for every target and every option.
"""

import contextlib
import os
import platform
import shlex
import shutil
import sys
import time
from pathlib import Path

from scripts.study.config import check, completed, training_settings
from scripts.study.errors import StudyError, reported
from scripts.study.files import check_writable, clear_unfinished, keep
from scripts.study.layout import blocks_of, files_of, sources
from scripts.study.project import ROOT
from scripts.study.schema import read_yaml
from scripts.workflow.entry import write_resolved
from scripts.workflow.receipts import Audit, path_of
from scripts.workflow.steps import missing_steps, steps, study_digest

STAMPS = Path(".snakemake/stamps")
LONG_AGO = (0, 0)
SHOWN = 5  # edited files, by name


class Plan:
    """The study that a config and the command line ask for.

    config_file  from which the steps read the config
    training     {block: settings}
    partial      whether nothing is trained, and the report is of what is there
    made_by      {step: a digest of the code and settings that it runs with}
    digest       of the study's code and settings
    blocks       the files of the blocks that are aggregated
    """

    def __init__(self, workflow, config):
        with reported("config"):
            config.update(completed(config, workflow.overwrite_configfiles))
            settings = training_settings(config)
            self.training = {str(block): settings[block.protocol] for block in blocks_of(config)}
        self.partial = os.environ.get("PARTIAL", "") not in ("", "0", "no", "false")
        with reported("code"):
            self.made_by = steps(config, missing_steps(config) if self.partial else ())
            self.digest = study_digest(config)
        self.blocks = files_of(block for block in blocks_of(config) if block.step in self.made_by)
        with reported("results"):
            self.config_file = write_resolved(config)
            if workflow.is_main_process:
                stamp_all(self.made_by)

    def environment(self):
        """Return the shell code that sets what each step needs.

        malloc keeps freed memory for the next tensors. By default it gives blocks above 128 KiB
        back, and to fetch their pages again takes longer than to compute with them.
        """
        found = filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])
        variables = {
            "PYTHONPATH": os.pathsep.join(found),
            "PYTHONSAFEPATH": 1,  # what lies in the folder of the results is not imported
            "CONFIG": self.config_file,
            "DIGEST": self.digest,
            "WARM": f"{os.getpid()} .snakemake/warm-{platform.node()}-{os.getpid()}",
            "MALLOC_MMAP_THRESHOLD_": 33554432,
            "MALLOC_TRIM_THRESHOLD_": 1073741824,
        }
        said = " ".join(f"{name}={shlex.quote(str(value))}" for name, value in variables.items())
        step = f'step() {{ {shlex.quote(sys.executable)} -m scripts.workflow.warm "$@"; }}'
        # Snakemake fills in what stands in single braces.
        return f"export {said}; {step}; ".replace("{", "{{").replace("}", "}}")


@reported("study")
def check_place(workflow):
    """End with a line unless the Snakefile lies beside the code that Python found, and every file
    that people write is there: Snakemake skips a step without its input if the output is there.
    """
    folder = workflow.current_basedir
    if Path(folder).resolve() != ROOT.resolve():
        raise StudyError(f"the Snakefile lies in {folder}, but its code was found in {ROOT}")
    if workflow.is_main_process:
        for path in sources():
            if not Path(path).is_file():
                raise StudyError(f"{Path.cwd()}: {path} is missing, or is not a file")
        with reported("config"):
            check(read_yaml("config.yaml"))


@reported("results")
def prepare(workflow):
    """Make results/ ready to be written to, and a group of blocks one process on a cluster."""
    settings = workflow.executor_plugin.common_settings
    if settings.touch_exec:
        raise StudyError("--touch makes no result valid: receipts decide, not dates")
    settings.pass_group_args = True  # else each block starts a Snakemake of its own (9.27)
    check_writable("results")
    clear_unfinished("results")


def tell_full_disk():
    """Say that the disk is full, if it is: the logs on it are then empty."""
    if shutil.disk_usage("results").free < 100_000:  # bytes
        print("results: the disk is full", file=sys.stderr)


def receipt(step):
    """The output that says what a step made."""
    return str(path_of(step))


def stamp(step):
    """The input that is new where a step's receipt does not hold."""
    return str(STAMPS / step)


def stamp_all(made_by):
    """Stamp each step by its receipt. Name the results that were edited, and copy them."""
    correct_dates([*map(Path, sources()), *Path("results").rglob("*")])
    audit = Audit(made_by)
    stale = set(audit.stale)
    for step in made_by:
        path = Path(stamp(step))
        path.parent.mkdir(parents=True, exist_ok=True)
        if step in stale:
            path.write_text(str(time.time_ns()))
        elif not path.exists() or path.stat().st_mtime:
            path.write_text("")
            os.utime(path, LONG_AGO)
    keep(audit.edited, "results/edited")
    for path in audit.edited[:SHOWN]:
        note = "was changed since it was made: a run makes it again; results/edited/ has a copy"
        print(f"{path} {note}", file=sys.stderr)
    if len(audit.edited) > SHOWN:
        print(f"… and so were {len(audit.edited) - SHOWN} more", file=sys.stderr)


def correct_dates(paths):
    """Date files from the future now: they would seem newer than any stamp. So would those of 1970
    seem, to Snakemake, to have no date.
    """
    for path in paths:
        with contextlib.suppress(OSError):
            if not 0 < path.stat().st_mtime <= time.time():
                os.utime(path)
