"""The work of an import: the file's checksum, a look at every row, and then the rows, appended in the file's order.

Nothing is appended before all of the file was read once and could be. From then on each chunk of rows is an append
with a key of its own, so whoever does it again, after a crash or beside somebody else, finds that it is done.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import TYPE_CHECKING

from handlers.aws.bucket import BLOCK_BYTES, BlockReader, is_gone
from handlers.aws.dynamodb import Deadline
from handlers.aws.sdk import ServiceError
from handlers.domain.bookmark import Bookmark
from handlers.domain.problem import Problem
from handlers.imports.csv_rows import read_names
from handlers.imports.faults import FileFaultError
from handlers.imports.formats import CSV
from handlers.imports.lines import Position
from handlers.imports.rows import chunks, read_rows
from handlers.jobs.job import APPEND, CHECK, CHECKSUM, FAILED, KEEP_S, MOST_REJECTS, SUCCEEDED, UPLOAD, Reject
from handlers.jobs.job_table import JobChangedError
from handlers.jobs.messages import object_key
from handlers.jobs.patience import may_pass
from handlers.ledger.appender import OtherEpochError
from handlers.ledger.idempotency import Call
from handlers.rows import MODEL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from handlers.aws.bucket import Bucket, Uploaded
    from handlers.imports.read_row import ReadRow
    from handlers.imports.rows import Chunk
    from handlers.jobs.job import Job
    from handlers.jobs.job_table import JobTable
    from handlers.jobs.patience import Patience
    from handlers.ledger.appender import Appender
    from handlers.model.model import Draft

CHECKPOINT_S = 2.0
MOST_REASONS, MOST_REASON_CHARACTERS = 5, 200
MOST_REJECTS_BYTES = 200_000  # of those that are shown, as JSON: an item of the table holds 400 KB
GONE = "the file is not there any more"


class ImportFailedError(Exception):
    """An import cannot succeed; the message says why."""


class Importing:
    """Does imports, a bounded while at a time.

    Args:
        jobs: where they stand, and how far they are.
        appender: appends to the ledger.
        bucket: has the files.
        now: the time in seconds since 1970.
    """

    def __init__(self, jobs: JobTable, appender: Appender, bucket: Bucket, now: Callable[[], float]) -> None:
        self._jobs = jobs
        self._appender = appender
        self._bucket = bucket
        self._now = now

    def go_on(self, job: Job, patience: Patience) -> Job:
        """Work on a job until it has ended, or there is no time left. Returns it as it was saved.

        Raises:
            JobChangedError: somebody else has saved it: it was cancelled, or taken over.
            Problem, ServiceError: something is away for longer than there is time.
        """
        try:
            return self._steps(job, patience)
        except (ImportFailedError, FileFaultError) as error:
            return self._fail(job, str(error), patience)
        except ServiceError as error:
            if is_gone(error):
                return self._fail(job, GONE, patience)
            raise
        except Problem as problem:
            if may_pass(problem):
                raise
            return self._fail(job, problem.detail, patience)

    def _fail(self, job: Job, reason: str, patience: Patience) -> Job:
        """End a job that has failed, as far as it came, unless it is somebody else's by now."""
        latest = patience.ask(lambda: self._jobs.get(job.id, Deadline()))
        if latest is None or not latest.is_same_attempt(job):
            raise JobChangedError(job)
        return self._save(latest.ended(FAILED, self._now(), reason), patience)

    def _steps(self, job: Job, patience: Patience) -> Job:
        uploaded = patience.ask(lambda: self._bucket.uploaded(object_key(job.id), job.version))
        if uploaded is None:
            raise ImportFailedError(GONE)
        if uploaded.size_bytes != job.size_bytes:
            raise ImportFailedError(f"the file has {uploaded.size_bytes} bytes, declared were {job.size_bytes}")
        job = replace(job, version=uploaded.version)
        while not job.has_ended and not patience.is_over:
            if job.phase == UPLOAD:
                job = self._save(job.in_phase(CHECKSUM if job.sha256 else CHECK, self._now()), patience)
            elif job.phase == CHECKSUM:
                job = self._check_sum(job, uploaded, patience)
            elif job.phase == CHECK:
                job = self._check_rows(job, uploaded, patience)
            else:
                job = self._append_rows(job, uploaded, patience)
        return job

    def _check_sum(self, job: Job, uploaded: Uploaded, patience: Patience) -> Job:
        """Hold the file's checksum, as S3 has it or else as it is read, all at once, against the declared one."""
        digest = uploaded.sha256
        if not digest:
            job, digest = self._sum_up(job, uploaded, patience)
        if not digest:
            return job
        if digest != job.sha256:
            raise ImportFailedError(f"the file's SHA-256 is {digest}, declared was {job.sha256}")
        return self._save(job.in_phase(CHECK, self._now()), patience)

    def _sum_up(self, job: Job, uploaded: Uploaded, patience: Patience) -> tuple[Job, str]:
        """Read the file for its checksum; "" where the time did not suffice: another turn begins anew."""
        digest, reader = hashlib.sha256(), self._reader(job, uploaded, patience)
        done_bytes, saved_s = 0, self._now()
        while block := reader.read(BLOCK_BYTES):
            if patience.is_over:
                return job, ""
            digest.update(block)
            done_bytes += len(block)
            if self._now() - saved_s >= CHECKPOINT_S:
                job, saved_s = self._note(replace(job, done_bytes=done_bytes), patience), self._now()
        return job, digest.hexdigest()

    def _check_rows(self, job: Job, uploaded: Uploaded, patience: Patience) -> Job:
        if job.format == CSV and not job.columns:
            job = replace(job, columns=read_names(self._reader(job, uploaded, patience)))
        saved_s = self._now()
        for chunk in self._chunks(job, uploaded, patience):
            job = replace(
                _after(job, chunk),
                rows=(job.rows or 0) + len(chunk.drafts),
                rows_rejected=job.rows_rejected + len(chunk.refused),
                rejects=_shown(job, chunk.refused),
            )
            if patience.is_over:
                return self._save(job, patience)
            if self._now() - saved_s >= CHECKPOINT_S:
                job, saved_s = self._save(job, patience), self._now()
        job = self._save(job, patience)
        _check_rejects(job)
        return self._save(job.in_phase(APPEND, self._now()), patience)

    def _append_rows(self, job: Job, uploaded: Uploaded, patience: Patience) -> Job:
        saved_s = self._now()
        for chunk in self._chunks(job, uploaded, patience):
            if chunk.drafts:
                job = self._append(job, chunk.drafts, patience)
            job = replace(_after(job, chunk), chunk=job.chunk + 1)
            if patience.is_over or self._now() - saved_s >= CHECKPOINT_S:
                job, saved_s = self._save(job, patience), self._now()
            if patience.is_over:
                return job
        return self._save(job.ended(SUCCEEDED, self._now()), patience)

    def _append(self, job: Job, drafts: Sequence[Draft], patience: Patience) -> Job:
        """Append a chunk, once, whoever else does it too."""
        meaning = json.dumps([MODEL.meaning(draft) for draft in drafts], sort_keys=True)
        digest = hashlib.blake2b(meaning.encode(), digest_size=16).hexdigest()
        epoch = job.epoch or patience.ask(lambda: self._appender.head(Deadline())).epoch
        call = Call(f"job#{job.id}#{job.chunk}", digest, KEEP_S, epoch)
        try:
            bookmark: Bookmark = patience.ask(lambda: self._appender.append(drafts, Deadline(), call)).bookmark
        except OtherEpochError as error:
            said = f"the ledger has left epoch {epoch} for {error.epoch}; redrive it to append what that one lacks"
            raise ImportFailedError(said) from None
        except Problem as problem:
            if problem.kind != "conflict" or may_pass(problem):
                raise
            said = f"the columns have changed since this job began: {job.rows_done} rows are in, up to line {job.line}"
            raise ImportFailedError(f"{said}; import the rest as another file") from None
        return replace(job, epoch=epoch, rows_done=job.rows_done + len(drafts), bookmark=str(bookmark))

    def _chunks(self, job: Job, uploaded: Uploaded, patience: Patience) -> Iterator[Chunk]:
        reader = self._reader(job, uploaded, patience, job.done_bytes)
        names = job.columns if job.done_bytes else ()
        return chunks(read_rows(reader, job.format, MODEL, Position(job.done_bytes, job.line), names))

    def _reader(self, job: Job, uploaded: Uploaded, patience: Patience, offset: int = 0) -> BlockReader:
        return BlockReader(self._bucket, object_key(job.id), uploaded, patience.ask, offset)

    def _save(self, job: Job, patience: Patience) -> Job:
        """Save a job that has come forward."""
        return self._note(replace(job, stalled=0), patience)

    def _note(self, job: Job, patience: Patience) -> Job:
        """Save a job that shows how far it is."""
        return patience.ask(lambda: self._jobs.save(job, Deadline()))


