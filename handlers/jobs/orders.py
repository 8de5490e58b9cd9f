"""Orders: what a job's item in the table's stream asks the worker to do, outside the network."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from handlers.aws.dynamodb import Deadline
from handlers.jobs.job import RESUME
from handlers.jobs.job_table import JobChangedError
from handlers.jobs.messages import message_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from handlers.aws.queue import Queue
    from handlers.jobs.job import Job
    from handlers.jobs.job_table import JobTable


class Orders:
    """Carries orders out; an order that comes twice is carried out twice, which harms nothing.

    Args:
        jobs: where the jobs stand.
        queue: takes the messages of those that go on.
        start: starts the state machine of a rebuild, and says so in the job.
    """

    def __init__(self, jobs: JobTable, queue: Queue, start: Callable[[Job], None]) -> None:
        self._jobs = jobs
        self._queue = queue
        self._start = start

    def carry_out(self, job_id: str) -> None:
        """Do what is ordered for a job, as it stands now.

        Raises Problem or ServiceError where something is away: the stream brings the order again.
        """
        job = self._jobs.get(job_id, Deadline())
        if job is None or not job.order:
            return
        if job.order != RESUME:
            self._start(job)
            return
        self._queue.send(message_of(job))
        try:
            self._jobs.save(replace(job, order=""), Deadline())
        except JobChangedError:  # it is at work already, or cancelled: both have left the order out
            return
