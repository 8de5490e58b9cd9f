"""Turns at a job: a message begins one, a lease keeps others away from it, another message hands it on.

As long as a job is not over there is a message of its turn, or of a later one: the next message is sent before the job
counts its turn, and a message that comes while somebody works is sent again for later, of the later turn of both.
"""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from handlers.aws.dynamodb import Deadline
from handlers.domain.problem import Problem
from handlers.domain.timestamps import boottime_s
from handlers.jobs.job import CANCELLED, FAILED, IMPORT, RUNNING, UPLOAD
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
HAND_OVER_S = 2.0  # the next turn's message comes once the job counts that turn
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
        patience = Patience(self._clock() + limit_s, self._clock, self._sleep)
        while True:
            job = patience.ask(lambda: self._jobs.get(message.job_id, Deadline()))
            if job is None:
                return UNKNOWN
            if why_not := why_nothing(job, message):
                return why_not
            if job.lease_left_s(self._now()):
                self._come_again(job, message)
                return BUSY
            begun = self._begun(job, message, limit_s)
            try:
                begun = patience.ask(lambda: self._jobs.save(begun, Deadline()))  # noqa: B023 - asked at once
            except JobChangedError:
                continue
            return begun.state if begun.has_ended else self._work(begun, patience)

    def _come_again(self, job: Job, message: Message) -> None:
        """Send a message again that came while somebody works: one that was handed on comes sooner."""
        is_next = (message.turn or 0) > job.turn
        again = replace(job, turn=message.turn or 0) if is_next else job
        self._queue.send(message_of(again), HAND_OVER_S if is_next else job.lease_left_s(self._now()))

    def _begun(self, job: Job, message: Message, limit_s: float) -> Job:
        if job.stalled >= MOST_STALLED:
            return job.ended(FAILED, self._now(), STALLED)
        return replace(
            job,
            state=RUNNING,
            order="",
            error="",
            ended_s=0.0,
            started_s=job.started_s or self._now(),
            phase_began_s=job.phase_began_s or self._now(),
            version=job.version or message.version,
            lease_end_s=self._now() + limit_s + LEASE_MARGIN_S,
            attempts=job.attempts + 1,
            stalled=job.stalled + 1,
        )

    def _work(self, begun: Job, patience: Patience) -> str:
        try:
            job = self._importing.go_on(begun, patience)
            if job.has_ended:
                return job.state
            after = replace(job, turn=job.turn + 1, lease_end_s=0.0)
            self._queue.send(message_of(after), HAND_OVER_S)
            self._jobs.save(after, Deadline())
        except JobChangedError as error:
            return self._left(error.job)
        except Exception:
            self._release(begun)
            raise
        return HANDED_ON

    def _left(self, job: Job) -> str:
        """Leave a job that somebody else has changed; one that was cancelled tells how far it came."""
        latest = self._jobs.get(job.id, Deadline())
        if latest is None or latest.state != CANCELLED:
            return TAKEN
        came = replace(latest, rows_done=job.rows_done, done_bytes=job.done_bytes, bookmark=job.bookmark)
        self._jobs.save(came, Deadline())
        return CANCELLED

    def _release(self, begun: Job) -> None:
        """End one's own lease, so that the message finds nobody at work when it comes again."""
        try:
            job = self._jobs.get(begun.id, Deadline())
            if job is not None and job.is_same_attempt(begun):
                self._jobs.save(replace(job, lease_end_s=0.0), Deadline())
        except (Problem, JobChangedError) as error:
            _log.warning("the lease of job %s runs on: %s", begun.id, error)


def why_nothing(job: Job, message: Message) -> str:
    """Return why a message asks for nothing; "" where it asks for work.

    A file that came after it was given up, because its upload took longer than the address was good for, is welcome.
    """
    if job.kind != IMPORT:
        return UNKNOWN
    is_awaited = job.state == FAILED and job.phase == UPLOAD and message.turn is None
    if job.has_ended and not is_awaited:
        return job.state
    if message.turn is not None:
        return LATE if message.turn < job.turn else ""
    return OTHER if job.version and job.version != message.version else LATE if job.turn else ""
