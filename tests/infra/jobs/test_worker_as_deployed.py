"""The worker's archive, in the emulator's own Lambda, called by the emulator's own event sources."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from archives.contents import contents_of
from archives.runtimes import DEFAULT
from archives.zipped import zip_bytes
from console.local.account.clients import make_clients
from console.local.account.stores import DEAD_LETTERS, JOBS, NOTIFICATIONS, Stores, arn_of, role_arn
from console.local.emulator import Emulator
from handlers.aws.bucket import Bucket
from handlers.aws.dynamodb import make_client
from handlers.aws.table import create_table_arguments
from handlers.jobs.intake import ImportOrder, Intake
from handlers.jobs.job import FAILED, RESUME, RUNNING, SUCCEEDED, WAITING, Job
from handlers.jobs.job_table import JobTable
from handlers.ledger.ledger import Ledger
from handlers.routes import WORKER
from infra.compute.archive import ROOT, entry_of, handler_of
from infra.jobs.work import ENDED_JOBS, NEW_EVENTS, ORDERS
from tests.faults.jobs.world import file_of
from tests.support.drafts import are_of
from tests.support.local.processes import PATIENCE_S, until
from tests.support.meddling import all_rows, appender, drafts, no_time_limit

ROWS = drafts(300)


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    with Emulator(tmp_path_factory.mktemp("deployed"), start_timeout_s=PATIENCE_S) as running:
        made = {**running.environment, "TABLE_NAME": "table", **Stores(running.environment).make()}
        tables, functions = make_clients(made, "dynamodb", "lambda")
        tables.create_table(**create_table_arguments("table"))
        deploy(functions, made)
        yield made


def deploy(functions: Any, account: Mapping[str, str]) -> None:
    """Make the function and its event sources."""
    functions.create_function(
        FunctionName=WORKER,
        Role=role_arn(WORKER),
        Runtime=DEFAULT,
        Handler=handler_of(WORKER),
        Timeout=60,
        Code={"ZipFile": zip_bytes(contents_of(entry_of(WORKER), ROOT, DEFAULT))},
        Environment={"Variables": dict(account)},
    )
    for queue in (JOBS, DEAD_LETTERS):
        functions.create_event_source_mapping(
            EventSourceArn=arn_of("sqs", account["AWS_REGION"], queue),
            FunctionName=WORKER,
            BatchSize=1,
            FunctionResponseTypes=["ReportBatchItemFailures"],
        )
    (tables,) = make_clients(account, "dynamodb")
    functions.create_event_source_mapping(
        EventSourceArn=tables.describe_table(TableName="table")["Table"]["LatestStreamArn"],
        FunctionName=WORKER,
        StartingPosition="TRIM_HORIZON",
        FilterCriteria={"Filters": [{"Pattern": pattern} for pattern in (ORDERS, ENDED_JOBS, NEW_EVENTS)]},
    )


@pytest.fixture(scope="module")
def told(account: Mapping[str, str]) -> Callable[[], list[dict[str, Any]]]:
    """Tells what the topic was told since the last look."""
    topics, queues = make_clients(account, "sns", "sqs")
    url = queues.create_queue(QueueName=NOTIFICATIONS)["QueueUrl"]
    topics.create_topic(Name=NOTIFICATIONS)
    queue_arn = arn_of("sqs", account["AWS_REGION"], NOTIFICATIONS)
    topics.subscribe(TopicArn=account["TOPIC_ARN"], Protocol="sqs", Endpoint=queue_arn)

    def look() -> list[dict[str, Any]]:
        found = queues.receive_message(QueueUrl=url, WaitTimeSeconds=1, MaxNumberOfMessages=10)
        return [json.loads(json.loads(message["Body"])["Message"]) for message in found.get("Messages", [])]

    return look


def test_a_job_that_was_ordered_to_go_on_is_done_and_told(
    account: Mapping[str, str], told: Callable[[], list[dict[str, Any]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file's arrival is a message of S3's, the order an item of the stream, and so is the end."""
    for name, value in account.items():
        monkeypatch.setenv(name, value)
    ledger = Ledger(make_client(account["AWS_REGION"]), "table")
    appender(ledger).head(no_time_limit())
    jobs, content = JobTable(ledger.client, "table"), file_of(ROWS)
    bucket = Bucket(account["JOBS_BUCKET"], account["AWS_REGION"])
    asked = ImportOrder("ndjson", len(content), "", "a file", None)
    job, upload = Intake(jobs, bucket).accept(asked, no_time_limit())
    failed = jobs.save(job.ended(FAILED, job.created_s + 1, "as told"), no_time_limit())
    request = urllib.request.Request(upload.url, content, dict(upload.headers), method="PUT")
    with urllib.request.urlopen(request) as answer:
        assert answer.status == 200

    jobs.save(failed.redriven(RESUME), no_time_limit())

    def found() -> Job:
        kept = jobs.get(job.id, no_time_limit())
        assert kept is not None
        return kept

    until(lambda: found().state not in (WAITING, RUNNING))
    assert (found().state, found().rows_done, found().error) == (SUCCEEDED, len(ROWS), "")
    assert are_of(all_rows(ledger), ROWS)
    events: list[str] = []

    def are_told() -> bool:
        events.extend(event["type"] for event in told())
        return {*events} == {"job.failed", "job.succeeded"}

    until(are_told)
