"""Jobs as the API shows them, and the calls about them."""

from __future__ import annotations

import contextlib
import shlex
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import quote

import httpx

from console.client.client import Client, read_members
from console.client.failures import unexpected
from console.errors import ConsoleError
from console.paths import PROGRAM
from handlers.domain.paging import MAX_LIMIT
from handlers.jobs.job import ENDED

CONFLICT = 409
NOT_FOUND = 404


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


@dataclass(frozen=True)
class JobList:
    """Some jobs, newest first.

    Attributes:
        cursor: asks for those that follow; empty where none do.
    """

    jobs: Sequence[ApiJob]
    cursor: str


def newest_jobs(client: Client, limit: int, state: str = "", cursor: str = "") -> JobList:
    """Return so many jobs, of every state or one, from the newest or a cursor on. Raises ConsoleError."""
    listed: list[ApiJob] = []
    while True:
        asked = {"limit": str(min(limit, MAX_LIMIT)), "state": state, "cursor": cursor}
        response = client.get("/jobs", {name: value for name, value in asked.items() if value})
        members = read_members(response)
        found = members.get("jobs")
        if not isinstance(found, list):
            raise unexpected(response, "no list of jobs")
        jobs = [_job(response, each) for each in cast("list[object]", found)[:limit]]
        listed += jobs
        limit -= len(jobs)
        cursor = str(members.get("next") or "")
        if not (cursor and limit):
            return JobList(listed, cursor)


def ask_job(client: Client, job_id: str) -> ApiJob:
    """Return a job as it is now. Raises ConsoleError."""
    with _hinted(client, job_id):
        return job_of(client.get(_path(job_id)))


def cancel_job(client: Client, job_id: str) -> ApiJob:
    """Cancel a job; one that is cancelled stays so. Raises ConsoleError where it has ended otherwise."""
    with _hinted(client, job_id):
        return job_of(client.delete(_path(job_id)))


def redrive_job(client: Client, job_id: str) -> ApiJob:
    """Let a job that failed go on. Raises ConsoleError where it has not failed."""
    with _hinted(client, job_id):
        return job_of(client.post(f"{_path(job_id)}/redrive", {}))


def job_of(response: httpx.Response) -> ApiJob:
    """Return the job of an answer. Raises ConsoleError."""
    return _job(response, read_members(response).get("job"))


def command_for(action: str, client: Client, job_id: str) -> str:
    """Return the command that does something with a job."""
    return _command(action, shlex.quote(job_id), client)


def _command(action: str, what: str, client: Client) -> str:
    return " ".join(filter(None, (PROGRAM, "jobs", action, what, "--url", shlex.quote(client.url))))


@contextlib.contextmanager
def _hinted(client: Client, job_id: str) -> Generator[None]:
    """Say what to try where it is the job that the API complains of: a look at it, or at those that there are."""
    try:
        yield
    except ConsoleError as error:
        if error.status == CONFLICT:
            error.hint = command_for("show", client, job_id)
        elif error.status == NOT_FOUND and error.problem:
            error.hint = _command("list", "", client)
        raise


def _path(job_id: str) -> str:
    return f"/jobs/{quote(job_id, safe='')}"


def _job(response: httpx.Response, content: object) -> ApiJob:
    members = cast("dict[str, object]", content) if isinstance(content, dict) else {}
    if not (members.get("id") and members.get("state")):
        raise unexpected(response, "no job")
    return ApiJob(str(members["id"]), str(members["state"]), members)