def _after(job: Job, chunk: Chunk) -> Job:
    return replace(job, done_bytes=chunk.end.offset_bytes, line=chunk.end.lines)


def _shown(job: Job, refused: Sequence[ReadRow]) -> tuple[Reject, ...]:
    """Return the rows that are shown once these are refused too: the first ones, as many as the job's item holds."""
    shown = [*job.rejects]
    if len(shown) < job.rows_rejected:  # it is full
        return job.rejects
    size_bytes = len(json.dumps(shown))
    for row in refused[: MOST_REJECTS - len(shown)]:
        reject = Reject(row.line, tuple(text[:MOST_REASON_CHARACTERS] for text in row.reasons[:MOST_REASONS]))
        size_bytes += len(json.dumps(reject)) + 2
        if size_bytes > MOST_REJECTS_BYTES:
            break
        shown.append(reject)
    return tuple(shown)


def _check_rejects(job: Job) -> None:
    """Raise ImportFailedError where too many rows were refused, or none is left."""
    if job.max_rejects is not None and job.rows_rejected > job.max_rejects:
        said = f"rows refused: {job.rows_rejected}, allowed: {job.max_rejects}; nothing was appended"
        raise ImportFailedError(said)
    if not job.rows:
        raise ImportFailedError("every row of the file is refused" if job.rows_rejected else "the file has no rows")
