"""The intake: a new import, with the one request by which its file may be put where the worker finds it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from handlers.jobs.job import IMPORT, UPLOAD, Job
from handlers.jobs.messages import object_key
from handlers.ledger.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Callable

    from handlers.aws.bucket import Bucket, Upload
    from handlers.aws.dynamodb import Deadline
    from handlers.jobs.job_table import JobTable

UPLOAD_S = 3600


class ImportOrder(NamedTuple):
    """The import that is asked for."""

    format: str
    size_bytes: int
    sha256: str
    name: str
    max_rejects: int | None


class Intake:
    """Takes imports in.

    Args:
        jobs: where they are kept.
        bucket: takes their files.
        now: the time in seconds since 1970.
    """

    def __init__(self, jobs: JobTable, bucket: Bucket, now: Callable[[], float] = time.time) -> None:
        self._jobs = jobs
        self._bucket = bucket
        self._now = now

    def accept(self, asked: ImportOrder, deadline: Deadline) -> tuple[Job, Upload]:
        """Keep a new import. Returns it, and the request that puts its file. Raises Problem (503)."""
        now_s = self._now()
        job = Job(
            id=new_id(),
            kind=IMPORT,
            created_s=now_s,
            name=asked.name,
            phase=UPLOAD,
            format=asked.format,
            size_bytes=asked.size_bytes,
            sha256=asked.sha256,
            max_rejects=asked.max_rejects,
            upload_end_s=now_s + UPLOAD_S,
        )
        upload = self._bucket.allow_upload(object_key(job.id), asked.size_bytes, asked.sha256, UPLOAD_S)
        return self._jobs.save(job, deadline), upload
