"""Turns at a job: a message begins one, a lease keeps others away from it, another message hands it on.

As long as a job is not over there is a message of its turn, or of a later one: the next message is sent before the job
counts its turn, and a message that comes while somebody works is sent again for later.
"""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from handlers.aws.dynamodb import Deadline
from handlers.domain.problem import Problem
from handlers.domain.timestamps import boottime_s
from handlers.jobs.job import CANCELLED, FAILED, IMPORT, RUNNING
from handlers.jobs.job_table import JobChangedError
from handlers.jobs.messages import message_of
from handlers.jobs.patience import Patience

if TYPE_CHECKING:
    from collections.abc import Callable

    from handlers.aws.queue import Queue
    from handlers.jobs.importing import Importing
    from handlers.jobs.job import Job
    from handlers.jobs.job_table import JobTable
    from handlers.jobs.messages import Message

LEASE_MARGIN_S = 30.0  # beyond the time that a turn has
MOST_STALLED = 5  # turns in a row in which a job does not come forward
BUSY, LATE, OTHER, UNKNOWN, HANDED_ON, TAKEN = ("busy", "late", "another-object", "unknown", "goes-on", "taken-over")
STALLED = f"it did not come forward in {MOST_STALLED} turns; the worker's log says why"

_log = logging.getLogger(__name__)


class Turns:
    """Takes the turns of imports.

    Args:
        jobs: where they stand.
        importing: does the work.
        queue: takes their messages.
        now: the time in seconds since 1970.
        clock: of the time that a turn has, in seconds.
        sleep: waits, for what is away.
    """

    def __init__(
        self,
        jobs: JobTable,
        importing: Importing,
        queue: Queue,
        *,
        now: Callable[[], float] = time.time,
        clock: Callable[[], float] = boottime_s,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._jobs = jobs
        self._importing = importing
        self._queue = queue
        self._now = now
        self._clock = clock
        self._sleep = sleep

    def take(self, message: Message, limit_s: float) -> str:
        """Do what a message asks for, in so much time. Returns what became of it, in a word.

        Raises Problem or ServiceError where something is away for longer: the message comes again.
        """
        while True:
            job = self._jobs.get(message.job_id, Deadline())
            if job is None:
                return UNKNOWN
            if why_not := _why_not(job, message):
                return why_not
            if 0 < job.lease_end_s - self._now() <= limit_s + LEASE_MARGIN_S:
                self._queue.send(message_of(job), job.lease_end_s - self._now())
                return BUSY
            try:
                begun = self._jobs.save(self._begun(job, message, limit_s), Deadline())
            except JobChangedError:
                continue
            return begun.state if begun.has_ended else self._work(begun, limit_s)

    def _begun(self, job: Job, message: Message, limit_s: float) -> Job:
        if job.stalled >= MOST_STALLED:
            return job.ended(FAILED, self._now(), STALLED)
        return replace(
            job,
            state=RUNNING,
            order="",
            started_s=job.started_s or self._now(),
            version=job.version or message.version,
            lease_end_s=self._now() + limit_s + LEASE_MARGIN_S,
            attempts=job.attempts + 1,
            stalled=job.stalled + 1,
        )

    def _work(self, job: Job, limit_s: float) -> str:
        try:
            job = self._importing.go_on(job, Patience(self._clock() + limit_s, self._clock, self._sleep))
            if job.has_ended:
                return job.state
            after = replace(job, turn=job.turn + 1, lease_end_s=0.0)
            self._queue.send(message_of(after))
            self._jobs.save(after, Deadline())
        except JobChangedError as error:
            return self._left(error.job)
        except Exception:
            self._release(job.id)
            raise
        return HANDED_ON

    def _left(self, job: Job) -> str:
        """Leave a job that somebody else has changed; one that was cancelled tells how far it came."""
        latest = self._jobs.get(job.id, Deadline())
        if latest is None or latest.state != CANCELLED:
            return TAKEN
        self._jobs.save(replace(latest, rows_done=job.rows_done, done_bytes=job.done_bytes), Deadline())
        return CANCELLED

    def _release(self, job_id: str) -> None:
        """End the lease, so that the message finds nobody at work when it comes again; else it waits until it ends."""
        try:
            job = self._jobs.get(job_id, Deadline())
            if job is not None and not job.has_ended:
                self._jobs.save(replace(job, lease_end_s=0.0), Deadline())
        except (Problem, JobChangedError) as error:
            _log.warning("the lease of job %s runs on: %s", job_id, error)


def _why_not(job: Job, message: Message) -> str:
    """Return why a message asks for nothing; "" where it does."""
    if job.kind != IMPORT:
        return UNKNOWN
    if job.has_ended:
        return job.state
    if message.turn is not None:
        return LATE if message.turn < job.turn else ""
    return OTHER if job.version and job.version != message.version else LATE if job.turn else ""
