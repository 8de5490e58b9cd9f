"""The import of a file by upload: checked here, put into S3 as NDJSON, imported by a job that is watched."""

from __future__ import annotations

import contextlib
import hashlib
import json
import time
from collections.abc import Generator
from dataclasses import dataclass, replace
from pathlib import Path

from console import terminal
from console.client.client import Client
from console.client.health import ask_health
from console.client.snapshots import ledger_head
from console.errors import INTERRUPTED, ConsoleError
from console.imports.checking import Checker
from console.imports.importing import ADVANCED_EVERY, Imported, ImportPlan, check_file, known_of
from console.imports.state import LOOK_HINT, ImportState, StateFile, identity_of, undecided
from console.jobs.calls import NOT_FOUND, ApiJob, ask_job, cancel_job, job_of
from console.jobs.upload import send_file, upload_of
from console.jobs.watching import check_success, failure_of, watch_job
from console.wording import are, rows, visible
from handlers.domain.bookmark import Bookmark
from handlers.imports.formats import NDJSON
from handlers.jobs.job import APPEND, CANCELLED, FAILED, MOST_BYTES, MOST_NAME_CHARACTERS, SUCCEEDED, UPLOAD

SPLIT_HINT = "split the file, with the first line of a CSV in each part, or leave out --via-s3"


@dataclass(frozen=True)
class Written:
    """The rows of a file as they are uploaded."""

    path: Path
    size_bytes: int
    sha256: str


class Uploading:
    """The import of one file by a job.

    Args:
        command: the command line, which goes on where it was cut short.
    """

    def __init__(self, plan: ImportPlan, client: Client, command: str) -> None:
        self._plan = plan
        self._client = client
        self._command = command
        self._digest = plan.source.digest()
        self._file = StateFile(self._digest, client.url)

    def run(self, *, again: bool) -> Imported:
        """Import the file, or watch the job that does.

        Args:
            again: import a file that is in once more.

        Raises:
            ConsoleError: the file cannot be read, or the job has not succeeded.
        """
        plan, began_s = self._plan, time.monotonic()
        head = ledger_head(ask_health(self._client, "/command/health")).bookmark
        identity = identity_of(self._digest, plan.mapping, plan.model)
        new = ImportState(identity, str(plan.file), self._client.url, head.epoch, str(head), time.time())
        state = _state(self._file.load(), new, head, again=again)
        job = self._under_way(state, again=again) if state.job and not state.is_complete else None
        if job is not None and job.state == SUCCEEDED:
            state = self._keep(state, job)
        if state.is_complete:
            return known_of(plan, state)
        checked = None
        if job is None:
            checked = check_file(plan)
            if checked.rejected > plan.max_rejects or not checked.rows:
                return checked
            state = self._hand_over(new, checked)
        else:
            terminal.messages().print(f"job {job.id} is at work on it")
        ended = watch_job(self._client, state.job)
        check_success(self._client, ended)
        return self._imported(checked, self._keep(state, ended), time.monotonic() - began_s)

    def _under_way(self, state: ImportState, *, again: bool) -> ApiJob | None:
        """Return the job that has the file; None where none of its rows is in, and none will be.

        Raises ConsoleError where rows are in and the job does not go on by itself.
        """
        job = self._found(state)
        if job is None and again:
            return None
        if job is None:
            raise ConsoleError(f"{state.file} was handed to job {state.job}, which is forgotten", LOOK_HINT)
        if not job.has_ended and job.text("phase") == UPLOAD:
            job = cancel_job(self._client, job.id)  # from here on nothing that arrives late is imported
        if job.state not in (FAILED, CANCELLED):
            return job
        if again or job.text("phase") != APPEND:
            return None
        raise failure_of(self._client, job)

    def _found(self, state: ImportState) -> ApiJob | None:
        try:
            return ask_job(self._client, state.job)
        except ConsoleError as error:
            if error.status == NOT_FOUND:
                return None
            raise

    def _hand_over(self, new: ImportState, checked: Imported) -> ImportState:
        """Upload the rows for a new job. Returns the state with it."""
        try:
            with self._written(checked.rows) as written:
                content = {
                    "format": NDJSON,
                    "bytes": written.size_bytes,
                    "sha256": written.sha256,
                    "name": visible(self._plan.file.name)[:MOST_NAME_CHARACTERS],
                    "max_rejects": 0,
                }
                response = self._client.post("/imports", content)
                upload = upload_of(response)
                state = self._file.save(replace(new, job=job_of(response).id, rejected=checked.rejected))
                with terminal.progress("upload", written.size_bytes, unit="bytes") as advance:
                    send_file(written.path, upload, advance, self._command)
        except KeyboardInterrupt as error:
            raise ConsoleError("interrupted; nothing is in", self._command, INTERRUPTED) from error
        return state

    @contextlib.contextmanager
    def _written(self, count: int) -> Generator[Written]:
        """Write the rows that are right to a file, which is there for a while. Raises ConsoleError."""
        plan, path = self._plan, self._file.path.with_suffix(".ndjson")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with terminal.progress("write", count, is_kept=False) as advance:
                digest = _write(plan, path, advance)
            plan.source.check_unchanged()
            yield Written(path, path.stat().st_size, digest)
        except OSError as error:
            raise ConsoleError(f"{path} cannot be written: {error}", "name another folder in LOCAL_DIR") from error
        finally:
            if path.is_file():
                path.unlink()

    def _keep(self, state: ImportState, job: ApiJob) -> ImportState:
        """Remember that the file is in."""
        try:
            bookmark = Bookmark.parse(job.text("bookmark"))
        except ValueError as error:
            message = f"job {job.id} has succeeded, but names no bookmark"
            raise ConsoleError(message, "check --url: is it the address of this API?") from error
        done = replace(state, rows=job.count("rows_done"), bookmark=str(bookmark), epoch=bookmark.epoch)
        return self._file.save(replace(done, is_complete=True))

    def _imported(self, checked: Imported | None, state: ImportState, seconds: float) -> Imported:
        outcome = checked or known_of(self._plan, state)
        return replace(
            outcome,
            rows=state.rows,
            inserted=state.rows,
            known=0,
            bookmark=state.bookmark,
            seconds=seconds,
            job=state.job,
        )


