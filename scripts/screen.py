"""What the terminal says at the end: where the report lies, or why a job failed."""

import atexit
import sys
import time
from pathlib import Path

# What Snakemake says of a failed job besides the job's own message.
NOISE = ("RuleException:", "Shutting down", "Exiting because", "Complete log", "Restored previous")


def quieten(logger, report):
    """End a run with the report's place and the time it took, and leave out Snakemake's own words
    on failed jobs, which `why_failed` replaces. (.snakemake/log/ keeps every word.)
    """
    started = time.monotonic()

    def shown(record):
        text, event = record.getMessage(), getattr(record, "event", None)
        if text.startswith(("Elapsed time", "Nothing to be done")) and Path(report).exists():
            done = f"Done in {took(started)}." if "time" in text else "All is up to date."
            atexit.register(print, f"{done} The report: {report}", file=sys.stderr)
            return False
        if event == "progress" and not sys.stderr.isatty():  # where no bar can be drawn
            record.event, record.msg = None, f"{record.done} of {record.total} steps done"
        return event != "job_error" and not text.startswith(NOISE)

    logger.handlers[0].addFilter(shown)  # the first handler writes to the screen


def took(started):
    minutes, seconds = divmod(round(time.monotonic() - started), 60)
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"


def why_failed(jobs):
    """What each failed job wrote into its log, and where the log lies."""
    messages = []
    for job in sorted(jobs, key=lambda job: str(job.log)):
        for log in job.log:
            log = Path(log)  # not there, where a job could not even begin
            text = log.read_text(encoding="utf-8", errors="replace").strip() if log.exists() else ""
            unexplained = f"{job} ended without a word. Was it killed, for want of memory?"
            messages.append(f"{text or unexplained}\nThe log: {log}")
    return "\n\n".join(messages) or "Stopped. The same command goes on from here."
