"""Dead letters: messages that failed too often. Their jobs have failed, and may be redriven."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from handlers.aws.dynamodb import Deadline
from handlers.jobs.job import FAILED
from handlers.jobs.job_table import JobChangedError
from handlers.jobs.turns import LATE, UNKNOWN, why_nothing

if TYPE_CHECKING:
    from collections.abc import Callable

    from handlers.jobs.job_table import JobTable
    from handlers.jobs.messages import Message

GAVE_UP = "the worker failed at it again and again; its log says why. Redrive it once that is mended"


class DeadLetters:
    """Buries messages.

    Args:
        jobs: where the jobs stand.
        now: the time in seconds since 1970.
    """

    def __init__(self, jobs: JobTable, now: Callable[[], float] = time.time) -> None:
        self._jobs = jobs
        self._now = now

    def bury(self, message: Message) -> str:
        """Let the job of a message fail, unless it went on by another. Returns what became of it, in a word."""
        while True:
            job = self._jobs.get(message.job_id, Deadline())
            if job is None:
                return UNKNOWN
            if why_not := why_nothing(job, message):
                return why_not
            if job.lease_left_s(self._now()):
                return LATE
            came = replace(job, version=job.version or message.version)  # a file that nobody began to read is there
            try:
                self._jobs.save(came.ended(FAILED, self._now(), GAVE_UP), Deadline())
            except JobChangedError:
                continue
            return FAILED
