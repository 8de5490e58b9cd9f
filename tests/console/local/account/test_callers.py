"""All that calls the functions in AWS calls them here: queues, the table's stream, the clock and the state machine."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable, Mapping
from typing import Any, cast

import pytest

from console.local import stream
from console.local.account import callers
from console.local.account.callers import call_worker, is_for_the_worker
from console.local.account.clients import make_clients
from console.local.account.stores import DEAD_LETTERS, JOBS, arn_of
from console.local.function import FunctionFailed
from handlers.aws.table import EVENTS, create_table_arguments
from handlers.jobs.job import IMPORT, RESUME, STATES, SUCCEEDED, Job
from handlers.jobs.job_table import item_of
from handlers.routes import PROJECTOR, WORKER
from infra.jobs.work import ENDED_JOBS, MOST_AT_ONCE, NEW_EVENTS, ORDERS
from tests.support.local.processes import PATIENCE_S

Event = dict[str, Any]


def job(state: str = "waiting", order: str = "") -> Job:
    return Job(id="01HF7YAT00ABCDEFGHJKMNPQRS", kind=IMPORT, created_s=1_700_000_000.0, state=state, order=order)


def record_of(item: Mapping[str, Any], name: str) -> Event:
    """A record of the stream; what was deleted has no new image."""
    change = {"Keys": {"pk": item["pk"], "sk": item["sk"]}, **({} if name == "REMOVE" else {"NewImage": item})}
    return {"eventName": name, "eventSource": "aws:dynamodb", "dynamodb": change}


@pytest.mark.parametrize("name", ["INSERT", "MODIFY", "REMOVE"])
@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("order", ["", RESUME])
def test_the_worker_gets_the_jobs_that_it_gets_as_deployed(state: str, order: str, name: str) -> None:
    record = record_of(item_of(job(state, order)), name)
    is_wanted = name != "REMOVE" and (bool(order) or state in ("succeeded", "failed"))
    assert (is_for_the_worker(record), is_let_through(record)) == (is_wanted, is_wanted)


@pytest.mark.parametrize("name", ["INSERT", "MODIFY", "REMOVE"])
@pytest.mark.parametrize("partition", [EVENTS, "head"])
def test_the_worker_gets_new_events_and_no_others_as_it_does_deployed(partition: str, name: str) -> None:
    record = record_of({"pk": {"S": partition}, "sk": {"N": "1"}}, name)
    is_wanted = (partition, name) == (EVENTS, "INSERT")
    assert (is_for_the_worker(record), is_let_through(record)) == (is_wanted, is_wanted)


def is_let_through(record: Event) -> bool:
    """Tell whether the stack's own filters let a record through: any of them is enough."""
    return any(fits(json.loads(pattern), record) for pattern in (ORDERS, ENDED_JOBS, NEW_EVENTS))


def fits(pattern: Any, value: Any) -> bool:
    """Match as Lambda does: all members of an object, and one of the texts in a list, or anything that exists."""
    if isinstance(pattern, dict):
        members, found = cast("dict[str, Any]", pattern), cast("dict[str, Any]", value or {})
        return all(fits(each, found.get(name)) for name, each in members.items())
    return value in pattern or (value is not None and {"exists": True} in pattern)


class Called:
    """The functions: what they got, by what called them; the first message fails."""

    def __init__(self) -> None:
        self.got: dict[str, list[Event]] = {}

    async def work(self, event: Event) -> object:
        records = event.get("Records", [{}])
        self.note(records[0].get("eventSourceARN") or records[0].get("eventSource") or event["task"], event)
        if len(self.messages()) == 1 and records[0].get("eventSource") == "aws:sqs":
            raise FunctionFailed("KeyError: a defect")
        return {"batchItemFailures": []}

    async def project(self, event: Event) -> object:
        self.note(event["step"], event)
        return {"state": SUCCEEDED}

    def note(self, caller: str, event: Event) -> None:
        self.got.setdefault(caller, []).append(event)

    def messages(self) -> list[Event]:
        return [
            record
            for name, events in self.got.items()
            if ":sqs:" in name
            for event in events
            for record in event["Records"]
        ]

    def came_again(self) -> bool:
        ids = [message["messageId"] for message in self.messages()]
        return len(ids) > len({*ids}) > 1


async def until(there: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not there():
            await asyncio.sleep(0.01)


async def called_by(account: Mapping[str, str]) -> Called:
    """Let everything call until it has."""
    queues, machines, tables, topics = make_clients(account, "sqs", "stepfunctions", "dynamodb", "sns")
    tables.create_table(**create_table_arguments(account["TABLE_NAME"]))
    called = Called()
    calling = asyncio.create_task(call_worker(account, {WORKER: called.work, PROJECTOR: called.project}))
    await until(lambda: "sweep" in called.got or calling.done())
    await asyncio.to_thread(tables.put_item, TableName=account["TABLE_NAME"], Item=item_of(job(order=RESUME)))
    queue = account["JOBS_QUEUE_URL"]
    messages = [{"Id": str(number), "MessageBody": json.dumps({"number": number})} for number in range(2)]
    await asyncio.to_thread(queues.send_message_batch, QueueUrl=queue, Entries=messages)
    asked = {"stateMachineArn": account["REBUILD_MACHINE_ARN"], "input": json.dumps({"job": "ID"})}
    await asyncio.to_thread(machines.start_execution, **asked)
    await asyncio.to_thread(topics.publish, TopicArn=account["TOPIC_ARN"], Message="told")
    await until(lambda: {"check", "aws:dynamodb", "lake"} <= {*called.got} and called.came_again())
    calling.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await calling
    return called


def test_everything_calls_the_functions_of_this_stack(
    account: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "POLL_S", 0.01)
    monkeypatch.setattr(callers, "FIRST_S", 0.0)
    (queues,) = make_clients(account, "sqs")
    queues.set_queue_attributes(QueueUrl=account["JOBS_QUEUE_URL"], Attributes={"VisibilityTimeout": "1"})
    called = asyncio.run(called_by(account))
    (functions,) = make_clients(account, "lambda")
    made = functions.list_event_source_mappings()["EventSourceMappings"]
    limits = {each["EventSourceArn"].rpartition(":")[2]: each.get("ScalingConfig") for each in made}
    assert limits == {JOBS: {"MaximumConcurrency": MOST_AT_ONCE}, DEAD_LETTERS: None}  # as deployed
    bodies = [json.loads(message["body"]) for message in called.messages()]
    assert {body["number"] for body in bodies if "number" in body} == {0, 1}
    assert {len(event["Records"]) for event in called.got[arn_of("sqs", "local", JOBS)]} == {1}
    assert called.got["check"][0]["job"] == "ID"
    (ordered,) = called.got["aws:dynamodb"][0]["Records"]
    assert ordered["dynamodb"]["NewImage"]["job_order"] == {"S": RESUME}
    assert {*called.got} == {arn_of("sqs", "local", JOBS), "aws:dynamodb", "sweep", "lake", "check"}
    told = queues.receive_message(QueueUrl=account["JOBS_QUEUE_URL"].replace(JOBS, "notifications"), WaitTimeSeconds=20)
    assert json.loads(told["Messages"][0]["Body"])["Message"] == "told"
