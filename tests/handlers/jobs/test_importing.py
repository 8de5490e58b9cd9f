"""Imports from their order to the rows in the ledger, by the worker as its queue calls it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

import pytest

from handlers.aws.bucket import BlockReader, Bucket, Uploaded
from handlers.domain.problem import Problem
from handlers.jobs.importing import Importing
from handlers.jobs.job_table import JobChangedError
from handlers.jobs.patience import Patience
from handlers.jobs.turns import MOST_STALLED, STALLED
from handlers.ledger.appender import Appender
from handlers.ledger.idempotency import Call
from tests.support.drafts import are_of
from tests.support.jobs.files import csv_file, drafts_of, ndjson_file
from tests.support.jobs.site import JobSite
from tests.support.meddling import no_time_limit


@pytest.mark.parametrize("file_format", ["csv", "ndjson"])
def test_the_rows_of_a_file_are_in_the_ledger_in_its_order(site: JobSite, file_format: str) -> None:
    content = {"csv": csv_file, "ndjson": ndjson_file}[file_format](1500)
    job, message = site.upload(content, format=file_format, sha256=hashlib.sha256(content).hexdigest(), name="march")
    site.finish(message)
    done = site.call("GET", f"/jobs/{job.id}").json["job"]
    assert (done["state"], done["rows"], done["rows_done"], done["rows_rejected"]) == ("succeeded", 1500, 1500, 0)
    assert (done["name"], done["attempts"], done["error"], done["rejects"]) == ("march", 1, None, [])
    assert are_of(site.rows(), drafts_of(1500))


def test_of_rows_that_are_refused_as_many_are_shown_as_the_jobs_item_holds(
    site: JobSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A character that is not ASCII takes six bytes of it."""
    monkeypatch.setattr("handlers.jobs.importing.MOST_REJECTS_BYTES", 20_000)
    wrong = "".join(json.dumps({f"{number}{'ü' * 300}": "ü" * 300}) + "\n" for number in range(150))
    job, message = site.upload(wrong.encode() + ndjson_file(1), format="ndjson")
    site.finish(message)
    done = site.job(job.id)
    assert (done.state, done.rows_done, done.rows_rejected) == ("succeeded", 1, 150)
    assert 10_000 < len(json.dumps(done.rejects)) <= 20_000
    assert [reject.line for reject in done.rejects] == list(range(1, len(done.rejects) + 1))
    assert max(len(reason) for reject in done.rejects for reason in reject.reasons) <= 200


def test_more_rows_refused_than_are_allowed_append_none(site: JobSite) -> None:
    job, message = site.upload(ndjson_file(2) + b'{"other": 1}\n', format="ndjson", max_rejects=0)
    site.finish(message)
    done = site.job(job.id)
    assert (done.state, done.rows, done.rows_done) == ("failed", 2, 0)
    assert done.error == "rows refused: 1, allowed: 0; nothing was appended"
    assert site.rows() == []


def test_rows_of_which_a_whole_chunk_is_refused_keep_no_other_from_the_ledger(site: JobSite) -> None:
    job, message = site.upload(b"7\n" * 1200 + ndjson_file(2), format="ndjson")
    site.finish(message)
    done = site.job(job.id)
    assert (done.state, done.rows_done, done.rows_rejected) == ("succeeded", 2, 1200)


def test_a_job_that_is_somebody_elses_by_now_does_not_fail(site: JobSite) -> None:
    job, _ = site.upload(csv_file(1))
    assert site.call("DELETE", f"/jobs/{job.id}").status == 200
    appender = Appender(site.ledger, lambda: 1, lambda _: None)
    importing = Importing(site.jobs, appender, Bucket(site.bucket, ""), site.now)
    wrong = replace(job, size_bytes=job.size_bytes + 1)
    with pytest.raises(JobChangedError):
        importing.go_on(wrong, Patience(site.now() + 60, site.now, site.now.sleep))
    assert site.job(job.id).state == "cancelled"


@pytest.mark.parametrize("is_known", [True, False], ids=["S3 knows it", "it is read"])
def test_a_checksum_is_held_against_the_declared_one(
    site: JobSite, monkeypatch: pytest.MonkeyPatch, is_known: bool
) -> None:
    content = csv_file(2)
    job, message = site.upload(content, sha256="0" * 64)
    found = hashlib.sha256(content).hexdigest()
    as_it_is = Bucket.uploaded

    def look(bucket: Bucket, key: str, version: str = "") -> Uploaded | None:
        uploaded = as_it_is(bucket, key, version)
        return uploaded and uploaded._replace(sha256=found if is_known else "")

    monkeypatch.setattr(Bucket, "uploaded", look)
    site.finish(message)
    assert site.job(job.id).error == f"the file's SHA-256 is {found}, declared was {'0' * 64}"


def test_a_file_that_is_too_large_for_its_checksum_in_a_turn_is_given_up(
    site: JobSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is read from its beginning in every turn: what is shown of it is no progress."""
    monkeypatch.setattr("handlers.jobs.importing.CHECKPOINT_S", 0.0)
    monkeypatch.setattr("handlers.jobs.importing.BLOCK_BYTES", 10)
    job, message = site.upload(csv_file(20), sha256="0" * 64)
    reads: list[int] = []
    as_it_is = BlockReader.read

    def read(reader: BlockReader, size_bytes: int) -> bytes:
        reads.append(size_bytes)
        return as_it_is(reader, size_bytes)

    monkeypatch.setattr(BlockReader, "read", read)
    monkeypatch.setattr(Patience, "is_over", property(lambda _: len(reads) > 3))
    waiting = [message]
    while waiting:
        reads.clear()
        assert site.deliver(waiting.pop())
        waiting += site.messages()
    assert (site.job(job.id).error, site.job(job.id).attempts) == (STALLED, MOST_STALLED + 1)


def test_a_file_whose_rows_read_differently_by_now_says_how_far_it_came(
    site: JobSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, message = site.upload(csv_file(3))
    appender = Appender(site.ledger, lambda: 1, lambda _: None, site.now)
    other = Call(f"job#{job.id}#0", "as the columns were", 60)
    appender.append(drafts_of(3), no_time_limit(), other)
    site.finish(message)
    said = "the columns have changed since this job began: 0 rows are in, up to line 0; import the rest as another file"
    assert (site.job(job.id).state, site.job(job.id).error) == ("failed", said)


def test_a_problem_that_does_not_pass_is_the_jobs_end(site: JobSite, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> object:
        raise Problem("other-columns", "The ledger's rows have other columns")

    monkeypatch.setattr(Appender, "append", refuse)
    job, message = site.upload(csv_file(2))
    site.finish(message)
    assert (site.job(job.id).state, site.job(job.id).error) == ("failed", "The ledger's rows have other columns")
