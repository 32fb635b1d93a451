"""On a cluster: no job is waited for in vain, and what the cluster says of a failure is kept.

Snakemake's plugin for Slurm forgets the jobs whose states it cannot learn, as when slurmctld starts
anew, and waits for ever for those that Slurm has forgotten. Snakemake drops what is said of a group
of jobs that failed; and before it ends, it sleeps until it would have asked again, for minutes.
Where a group of jobs cannot be submitted, the plugin trips over its own message and waits for ever.
"""

import asyncio
import contextlib
import subprocess
import time

from snakemake_interface_executor_plugins.executors.base import SubmittedJobInfo

from scripts.errors import StudyError

PATIENCE = 60  # seconds, for squeue


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
        try:
            submit(job)
        except Exception as mistake:
            reason = mistake.__context__ or mistake
            executor._report_job_error_threadsafe(SubmittedJobInfo(job), str(reason))

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
            else:
                report_job_error(each, msg=f"Slurm knows nothing any more of job {number}")

    async def sleep():
        end = time.monotonic() + executor.next_seconds_between_status_checks
        while executor.wait and time.monotonic() < end:
            await asyncio.sleep(0.2)

    executor.report_job_success, executor.report_job_error = report_job_success, report_job_error
    executor.check_active_jobs, executor.sleep = check_active_jobs, sleep
    if of_slurm:
        submit, executor.run_job = executor.run_job, run_job


def known_to_slurm():
    """The numbers of the jobs that Slurm knows; None if it doesn't answer."""
    command = ["squeue", "--noheader", "--states=all", "--format=%i"]
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        result = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
        if result.returncode == 0:
            return set(result.stdout.split())
    return None
