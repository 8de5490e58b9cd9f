"""The sweep: finds jobs that nobody works on any more and nobody will, because a message or a file never came."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from handlers.aws.dynamodb import Deadline
from handlers.aws.sdk import ServiceError
from handlers.domain.problem import Problem
from handlers.domain.timestamps import utc_text
from handlers.jobs.job import FAILED, IMPORT, RUNNING, UPLOAD, WAITING
from handlers.jobs.job_table import JobChangedError
from handlers.jobs.messages import message_of, object_key

if TYPE_CHECKING:
    from collections.abc import Callable

    from handlers.aws.bucket import Bucket
    from handlers.aws.queue import Queue
    from handlers.jobs.job import Job
    from handlers.jobs.job_table import JobTable

QUIET_S = 3600.0  # longer than a turn, or a step of a rebuild, with its tries; a message that waits still does no harm
MOST_WOKEN = 3  # times that an order is given again
NEVER_CAME = "no file came until {}, when the upload's address ended; make another import"
STOPPED = "it stopped without a word; redrive it"


class Sweep:
    """Looks after jobs.

    Args:
        jobs: where they stand.
        bucket: has the files.
        queue: takes their messages.
        now: the time in seconds since 1970.
    """

    def __init__(self, jobs: JobTable, bucket: Bucket, queue: Queue, now: Callable[[], float] = time.time) -> None:
        self._jobs = jobs
        self._bucket = bucket
        self._queue = queue
        self._now = now

    def run(self) -> dict[str, object]:
        """Look at every job that has not ended. Returns how many were woken, and how many have failed.

        Raises Problem or ServiceError where something is away.
        """
        outcomes, errors = list[str](), list[Exception]()
        for listed in [job for state in (WAITING, RUNNING) for job in self._jobs.every(state, Deadline)]:
            try:
                outcomes.append(self._look(listed))
            except (Problem, ServiceError) as error:  # the others are looked at all the same
                errors.append(error)
        if errors:
            raise errors[0]
        return {"jobs": len(outcomes), "woken": outcomes.count("woken"), "failed": outcomes.count(FAILED)}

    def _look(self, listed: Job) -> str:
        job = self._jobs.get(listed.id, Deadline())  # the list is a moment late
        if job is None or job.has_ended or not self._is_quiet(job):
            return ""
        try:
            return self._wake(job)
        except JobChangedError:
            return ""

    def _is_quiet(self, job: Job) -> bool:
        """Tell whether nothing has happened for longer than it should."""
        if job.lease_left_s(self._now()):
            return False
        lease_end_s = job.lease_end_s if job.lease_end_s <= self._now() else 0.0
        return self._now() - max(job.saved_s, lease_end_s, job.upload_end_s) > QUIET_S

    def _wake(self, job: Job) -> str:
        if job.order and job.stalled < MOST_WOKEN:
            # The stream forgets after a day, and a batch that failed for an hour is given up.
            self._jobs.save(replace(job, stalled=job.stalled + 1), Deadline())
            return "woken"
        if job.kind != IMPORT:
            return self._fail(job, STOPPED)
        if job.phase == UPLOAD and self._bucket.uploaded(object_key(job.id)) is None:
            return self._fail(job, NEVER_CAME.format(utc_text(job.upload_end_s)))
        self._queue.send(message_of(job))
        return "woken"

    def _fail(self, job: Job, reason: str) -> str:
        self._jobs.save(job.ended(FAILED, self._now(), reason), Deadline())
        return FAILED
