"""A job as an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from handlers.domain.problem import Problem
from handlers.gateway.response import json_response

if TYPE_CHECKING:
    from handlers.gateway.response import Response
    from handlers.jobs.job import Job


def job_response(status: int, job: Job, now_s: float) -> Response:
    """Return a job as an answer; one that was accepted says where it is to be looked at."""
    headers = {"location": f"/jobs/{job.id}"} if status == 202 else {}
    return json_response(status, {"job": job.answer(now_s)}, headers)


def no_job(job_id: str) -> Problem:
    """Return the problem of an id that is no job's."""
    return Problem("not-found", f"There is no job {job_id[:100]}")
