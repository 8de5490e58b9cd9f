"""POST /imports, DELETE /jobs/{id}, POST /jobs/{id}/redrive; GET /jobs and GET /jobs/{id}."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from handlers.jobs.job import CANCELLED, FAILED, MOST_BYTES, RESUME, SUCCEEDED, WAITING, Job, Reject
from handlers.ledger.ledger import Ledger
from tests.support.jobs.site import NOW_S, JobSite
from tests.support.meddling import no_time_limit

ORDER: dict[str, object] = {"format": "csv", "bytes": 10}


@pytest.fixture
def site(ledger: Ledger, tmp_path: Path) -> JobSite:
    return JobSite(ledger, tmp_path)


def save(site: JobSite, job: Job, **changes: Any) -> Job:
    return site.jobs.save(replace(job, **changes), no_time_limit())


def test_an_order_is_answered_with_a_job_and_the_one_request_that_puts_its_file(site: JobSite) -> None:
    digest = hashlib.sha256(b"content").hexdigest()
    answer = site.call("POST", "/imports", {**ORDER, "sha256": digest.upper(), "name": "march", "max_rejects": 0})
    job, upload = answer.json["job"], answer.json["upload"]
    assert (answer.status, answer.headers["location"]) == (201, f"/jobs/{job['id']}")
    assert (job["kind"], job["state"], job["phase"], job["name"]) == ("import", "waiting", "upload", "march")
    assert (job["format"], job["bytes"], job["sha256"], job["max_rejects"]) == ("csv", 10, digest, 0)
    query = parse_qs(urlsplit(str(upload["url"])).query)
    assert query["X-Amz-Expires"] == ["3600"]
    assert query["X-Amz-SignedHeaders"] == ["content-length;host;x-amz-checksum-sha256"]
    checksum = base64.b64encode(hashlib.sha256(b"content").digest()).decode()
    assert upload["headers"] == {"content-length": "10", "x-amz-checksum-sha256": checksum}
    assert upload["method"] == "PUT"
    assert site.job(job["id"]).upload_end_s == NOW_S + 3600


def test_without_a_checksum_any_content_of_that_size_is_taken(site: JobSite) -> None:
    upload = site.call("POST", "/imports", ORDER).json["upload"]
    assert upload["headers"] == {"content-length": "10"}


def test_where_jobs_are_off_there_are_no_imports(ledger: Ledger, tmp_path: Path) -> None:
    site = JobSite(ledger, tmp_path, JOBS_BUCKET="")
    answer = site.call("POST", "/imports", ORDER)
    assert (answer.status, "setting jobs" in answer.json["detail"]) == (403, True)
    assert site.call("GET", "/jobs").json == {"jobs": [], "next": None}


@pytest.mark.parametrize(
    ("changes", "field", "allowed"),
    [
        ({"format": None}, "format", "csv or ndjson"),
        ({"format": "xml"}, "format", "csv or ndjson"),
        ({"format": ["csv"]}, "format", "csv or ndjson"),
        ({"bytes": None}, "bytes", f"the file's size, an integer from 1 to {MOST_BYTES}"),
        ({"bytes": 0}, "bytes", f"the file's size, an integer from 1 to {MOST_BYTES}"),
        ({"bytes": MOST_BYTES + 1}, "bytes", f"the file's size, an integer from 1 to {MOST_BYTES}"),
        ({"bytes": True}, "bytes", f"the file's size, an integer from 1 to {MOST_BYTES}"),
        ({"bytes": 1.0}, "bytes", f"the file's size, an integer from 1 to {MOST_BYTES}"),
        ({"sha256": "12"}, "sha256", "64 hexadecimal digits"),
        ({"sha256": 12}, "sha256", "64 hexadecimal digits"),
        ({"name": "a\nb"}, "name", "at most 200 printable characters"),
        ({"name": "a" * 201}, "name", "at most 200 printable characters"),
        ({"name": 1}, "name", "at most 200 printable characters"),
        ({"max_rejects": -1}, "max_rejects", "an integer of 0 or more"),
        ({"max_rejects": True}, "max_rejects", "an integer of 0 or more"),
        ({"more": 1}, "more", "only format, bytes, sha256, name, max_rejects"),
    ],
)
def test_an_order_that_is_wrong_is_told_every_member_that_is(
    site: JobSite, changes: dict[str, object], field: str, allowed: str
) -> None:
    answer = site.call("POST", "/imports", {**ORDER, **changes})
    assert (answer.status, [(each["field"], each["allowed"]) for each in answer.json["errors"]]) == (
        422,
        [(field, allowed)],
    )


def test_several_wrong_members_are_told_at_once(site: JobSite) -> None:
    errors = site.call("POST", "/imports", {"sha256": "x", "other": 1}).json["errors"]
    assert {each["field"] for each in errors} == {"format", "bytes", "sha256", "other"}


def test_a_job_is_cancelled_once_and_stays_so(site: JobSite) -> None:
    job = site.order(b"content")
    answers = [site.call("DELETE", f"/jobs/{job.id}") for _ in range(2)]
    assert [(answer.status, answer.json["job"]["state"]) for answer in answers] == [(200, "cancelled")] * 2
    assert answers[0].json == answers[1].json
    assert "location" not in answers[0].headers


@pytest.mark.parametrize("state", [SUCCEEDED, FAILED])
def test_a_job_that_has_ended_is_not_cancelled(site: JobSite, state: str) -> None:
    job = save(site, site.order(b"content"), state=state)
    answer = site.call("DELETE", f"/jobs/{job.id}")
    assert (answer.status, answer.json["detail"]) == (409, f"The job has {state} already")


@pytest.mark.parametrize("state", [FAILED, CANCELLED])
def test_a_job_that_ended_early_waits_again_and_says_so_to_the_worker(site: JobSite, state: str) -> None:
    job = save(site, site.order(b"content"), state=state, phase="append", error="no", turn=3, stalled=5, chunk=2)
    answer = site.call("POST", f"/jobs/{job.id}/redrive")
    assert (answer.status, answer.headers["location"]) == (202, f"/jobs/{job.id}")
    again = site.job(job.id)
    assert (again.state, again.order, again.error, again.turn) == (WAITING, RESUME, "", 4)
    assert (again.stalled, again.chunk, again.ended_s) == (0, 0, 0.0)


def test_a_rebuild_that_failed_is_started_again(site: JobSite) -> None:
    job = save(site, site.order(b"content"), state=FAILED, kind="rebuild", phase="build")
    assert site.call("POST", f"/jobs/{job.id}/redrive").status == 202
    assert site.job(job.id).order == "start"


@pytest.mark.parametrize(
    ("changes", "detail"),
    [
        ({}, "Only a job that failed or was cancelled can be redriven; it is waiting"),
        ({"state": FAILED, "phase": "upload"}, "No file came, and its upload is over: make another import"),
    ],
)
def test_no_other_job_is_redriven(site: JobSite, changes: dict[str, str], detail: str) -> None:
    job = save(site, site.order(b"content"), **changes)
    answer = site.call("POST", f"/jobs/{job.id}/redrive")
    assert (answer.status, answer.json["detail"]) == (409, detail)


@pytest.mark.parametrize("method", ["DELETE", "GET"])
@pytest.mark.parametrize("job_id", ["0" * 26, "no-id", "7ZZZZZZZZZZZZZZZZZZZZZZZZZ"])
def test_there_is_no_job_by_another_id(site: JobSite, method: str, job_id: str) -> None:
    answer = site.call(method, f"/jobs/{job_id}")
    assert (answer.status, answer.json["detail"]) == (404, f"There is no job {job_id}")


def test_a_job_that_is_changed_meanwhile_is_looked_at_again(site: JobSite, monkeypatch: pytest.MonkeyPatch) -> None:
    job = site.order(b"content")
    save_as_it_is = site.jobs.save

    def meddle(self: object, wanted: Job, deadline: Any) -> Job:
        monkeypatch.undo()
        save(site, site.job(job.id), rows_done=7)
        return save_as_it_is(wanted, deadline)

    monkeypatch.setattr("handlers.jobs.job_table.JobTable.save", meddle)
    cancelled = site.call("DELETE", f"/jobs/{job.id}").json["job"]
    assert (cancelled["state"], cancelled["rows_done"]) == ("cancelled", 7)


def test_a_job_that_never_stands_still_is_left_for_another_request(
    site: JobSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = site.order(b"content")
    looks = iter([True, False])

    def has_time(_: object) -> bool:
        return next(looks)

    def find(*_: object) -> Job:
        return job

    def fail(*_: object) -> bool:
        return False

    monkeypatch.setattr("handlers.aws.dynamodb.Deadline.leaves_an_attempt", has_time)
    monkeypatch.setattr("handlers.jobs.job_table.JobTable.get", find)
    monkeypatch.setattr("handlers.jobs.job_table.write_if", fail)
    answer = site.call("DELETE", f"/jobs/{job.id}")
    assert (answer.status, answer.headers["retry-after"]) == (503, "1")


def test_jobs_are_listed_newest_first_page_by_page_and_by_state(site: JobSite) -> None:
    jobs = [site.order(b"content") for _ in range(3)]
    save(site, jobs[1], state=FAILED)
    ids = sorted((job.id for job in jobs), reverse=True)
    first = site.call("GET", "/jobs", raw_query="limit=2").json
    assert ([job["id"] for job in first["jobs"]], first["next"]) == (ids[:2], ids[1])
    rest = site.call("GET", "/jobs", raw_query=f"limit=2&cursor={first['next']}").json
    assert ([job["id"] for job in rest["jobs"]], rest["next"]) == (ids[2:], None)
    failed = site.call("GET", "/jobs", raw_query="state=failed").json["jobs"]
    assert [job["id"] for job in failed] == [jobs[1].id]
    assert "rejects" not in failed[0]


def test_wrong_parameters_of_the_list_are_told_at_once(site: JobSite) -> None:
    answer = site.call("GET", "/jobs", raw_query="limit=0&cursor=x&state=done&other=1")
    assert answer.status == 400
    assert {error["field"] for error in answer.json["errors"]} == {"limit", "cursor", "state", "other"}


def test_a_job_alone_is_shown_with_the_rows_that_were_refused(site: JobSite) -> None:
    job = save(site, site.order(b"content"), rows_rejected=1, rejects=(Reject(3, ("value: got 1, allowed: 2",)),))
    shown = site.call("GET", f"/jobs/{job.id}").json["job"]
    assert (shown["rows_rejected"], shown["rejects"]) == (1, [{"line": 3, "reasons": ["value: got 1, allowed: 2"]}])