def _state(found: ImportState | None, new: ImportState, head: Bookmark, *, again: bool) -> ImportState:
    """Return the state to go on from: that of a job, or of a file that is in, or a new one.

    Raises ConsoleError where rows of the file are in, or may be, and it cannot go on from there.
    """
    is_other = found is not None and found.identity != new.identity
    if found is None or (again and (found.is_complete or not found.job or is_other)):
        return new
    if is_other or (found.is_complete and found.epoch != head.epoch):
        raise undecided(found, new, head)
    if found.is_complete or found.job:
        return found
    message = f"{rows(found.rows)} of {found.file} {are(found.rows)} in already, sent without --via-s3"
    raise ConsoleError(message, "the same command without --via-s3 goes on with it")


def _write(plan: ImportPlan, path: Path, advance: terminal.Advance) -> str:
    """Write the rows that are right, an object a line. Returns the SHA-256 of the file.

    Raises ConsoleError where they take more than one upload may have.
    """
    digest, count, size_bytes = hashlib.sha256(), 0, 0
    with path.open("wb") as file:
        for checked in Checker(plan.source, plan.mapping, plan.model).rows():
            if checked.draft is None:
                continue
            fields = plan.model.draft_fields(checked.draft)
            line = json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
            size_bytes += len(line)
            if size_bytes > MOST_BYTES:
                most = f"{MOST_BYTES / 2**30:g} GiB"
                raise ConsoleError(f"the rows of {plan.file} take more than {most}, the most of one upload", SPLIT_HINT)
            digest.update(line)
            file.write(line)
            count += 1
            if count % ADVANCED_EVERY == 0:
                advance(ADVANCED_EVERY)
    return digest.hexdigest()
