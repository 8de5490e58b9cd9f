"""POST /imports, DELETE /jobs/{id} and POST /jobs/{id}/redrive: jobs asked for, cancelled, and tried again."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, cast

from handlers.api.job_answers import job_response, no_job
from handlers.aws.bucket import Bucket
from handlers.domain.problem import Problem, field_error, invalid, unavailable
from handlers.domain.timestamps import utc_text
from handlers.gateway.response import json_response
from handlers.imports.formats import FORMATS
from handlers.jobs.intake import ImportOrder, Intake
from handlers.jobs.job import CANCELLED, FAILED, IMPORT, MOST_BYTES, MOST_NAME_CHARACTERS, RESUME, START, UPLOAD
from handlers.jobs.job_table import JobChangedError, JobTable

if TYPE_CHECKING:
    from collections.abc import Callable

    from handlers.aws.dynamodb import Deadline
    from handlers.gateway.request import Request
    from handlers.gateway.response import Response
    from handlers.gateway.router import Operation
    from handlers.jobs.job import Job
    from handlers.ledger.appender import Appender
    from handlers.ledger.ledger import Ledger
    from handlers.settings import Settings

ARE_OFF = "There are no imports here: the stack's setting jobs is off"
SHA256 = re.compile(r"[0-9a-fA-F]{64}")
FIELDS = ("format", "bytes", "sha256", "name", "max_rejects")
REQUIRED = FIELDS[:2]


class Imports:
    """The operations `import`, `cancel` and `redrive`.

    Args:
        ledger: the table that keeps the jobs.
        appender: makes the ledger where there is none.
        settings: the bucket, and its region.
        make_deadline: gives each request the limit of its work on the table.
        now: the time in seconds since 1970.
    """

    def __init__(
        self,
        ledger: Ledger,
        appender: Appender,
        settings: Settings,
        make_deadline: Callable[[], Deadline],
        now: Callable[[], float] = time.time,
    ) -> None:
        self._jobs = JobTable(ledger.client, ledger.table_name, now)
        self._appender = appender
        self._settings = settings
        self._make_deadline = make_deadline
        self._now = now
        self._intake: Intake | None = None

    def operations(self) -> dict[str, Operation]:
        """Return the operations by name."""
        return {"import": self.create, "cancel": self.cancel, "redrive": self.redrive}

    def create(self, request: Request) -> Response:
        """POST /imports: make a job, and allow the upload of its file."""
        request.parameters(())
        if not self._settings.jobs_bucket:
            raise Problem("forbidden", ARE_OFF)
        asked = asked_of(request.json_object())
        deadline = self._make_deadline()
        self._appender.head(deadline)
        if self._intake is None:  # the client of S3 takes a tenth of a second: nothing that an insert should pay for
            bucket = Bucket(self._settings.jobs_bucket, self._settings.region)
            self._intake = Intake(self._jobs, bucket, self._now)
        job, upload = self._intake.accept(asked, deadline)
        content = {
            "job": job.answer(self._now()),
            "upload": {
                "method": "PUT",
                "url": upload.url,
                "headers": upload.headers,
                "expires_at": utc_text(job.upload_end_s),
            },
        }
        return json_response(201, content, {"location": f"/jobs/{job.id}"})

    def cancel(self, request: Request) -> Response:
        """DELETE /jobs/{id}: cancel a job. What is appended already stays."""

        def cancelled(job: Job) -> Job:
            if job.state == CANCELLED:
                return job
            if job.has_ended:
                raise Problem("conflict", f"The job has {job.state} already")
            return job.ended(CANCELLED, self._now())

        return job_response(200, self._change(request, cancelled), self._now())

    def redrive(self, request: Request) -> Response:
        """POST /jobs/{id}/redrive: let a job that failed, or was cancelled, go on."""

        def redriven(job: Job) -> Job:
            if job.state not in (FAILED, CANCELLED):
                raise Problem("conflict", f"Only a job that failed or was cancelled can be redriven; it is {job.state}")
            if job.phase == UPLOAD and not job.version:
                raise Problem("conflict", "No file came, and its upload is over: make another import")
            return job.redriven(RESUME if job.kind == IMPORT else START)

        request.json_object()
        return job_response(202, self._change(request, redriven), self._now())

    def _change(self, request: Request, change: Callable[[Job], Job]) -> Job:
        """Change a job, however often somebody else does meanwhile. Raises Problem: 404, 409, 503."""
        request.parameters(())
        job_id, deadline = request.path_parameters["id"], self._make_deadline()
        while deadline.leaves_an_attempt():
            job = self._jobs.get(job_id, deadline)
            if job is None:
                raise no_job(job_id)
            changed = change(job)
            try:
                return job if changed is job else self._jobs.save(changed, deadline)
            except JobChangedError:
                continue
        raise unavailable("The job changes too fast; ask again")


def asked_of(body: dict[str, object]) -> ImportOrder:
    """Return the import that a body asks for. Raises Problem (422) that names every wrong member."""
    errors = [field_error(name, body[name], f"only {', '.join(FIELDS)}") for name in body if name not in FIELDS]
    given = {name: value for name, value in body.items() if value is not None}
    for name, (is_right, allowed) in _RULES.items():
        if (name in given or name in REQUIRED) and not is_right(given.get(name)):
            errors.append(field_error(name, given.get(name), allowed))
    if errors:
        raise invalid("invalid-content", errors)
    return ImportOrder(
        format=str(given["format"]),
        size_bytes=cast("int", given["bytes"]),
        sha256=str(given.get("sha256", "")).lower(),
        name=str(given.get("name", "")),
        max_rejects=cast("int | None", given.get("max_rejects")),
    )


def _is_integer(got: object, least: int, most: int) -> bool:
    return isinstance(got, int) and not isinstance(got, bool) and least <= got <= most


def _is_name(got: object) -> bool:
    return isinstance(got, str) and got.isprintable() and len(got) <= MOST_NAME_CHARACTERS


_RULES: dict[str, tuple[Callable[[object], bool], str]] = {
    "format": (lambda got: got in FORMATS, " or ".join(FORMATS)),
    "bytes": (lambda got: _is_integer(got, 1, MOST_BYTES), f"the file's size, an integer from 1 to {MOST_BYTES}"),
    "sha256": (lambda got: isinstance(got, str) and bool(SHA256.fullmatch(got)), "64 hexadecimal digits"),
    "name": (_is_name, f"at most {MOST_NAME_CHARACTERS} printable characters"),
    "max_rejects": (lambda got: _is_integer(got, 0, 2**53), "an integer of 0 or more"),
}
