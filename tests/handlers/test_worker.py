"""The worker by its events; what becomes of jobs is tested in jobs/, and on bad days in tests/faults/jobs."""

from __future__ import annotations

import json
import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from handlers.aws.sdk import ServiceError
from handlers.aws.table import JOBS
from handlers.jobs.job import CANCELLED, RESUME, SUCCEEDED
from handlers.jobs.job_table import item_of
from handlers.ledger.ledger import Ledger
from handlers.worker import TELL_S, make_handler
from tests.support.api import Context
from tests.support.jobs.files import csv_file
from tests.support.jobs.site import NOW_S, JobSite, service
from tests.support.meddling import no_time_limit


@pytest.fixture
def site(ledger: Ledger, tmp_path: Path) -> JobSite:
    return JobSite(ledger, tmp_path)


def streamed(item: dict[str, Any] | None, partition: str = JOBS, number: str = "7") -> dict[str, Any]:
    """A record of the table's stream; without an item it tells of one that is gone."""
    change: dict[str, Any] = {"Keys": {"pk": {"S": partition}, "sk": {"N": "1"}}, "SequenceNumber": number}
    change |= {"ApproximateCreationDateTime": NOW_S} | ({} if item is None else {"NewImage": item})
    return {"eventSource": "aws:dynamodb", "dynamodb": change}


def failures(site: JobSite, *records: dict[str, Any]) -> list[str]:
    answer: Any = site.worker()({"Records": [*records]}, Context())
    return [each["itemIdentifier"] for each in answer["batchItemFailures"]]


@pytest.mark.parametrize("partition", [JOBS, "event"])
def test_what_the_table_forgets_asks_for_nothing(site: JobSite, partition: str) -> None:
    assert failures(site, streamed(None, partition)) == []


def test_an_order_in_the_stream_is_carried_out(site: JobSite) -> None:
    job = site.jobs.save(replace(site.order(csv_file(1)), order=RESUME), no_time_limit())
    assert failures(site, streamed(dict(item_of(job)))) == []
    assert site.messages() == [{"job": job.id, "turn": 0, "offset": 0}]
    assert site.job(job.id).order == ""


def test_a_job_that_ends_is_told_of_only_where_somebody_wants_to_hear_it(site: JobSite) -> None:
    job = site.order(csv_file(1))
    ended = [replace(job, state=state) for state in (SUCCEEDED, CANCELLED)]
    assert failures(site, *(streamed(dict(item_of(each))) for each in ended)) == []


def test_a_topic_that_is_away_is_tried_once_a_batch_and_orders_do_not_wait_for_it(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = JobSite(ledger, tmp_path, TOPIC_ARN="arn:aws:sns:eu-central-1:000000000000:topic")
    tried: list[int] = []

    def refuse(*_: object) -> None:
        tried.append(len(site.messages()))
        raise ServiceError("away")

    monkeypatch.setattr("handlers.events.delivery.Delivery.tell", refuse)
    ended = item_of(replace(site.order(csv_file(1)), state=SUCCEEDED))
    order = site.jobs.save(replace(site.order(csv_file(1)), order=RESUME), no_time_limit())
    records = [streamed(dict(ended), number="1"), streamed(dict(ended), number="2"), streamed(dict(item_of(order)))]
    assert failures(site, *records) == ["1", "2"]
    assert tried == [1]
    site.now.pass_s(TELL_S)
    assert failures(site, *records[:2]) == []
    assert tried == [1]


def test_an_event_in_the_stream_is_delivered(ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    delivered: list[object] = []

    def deliver(_: object, record: object) -> None:
        delivered.append(record)

    monkeypatch.setattr("handlers.events.delivery.Delivery.deliver", deliver)
    told = JobSite(ledger, tmp_path, TOPIC_ARN="arn:aws:sns:eu-central-1:000000000000:topic")
    record = streamed({"event": {"S": "{}"}}, "event")
    assert failures(told, record) == []
    assert delivered == [record]


def test_records_that_cannot_be_done_come_again_and_keep_no_other_from_it(site: JobSite) -> None:
    job, message = site.upload(csv_file(2))
    assert failures(site, streamed({}, number="8"), streamed({}, number="9")) == ["8", "9"]
    assert not site.deliver({"no": "message"})
    assert site.deliver(message)
    assert site.job(job.id).rows_done == 2


def test_the_clock_has_jobs_looked_after(site: JobSite) -> None:
    site.order(csv_file(1))
    assert site.worker()({"task": "sweep"}, Context()) == {"jobs": 1, "woken": 0, "failed": 0}


def test_the_clock_has_the_lake_written(ledger: Ledger, tmp_path: Path) -> None:
    bucket, s3 = f"lake-{uuid.uuid4()}", service("s3")
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": s3.meta.region_name})
    site = JobSite(ledger, tmp_path, LAKE_BUCKET=bucket)
    _, message = site.upload(csv_file(3))
    site.finish(message)
    answer = site.worker()({"task": "lake"}, Context())
    assert (answer["rows"], answer["pages"], answer["is_done"]) == (3, 1, True)


def test_another_task_is_refused_and_its_line_says_so(site: JobSite, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="task: got 'sing', allowed: sweep, lake"):
        site.worker()({"task": "sing"}, Context())
    line = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (line["task"], line["outcome"], line["level"]) == ("sing", "ValueError", "ERROR")


def test_the_worker_never_makes_a_ledger(site: JobSite, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command function makes it before it takes an import in; a table that lost it since is no new ledger."""
    monkeypatch.setattr("handlers.jobs.patience.LONGEST_PAUSE_S", 0.0)
    job, message = site.upload(csv_file(2))
    site.ledger.client.delete_item(TableName=site.ledger.table_name, Key={"pk": {"S": "head"}, "sk": {"N": "0"}})
    assert not site.deliver(message, remaining_s=36.0)
    assert site.ledger.head(no_time_limit()) is None
    assert site.job(job.id).state == "running"


def test_the_environment_makes_a_worker(site: JobSite) -> None:
    assert make_handler(site.environ)({"task": "sweep"}, Context()) == {"jobs": 0, "woken": 0, "failed": 0}
