"""On a cluster: no job is waited for in vain, and what the cluster says of a failure is kept.

Snakemake's plugin for Slurm forgets the jobs whose states it cannot learn, as when slurmctld starts
anew, and waits for ever for those that Slurm has forgotten, as it does minutes after their end.
Where a group of jobs cannot be submitted, it trips over its own message, and waits for ever, too.
Snakemake drops what is said of a group of jobs that failed; and it sleeps for minutes until it asks
again, even when all is over.
"""

import asyncio
import contextlib
import subprocess
import time
from pathlib import Path
from types import SimpleNamespace

from scripts.errors import StudyError

PATIENCE = 60  # seconds, for squeue
LONGEST_SLEEP = 60  # seconds: many a Slurm forgets a job some minutes after its end


class ClusterError(StudyError):
    """One line: the cluster cannot be spoken to."""


def attend(executor, said):
    """Mend that in an executor, and fill `said` with {job: (what the cluster says of its failure,
    the cluster's logs)}. Without a cluster, do nothing. ClusterError where Slurm does not answer.
    """
    if not hasattr(executor, "check_active_jobs"):
        return
    of_slurm = hasattr(executor, "_report_job_error_threadsafe")
    if of_slurm and known_to_slurm() is None:
        raise ClusterError(
            "Slurm does not answer squeue; is it set up on this machine, and running?"
        )
    # Numbers of jobs: of which it said the end just now, which it knew, and how often it did not.
    settled, seen, missed = set(), set(), {}
    before = {}  # {job: its outputs as they were when it was submitted}
    ask, success, error = (
        getattr(executor, name)
        for name in ("check_active_jobs", "report_job_success", "report_job_error")
    )

    def report_job_success(submitted, *arguments, **options):
        settled.add(submitted.external_jobid)
        success(submitted, *arguments, **options)

    def report_job_error(submitted, msg=None, aux_logs=(), **options):
        settled.add(submitted.external_jobid)
        said[submitted.job] = (msg or "", [log for log in aux_logs if log])
        error(submitted, msg=msg, aux_logs=aux_logs, **options)

    def run_job(job):
        before[job] = outputs(job)
        try:
            submit(job)
        except Exception as mistake:
            reason = mistake.__context__ or mistake
            submitted = SimpleNamespace(job=job, external_jobid=None, aux=None)
            executor._report_job_error_threadsafe(submitted, str(reason))

    async def check_active_jobs(submitted):
        settled.clear()
        async for _ in ask(submitted):  # reports those that have ended
            pass
        listed = known_to_slurm()
        listed = seen if listed is None else listed
        seen.update(listed)
        for each in submitted:
            number = each.external_jobid
            missed[number] = missed.get(number, 0) + 1 if number in seen - listed else 0
            if number in settled:
                continue
            if missed[number] < 2:
                yield each
            elif made_anew(before.get(each.job), outputs(each.job)):
                report_job_success(each)
            else:
                logs = [str(each.aux["slurm_logfile"])] if each.aux else []
                reason = f"Slurm knows nothing any more of job {number}"
                report_job_error(each, msg=reason, aux_logs=logs)

    async def sleep():
        end = time.monotonic() + min(executor.next_seconds_between_status_checks, LONGEST_SLEEP)
        while executor.wait and time.monotonic() < end:
            await asyncio.sleep(0.2)

    executor.report_job_success, executor.report_job_error = report_job_success, report_job_error
    executor.check_active_jobs, executor.sleep = check_active_jobs, sleep
    if of_slurm:
        submit, executor.run_job = executor.run_job, run_job


def outputs(job):
    """When each file that a job, or a group, is to make was written; None where it is not there."""
    members = getattr(job, "jobs", None) or [job]
    paths = [Path(path) for member in members for path in member.output]
    return {path: path.stat().st_mtime_ns if path.exists() else None for path in paths}


def made_anew(before, now):
    """Whether all files are there, and none is as it was."""
    return before is not None and all(now[path] not in (None, before[path]) for path in now)


def known_to_slurm():
    """The numbers of our jobs that Slurm knows; None if it doesn't answer."""
    command = ["squeue", "--me", "--noheader", "--states=all", "--format=%i"]
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        result = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
        if result.returncode == 0:
            return set(result.stdout.split())
    return None
