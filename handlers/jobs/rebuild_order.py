"""The order for a rebuild: the job that a request asks for, and the execution of the state machine that does it.

Nothing inside the network can start the machine. So the job says `start`, and the worker, which sees that in the
table's stream, starts an execution by a name that only this turn of the job has: a second start of it is none.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from handlers.aws.dynamodb import Deadline
from handlers.jobs.job import PLAN, REBUILD, RUNNING, START, WAITING, Job
from handlers.jobs.job_table import JobChangedError
from handlers.ledger.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Callable

    from handlers.aws.machine import StateMachine
    from handlers.jobs.job_table import JobTable

# The longest silence of a rebuild that goes on: a task of 15 minutes that runs out of time, and is tried three times.
LEASE_S = 3600.0


def order_rebuild(jobs: JobTable, now_s: float, deadline: Deadline) -> Job:
    """Return the rebuild that waits or runs already, else a new one. Raises Problem (503).

    Two that ask at the same moment may get one each, as the index is a moment late; the second finds nothing to do.
    """
    return _under_way(jobs, deadline) or jobs.save(
        Job(id=new_id(), kind=REBUILD, created_s=now_s, order=START), deadline
    )


def start_rebuild(job: Job, jobs: JobTable, machine: StateMachine, now: Callable[[], float]) -> None:
    """Start the machine for a job that says so, and put down that it runs.

    Raises ServiceError where Step Functions, Problem (503) where DynamoDB is away: nothing is lost by trying again.
    """
    machine.start(execution_name(job), {"job": job.id})
    change(jobs, job.id, lambda found: begun(found, now()))


def execution_name(job: Job) -> str:
    """Return the name of the execution for this turn of a job; a redrive is another."""
    return f"{job.id}-{job.turn}"


def begun(job: Job, now_s: float) -> Job:
    """Return a job that waits as one that runs; the worker and the machine's first step both come to say so."""
    if job.state != WAITING:
        return job
    running = replace(job, state=RUNNING, order="", attempts=job.attempts + 1, started_s=job.started_s or now_s)
    return replace(running.in_phase(PLAN, now_s), lease_end_s=now_s + LEASE_S)


def change(jobs: JobTable, job_id: str, changed: Callable[[Job], Job]) -> Job | None:
    """Change a job, however many others do at once; one that has ended stays as it is.

    Returns it as it is then; None where there is none any more. Raises Problem (503).
    """
    while True:
        job = jobs.get(job_id, Deadline())
        if job is None or job.has_ended or (wanted := changed(job)) == job:
            return job
        try:
            return jobs.save(wanted, Deadline())
        except JobChangedError:
            continue


def _under_way(jobs: JobTable, deadline: Deadline) -> Job | None:
    for state in (RUNNING, WAITING):
        for listed in jobs.every(state, lambda: deadline):
            job = jobs.get(listed.id, deadline) if listed.kind == REBUILD else None
            if job is not None and not job.has_ended:
                return job
    return None
