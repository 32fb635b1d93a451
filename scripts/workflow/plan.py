"""Plan a run: the one file that knows how Snakemake works.

Snakemake decides by dates and records whether a step runs again, the study by receipts
(receipts.py). So each step has one more input, its *stamp*: an empty file of long ago if the step's
receipt holds, and a new one if not: to Snakemake a changed input, with any target or option.
"""

import contextlib
import os
import platform
import shlex
import shutil
import sys
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

import snakemake
from snakemake.api import Workflow

from scripts.study.config import check, completed, job_settings
from scripts.study.errors import StudyError, reported
from scripts.study.files import check_writable, clear_unfinished, keep, write_whole
from scripts.study.layout import (
    AFTER_TRAINING,
    MADE,
    SUMMARIES,
    TEMPLATE,
    VERDICTS,
    benchmark,
    blocks_of,
    drawable,
    files_of,
    pictures,
    sources,
)
from scripts.study.project import ROOT
from scripts.study.schema import nearest, read_yaml
from scripts.workflow.digest import digest_of
from scripts.workflow.entry import write_resolved
from scripts.workflow.receipts import Audit, after_training, obsolete, path_of, sha256
from scripts.workflow.steps import missing_steps, steps, study_digest

ENVIRONMENTS = Path(".snakemake/environments")
STAMPS = Path(".snakemake/stamps")
LONG_AGO = (0, 0)
SHOWN = 5  # edited files, by name
MOST_A_SECOND = 100  # jobs, by default


class Plan:
    """The study that a config and the command line ask for.

    config_file  the file from which the steps read the config
    training     {block: settings}
    partial      whether the report is written from the runs that exist, without training
    made_by      {step: the digest of the code and settings that it runs with}
    digest       the digest of the study's code and settings
    blocks       the files of the blocks that are aggregated
    """

    def __init__(self, workflow: Workflow, config: dict) -> None:
        with reported("config"):
            config.update(completed(config, workflow.overwrite_configfiles))
            settings = job_settings(config)
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

    def environment(self) -> str:
        """Return the shell code that each step begins with.

        It reads a file that sets what a step needs, since Snakemake shows the whole command of a
        step that fails. malloc keeps freed memory for the next tensors: by default it returns
        blocks above 128 KiB to the system, and getting their pages again takes longer than
        computing with them.
        """
        packages = Path(snakemake.__file__).parents[1]  # before those of PYTHONPATH and ~/.local
        paths = filter(None, [str(ROOT), str(packages), os.environ.get("PYTHONPATH")])
        variables = {
            "PYTHONPATH": os.pathsep.join(paths),
            "PYTHONSAFEPATH": 1,  # modules in the folder of the results are not imported
            "PYTHONUTF8": 1,  # in any locale
            "CONFIG": self.config_file,
            "DIGEST": self.digest,
            "MALLOC_MMAP_THRESHOLD_": 33554432,
            "MALLOC_TRIM_THRESHOLD_": 1073741824,
        }
        lines = [
            'unset "${!PYTHON@}"',  # the user's settings, such as PYTHONOPTIMIZE
            *(f"export {name}={shlex.quote(str(value))}" for name, value in variables.items()),
            f'export WARM="$PPID .snakemake/warm-{platform.node()}-$PPID"',  # of Snakemake
            f'step() {{ {shlex.quote(sys.executable)} -m scripts.workflow.warm "$@"; }}',
        ]
        path = ENVIRONMENTS / f"{digest_of(lines)[:16]}.sh"
        write_whole(path, "".join(f"{line}\n" for line in lines).encode())
        return f". {path}; "


