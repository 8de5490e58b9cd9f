"""Jobs as the API shows them, and the calls about them."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import quote

import httpx

from console.client.client import Client, read_members
from console.client.failures import unexpected
from console.errors import ConsoleError
from console.paths import PROGRAM
from handlers.jobs.job import ENDED
from handlers.reads.page import MAX_LIMIT

CONFLICT = 409


@dataclass(frozen=True)
class ApiJob:
    """A job.

    Attributes:
        members: all that the API says of it.
    """

    id: str
    state: str
    members: Mapping[str, object]

    @property
    def has_ended(self) -> bool:
        """Tell whether nothing is done for it any more."""
        return self.state in ENDED

    def text(self, name: str) -> str:
        """Return a member that is a text; empty where there is none."""
        value = self.members.get(name)
        return "" if value is None else str(value)

    def number(self, name: str) -> float:
        """Return a member that is a number; 0 where there is none."""
        value = self.members.get(name)
        return value if isinstance(value, int | float) else 0

    def count(self, name: str) -> int:
        """Return a member that counts something; 0 where there is none."""
        return int(self.number(name))

    def reasons(self) -> list[str]:
        """Return why rows were refused, each with its line; those that the API shows."""
        found: Any = self.members.get("rejects") or []
        return [f"line {each['line']}: {reason}" for each in found for reason in each["reasons"]]


def newest_jobs(client: Client, limit: int, state: str = "") -> Iterator[ApiJob]:
    """Yield so many jobs, newest first, of every state or one. Raises ConsoleError."""
    cursor = ""
    while limit:
        asked = {"limit": str(min(limit, MAX_LIMIT)), "state": state, "cursor": cursor}
        response = client.get("/jobs", {name: value for name, value in asked.items() if value})
        members = read_members(response)
        found = members.get("jobs")
        if not isinstance(found, list):
            raise unexpected(response, "no list of jobs")
        jobs = [_job(response, each) for each in cast("list[object]", found)[:limit]]
        yield from jobs
        limit -= len(jobs)
        cursor = str(members.get("next") or "")
        if not cursor:
            return


def ask_job(client: Client, job_id: str) -> ApiJob:
    """Return a job as it is now. Raises ConsoleError."""
    return job_of(client.get(_path(job_id)))


def cancel_job(client: Client, job_id: str) -> ApiJob:
    """Cancel a job; one that is cancelled stays so. Raises ConsoleError where it has ended otherwise."""
    try:
        return job_of(client.delete(_path(job_id)))
    except ConsoleError as error:
        error.hint = _shown_by(client, job_id, error)
        raise


def redrive_job(client: Client, job_id: str) -> ApiJob:
    """Let a job that failed go on. Raises ConsoleError where it has not failed."""
    try:
        return job_of(client.post(f"{_path(job_id)}/redrive", {}))
    except ConsoleError as error:
        error.hint = _shown_by(client, job_id, error)
        raise


def job_of(response: httpx.Response) -> ApiJob:
    """Return the job of an answer. Raises ConsoleError."""
    return _job(response, read_members(response).get("job"))


def command_for(action: str, client: Client, job_id: str) -> str:
    """Return the command that does something with a job."""
    return f"{PROGRAM} jobs {action} {shlex.quote(job_id)} --url {shlex.quote(client.url)}"


def _shown_by(client: Client, job_id: str, error: ConsoleError) -> str:
    """Return what to try: a look at the job, if it is the job that does not let itself be changed."""
    return command_for("show", client, job_id) if error.status == CONFLICT else error.hint


def _path(job_id: str) -> str:
    return f"/jobs/{quote(job_id, safe='')}"


def _job(response: httpx.Response, content: object) -> ApiJob:
    members = cast("dict[str, object]", content) if isinstance(content, dict) else {}
    if not (members.get("id") and members.get("state")):
        raise unexpected(response, "no job")
    return ApiJob(str(members["id"]), str(members["state"]), members)
