"""An API with jobs, and the bucket that their files are put into: as much of both as the console sees."""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Iterator
from typing import Any

from handlers.domain.problem import TYPE_PREFIX
from tests.support.local.faults import Exchange, FaultyApi

PROBLEM = {"content-type": "application/problem+json"}
HEAD = "7.500"
Members = dict[str, Any]


class JobService:
    """Answers in an API's place. An uploaded file's rows are counted, and its job is a step further with each look.

    Attributes:
        jobs: by id, as they are shown.
        files: what was uploaded, by job.
        uploads: steps instead of the next uploads.
        ends: the last step of every job whose file arrives.
        is_on: there are imports.
        pauses: between two looks at a job.
        script: steps instead of the next answers of all.
    """

    def __init__(self, api: FaultyApi) -> None:
        self.url = api.url
        self.script = api.script
        self.pauses: list[float] = []
        self.jobs: dict[str, Members] = {}
        self.files: dict[str, bytes] = {}
        self.uploads: deque[Any] = deque()
        self.head = HEAD
        self.ends: Members = {"state": "succeeded", "phase": "append"}
        self.is_on = True
        self.asked: list[Members] = []
        self.headers: list[dict[str, str]] = []
        self._steps: dict[str, Iterator[Members]] = {}

    def __call__(self, exchange: Exchange) -> None:
        """Answer a request."""
        path, _, query = exchange.path.partition("?")
        job_id = next(iter(re.findall("^/(?:jobs|bucket)/([^/?]+)", path)), "")
        if path == "/command/health":
            exchange.answer(200, json.dumps({"bookmark": self.head, "hash": "0" * 64}))
        elif path == "/imports":
            self._create(exchange)
        elif path.startswith("/bucket"):
            self._put(exchange, job_id)
        elif path == "/jobs":
            self._list(exchange, query)
        elif job_id not in self.jobs:
            refuse(exchange, 404, "not-found", f"There is no job {job_id}")
        elif exchange.command == "GET":
            nothing: Members = {}
            self.jobs[job_id] |= next(self._steps.get(job_id, iter(())), nothing)
            self._answer(exchange, job_id)
        elif exchange.command == "DELETE":
            self._change(exchange, job_id, ("waiting", "running", "cancelled"), "cancelled", 200)
        else:
            self._change(exchange, job_id, ("failed",), "waiting", 202)

    def add(self, **members: object) -> str:
        """Add a job. Returns its id."""
        job_id = f"01JOB{len(self.jobs):021}"
        usual = {"id": job_id, "kind": "import", "state": "waiting", "phase": "upload", "rows_done": 0, "name": None}
        self.jobs[job_id] = {**usual, "created_at": "2026-01-31T12:00:00.000000Z", "attempts": 0, **members}
        return job_id

    def steps(self, job_id: str, *steps: Members) -> None:
        """Change a job so, a step with each look."""
        self._steps[job_id] = iter(steps)

    def _create(self, exchange: Exchange) -> None:
        if not self.is_on:
            refuse(exchange, 403, "forbidden", "There are no imports here: the stack's setting jobs is off")
            return
        asked = json.loads(exchange.body)
        self.asked.append(asked)
        job_id = self.add(name=asked["name"], bytes=asked["bytes"], bytes_done=0)
        headers = {"content-length": str(asked["bytes"]), "x-amz-checksum-sha256": asked["sha256"]}
        url = f"{self.url}/bucket/{job_id}?X-Amz-Signature=secret"
        upload = {"method": "PUT", "url": url, "headers": headers, "expires_at": "2026-01-31T13:00:00Z"}
        exchange.answer(201, json.dumps({"job": self.jobs[job_id], "upload": upload}))

    def _put(self, exchange: Exchange, job_id: str) -> None:
        if self.uploads:
            self.uploads.popleft()(exchange)
            return
        self.files[job_id] = exchange.body
        self.headers.append({name.lower(): value for name, value in exchange.headers.items()})
        rows = exchange.body.count(b"\n")
        epoch, seq = map(int, self.head.split("."))
        end = {"rows_done": rows, "bookmark": f"{epoch}.{seq + rows}"} if self.ends["phase"] == "append" else {}
        self.steps(
            job_id,
            {"state": "running", "phase": "check", "bytes_done": len(exchange.body) // 2, "eta_s": 3},
            {"phase": "append", "rows": rows, "rows_done": rows // 2, "rows_per_s": 12.5, "eta_s": 1},
            {**end, **self.ends, "eta_s": None},
        )
        exchange.answer(200, "")

    def _list(self, exchange: Exchange, query: str) -> None:
        asked = dict(pair.split("=") for pair in query.split("&"))
        found = [job for job in reversed(self.jobs.values()) if job["state"] == asked.get("state", job["state"])]
        found = [job for job in found if job["id"] < asked.get("cursor", "1")]
        page = found[: min(2, int(asked["limit"]))]
        exchange.answer(200, json.dumps({"jobs": page, "next": page[-1]["id"] if len(found) > len(page) else None}))

    def _change(self, exchange: Exchange, job_id: str, allowed: tuple[str, ...], state: str, status: int) -> None:
        if self.jobs[job_id]["state"] not in allowed:
            refuse(exchange, 409, "conflict", f"The job is {self.jobs[job_id]['state']}")
            return
        self.jobs[job_id]["state"] = state
        self._steps.pop(job_id, None)
        self._answer(exchange, job_id, status)

    def _answer(self, exchange: Exchange, job_id: str, status: int = 200) -> None:
        exchange.answer(status, json.dumps({"job": self.jobs[job_id]}))


def refuse(exchange: Exchange, status: int, kind: str, detail: str) -> None:
    """Answer with a problem."""
    exchange.answer(status, json.dumps({"type": TYPE_PREFIX + kind, "detail": detail}), PROBLEM)