@reported("study")
def check_place(workflow: Workflow) -> None:
    """Raise an error unless code, sources and results are where they should be."""
    folder = workflow.current_basedir
    if Path(folder).resolve() != ROOT.resolve():
        raise StudyError(f"the Snakefile lies in {folder}, but its code was found in {ROOT}")
    if os.pathsep in str(folder):
        raise StudyError(f"{folder}: Python imports nothing from a folder with {os.pathsep} in it")
    if os.path.lexists("results") and not os.path.isdir("results"):
        raise StudyError(
            f"{Path.cwd()}: results is a file, or a link to nowhere; allowed: a folder"
        )
    if workflow.is_main_process:
        for path in sources():  # Snakemake skips a step without its input if the output exists
            if not Path(path).is_file():
                raise StudyError(f"{Path.cwd()}: {path} is missing, or is not a file")
        check_pictures()
        with reported("config"):
            check(read_yaml("config.yaml"))


def check_pictures() -> None:
    """Raise StudyError if a figure of the template has no code, or reads what no step writes."""
    known = drawable()
    tables = [*SUMMARIES, *VERDICTS]
    for figure, line in pictures().items():
        if figure not in known:
            hint = f"{', '.join(known)}{nearest(figure, known)}"
            raise StudyError(f"{TEMPLATE}, line {line}: got the figure {figure}; allowed: {hint}")
        for path in known[figure]:
            if path not in tables and not path.startswith("report/"):
                hint = f"{', '.join(tables)}, report/…{nearest(path, tables)}"
                raise StudyError(f"scripts/plots/{figure}.py: READS: got {path}; allowed: {hint}")


@reported("results")
def prepare(workflow: Workflow) -> None:
    """Make results/ ready to be written to, and a group of blocks one process on a cluster."""
    settings = workflow.executor_plugin.common_settings
    if settings.touch_exec:
        raise StudyError("--touch makes no result valid: receipts decide, not dates")
    settings.pass_group_args = True  # else each block starts a Snakemake of its own (9.27)
    drop_rate_limit(workflow)
    check_writable("results")
    clear_unfinished("results")
    remove_obsolete()


def drop_rate_limit(workflow: Workflow) -> None:
    """Let a run on this machine end at once.

    Snakemake (9.27) waits at the end for the timer of its rate limit, a second by default.
    """
    limiter = workflow.scheduler.job_rate_limiter
    if workflow.local_exec and limiter and limiter.max_jobs == MOST_A_SECOND:
        workflow.scheduler.job_rate_limiter = None


def remove_obsolete() -> None:
    """Remove what steps have made that no step makes any more, such as a dropped figure.

    A file that was edited is moved to results/edited/.
    """
    for path, digest in obsolete(MADE).items():
        if sha256(path) != digest:
            keep([path], "results/edited")
            note = "was changed since it was made, and no step makes it now: results/edited/ has it"
            print(f"{path} {note}", file=sys.stderr)
        Path(path).unlink()
    for step in after_training():
        if step not in (*AFTER_TRAINING, "manifest"):
            for left in (path_of(step), f"results/logs/{step}.log", benchmark(step)):
                Path(left).unlink(missing_ok=True)


def report_full_disk() -> None:
    """Print that the disk is full, if it is: the logs on it are then empty."""
    if shutil.disk_usage("results").free < 100_000:  # bytes
        print("results: the disk is full", file=sys.stderr)


def receipt(step: str) -> str:
    """Return the output of a step that says what it made."""
    return str(path_of(step))


def stamp(step: str) -> str:
    """Return the input of a step that is new if its receipt does not hold."""
    return str(STAMPS / step)


def stamp_all(made_by: Mapping[str, str]) -> None:
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
    note = "was changed since it was made: a run makes it again; results/edited/ has a copy"
    for edited in audit.edited[:SHOWN]:
        print(f"{edited} {note}", file=sys.stderr)
    if len(audit.edited) > SHOWN:
        print(f"… and so were {len(audit.edited) - SHOWN} more", file=sys.stderr)


def correct_dates(paths: Iterable[Path]) -> None:
    """Set dates in the future, which are newer than any stamp, and dates of 1970 to now."""
    for path in paths:
        with contextlib.suppress(OSError):
            if not 0 < path.stat().st_mtime <= time.time():  # to Snakemake, 1970 is no date
                os.utime(path)
