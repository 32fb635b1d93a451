"""On a cluster: no job is waited for in vain, and what the cluster says of a failure is kept.

Snakemake's plugin for Slurm forgets the jobs whose states it cannot learn, as when slurmctld starts
anew, and waits for ever for those that Slurm has forgotten. Snakemake drops what is said of a group
of jobs that failed; and before it ends, it sleeps until it would have asked again, for minutes.
"""

import asyncio
import contextlib
import subprocess
import time

PATIENCE = 60  # seconds, for squeue


def attend(executor, said):
    """Mend that in an executor, and fill `said` with {job: (what the cluster says of its failure,
    the cluster's logs)}. Without a cluster, do nothing.
    """
    if not hasattr(executor, "check_active_jobs"):
        return
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


def known_to_slurm():
    """The numbers of the jobs that Slurm knows; None if it doesn't answer."""
    command = ["squeue", "--noheader", "--states=all", "--format=%i"]
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        result = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
        if result.returncode == 0:
            return set(result.stdout.split())
    return None
