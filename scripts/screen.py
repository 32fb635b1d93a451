"""What the terminal says at the end: where the report lies, or why a job failed."""

import atexit
import shutil
import sys
import time
from pathlib import Path

LITTLE = 64 * 1024  # bytes of disk, where not even a message may find room
STARTED = time.time() - 5  # and some seconds, by which another machine's clock may be behind
# What Snakemake says of a failed job besides the job's own message.
NOISE = ("RuleException:", "Shutting down", "Exiting because", "Complete log")
NOISE += ("Restored previous", "Removing output")


def quieten(logger, report, partial=False):
    """End a run with the report's place and the time it took, and leave out Snakemake's own words
    on failed jobs, which `why_failed` replaces. (.snakemake/log/ keeps every word.)
    """
    started = time.monotonic()

    def shown(record):
        text, event = record.getMessage(), getattr(record, "event", None)
        if text.startswith(("Elapsed time", "Nothing to be done")) and Path(report).exists():
            done = f"Done in {took(started)}." if "time" in text else "All is up to date."
            what = "The partial report" if partial else "The report"
            atexit.register(print, f"{done} {what}: {report}", file=sys.stderr)
            return False
        if event == "progress" and not sys.stderr.isatty():  # where no bar can be drawn
            record.event, record.msg = None, f"{record.done} of {record.total} steps done"
        return event != "job_error" and not text.startswith(NOISE)

    logger.handlers[0].addFilter(shown)  # the first handler writes to the screen


def edited(files, most=5):
    """Say which results are not as they were made."""
    for path in files[:most]:
        print(
            f"{path} was changed since it was made (edited, or cut off?): a run makes it anew, and "
            "keeps this one in results/edited/",
            file=sys.stderr,
        )
    if len(files) > most:
        print(f"… and so were {len(files) - most} more", file=sys.stderr)


def took(started):
    minutes, seconds = divmod(round(time.monotonic() - started), 60)
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"


def why_failed(jobs, said_by_cluster=None, most=5):
    """For each failed job: what it was, what happened, how to run it again, where its log is. Of a
    group of jobs: so for the one that says what went wrong, or what the cluster says of the group.
    """
    said = said_by_cluster or {}
    jobs = sorted((job for job in jobs if job.log), key=lambda job: sorted(map(str, job.log)))
    messages = [why(job, *said.get(job, ("", []))) for job in jobs]
    messages = list(dict.fromkeys(messages))  # of groups that could not begin, all say the same
    if len(messages) > most:
        rest = f"And {len(messages) - most} more; the logs are in results/logs/"
        messages = [*messages[:most], rest]
    return "\n\n".join(messages) or "Stopped. The same command goes on from here."


def why(job, of_cluster, logs):
    """What there is to say of a failed job or group, in lines."""
    if of_cluster.startswith("SLURM sbatch failed"):
        message = of_cluster.partition("'")[2].splitlines()[0].rstrip("'.")
        return f"train: Slurm does not take the jobs: {message}"
    members = getattr(job, "jobs", None) or [job]
    to_blame = max(members, key=blame)
    if len(members) > 1 and not blame(to_blame):
        name = f"train, {len(members)} blocks in one job"
        lines = [f"{name}: it ended without a word. Was it killed, for want of memory or time?"]
        again, own = "The same command goes on from here.", []
    else:
        lines = [last_words(name_of(to_blame), Path(to_blame.log[0]))]
        again, own = f"Again: {snakemake()} --cores 1 {to_blame.output[0]}", [to_blame.log[0]]
    if not blame(to_blame):
        lines += [f"The cluster: {line}" for line in of_cluster.strip().splitlines()[:1]]
    logs = [*own, *map(shorter, logs)]
    return "\n".join([*lines, again, *(f"The log: {log}" for log in [" and ".join(logs)] if log)])


def blame(job):
    """When a job said last what went wrong; 0 if it did not, in this run."""
    log = Path(job.log[0])
    said = log.stat().st_mtime if words(name_of(job), log) else 0
    return said if said > STARTED else 0


def name_of(job):
    """What a job calls itself: "train as-written/relu-identity, seeds 0-19"."""
    if job.rule.name != "train":
        return job.rule.name
    return "train {protocol}/{hidden}-{output}, seeds {seeds}".format(**job.wildcards_dict)


def last_words(name, log):
    """What a job says of what went wrong; if it says nothing, what may have happened."""
    if said := words(name, log):
        return said
    if shutil.disk_usage(log.parent if log.parent.exists() else ".").free < LITTLE:
        return f"{name}: it ended without a word, and the disk is full"
    return f"{name}: it ended without a word. Was it killed, for want of memory?"


def words(name, log):
    """A job's own message, which begins with its name and may go on for some lines; or the last
    line of what Python says of a mistake in the code.
    """
    text = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
    lines = text.strip().splitlines()
    own = [i for i, line in enumerate(lines) if line.startswith(f"{name}: ")]
    if own:
        return "\n".join(lines[own[-1] :])
    return f"{name}: {lines[-1]}" if "Traceback (most recent call last):" in lines else ""


def snakemake():
    """The command, as one can type it here."""
    beside = Path(sys.executable).with_name("snakemake")
    found = shutil.which("snakemake")
    if found and Path(found) == beside:
        return "snakemake"
    return f"{shorter(sys.executable)} -m snakemake"


def shorter(path):
    """A path as seen from here, if it lies here."""
    path = Path(path)
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)
