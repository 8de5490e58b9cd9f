"""GET /jobs and GET /jobs/{id}: what there is to do, and how far it is. Loaded with the first such request."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from handlers.api.job_answers import job_response, no_job
from handlers.aws.dynamodb import Deadline, make_client
from handlers.domain.problem import field_error
from handlers.gateway.response import json_response
from handlers.jobs.job import STATES
from handlers.jobs.job_table import ID, JobTable
from handlers.reads.page import PageQuery

if TYPE_CHECKING:
    from collections.abc import Callable

    from handlers.gateway.request import Request
    from handlers.gateway.response import Response
    from handlers.gateway.router import Operation
    from handlers.settings import Settings


class Jobs:
    """The operations `jobs` and `job`.

    Args:
        jobs: where they are kept.
        now: the time in seconds since 1970.
    """

    def __init__(self, jobs: JobTable, now: Callable[[], float] = time.time) -> None:
        self._jobs = jobs
        self._now = now

    @classmethod
    def from_settings(cls, settings: Settings) -> Jobs:
        """Make them for a function."""
        return cls(JobTable(make_client(settings.region), settings.table_name))

    def operations(self) -> dict[str, Operation]:
        """Return the operations by name."""
        return {"jobs": self.newest, "job": self.show}

    def newest(self, request: Request) -> Response:
        """GET /jobs: newest first, of every state or one."""
        parameters, errors = request.checked_parameters(("state", "limit", "cursor"))
        cursor, state = parameters.pop("cursor", ""), parameters.pop("state", "")
        if cursor and not ID.fullmatch(cursor):
            errors.append(field_error("cursor", cursor, "a cursor from `next`"))
        if state and state not in STATES:
            errors.append(field_error("state", state, ", ".join(STATES)))
        limit = PageQuery(parameters, errors).limit
        found, has_more = self._jobs.newest(limit, Deadline(), state=state, before_id=cursor)
        shown = [job.summary(self._now()) for job in found]
        return json_response(200, {"jobs": shown, "next": found[-1].id if has_more and found else None})

    def show(self, request: Request) -> Response:
        """GET /jobs/{id}: one, with the rows that were refused."""
        request.parameters(())
        job_id = request.path_parameters["id"]
        job = self._jobs.get(job_id, Deadline())
        if job is None:
            raise no_job(job_id)
        return job_response(200, job, self._now())
