"""The emulator's services as callers of this stack's functions.

Its Lambda has the entrance's address in place of each function's code: so messages of the queues and tasks of the state
machine come to the functions of the working tree, in the sandboxes that answer requests as well.
"""

from __future__ import annotations

import asyncio
import io
import json
import zipfile
from collections.abc import Mapping
from typing import Any

from console.local.account.clients import make_clients
from console.local.account.entrance import Entrance
from console.local.account.stores import DEAD_LETTERS, JOBS, NOTIFICATIONS, REBUILD, arn_of, role_arn
from console.local.gateway import Invoke
from console.local.process import HOST
from console.local.schedule import every
from console.local.stack import listen, serving
from console.local.stream import Record, follow
from handlers.aws.table import EVENTS, JOB_ORDER, JOB_STATE, PARTITION_KEY
from handlers.aws.table import JOBS as JOB_ITEMS
from handlers.jobs.job import FAILED, SUCCEEDED
from handlers.routes import PROJECTOR, WORKER
from infra.rebuild.definition import RebuildPlan, definition_of

SWEEP_S, LAKE_S = 60.0, 3600.0
FIRST_S = 60.0  # the start is busy enough
AT_A_TIME = 2  # messages of the jobs' queue
NEW = "INSERT"
NO_WINDOW_S = 0.0  # a batch waits for no more records
LONGEST_S = 900  # Lambda's own limit: the sandboxes keep to the functions'
ADDRESS = "MINISTACK_LAMBDA_PROXY_URL"  # a function's variable that makes the emulator post its events there

Client = Any  # boto3-stubs covers DynamoDB only


async def call_worker(environ: Mapping[str, str], invokes: Mapping[str, Invoke]) -> None:
    """Let all that calls the worker in AWS call it here, until cancelled: queues, stream and clock."""
    worker = invokes[WORKER]
    with listen(0) as listener:
        url = f"http://{HOST}:{listener.getsockname()[1]}"
        async with serving(Entrance(invokes), listener, is_logged=False):
            await asyncio.to_thread(make_callers, environ, url)
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(follow(environ, worker, is_for_the_worker, window_s=NO_WINDOW_S))
                tasks.create_task(every(SWEEP_S, worker, {"task": "sweep"}, first_s=FIRST_S))
                tasks.create_task(every(LAKE_S, worker, {"task": "lake"}, first_s=FIRST_S))


def is_for_the_worker(record: Record) -> bool:
    """Tell whether a record of the stream is for the worker: a new event, or a job that has ended or has an order.

    The stack says so in patterns: those of `infra.jobs.work`.
    """
    partition = record["dynamodb"]["Keys"][PARTITION_KEY]["S"]
    if partition == EVENTS:
        return record["eventName"] == NEW
    job = record["dynamodb"].get("NewImage", {})
    return partition == JOB_ITEMS and (JOB_ORDER in job or job.get(JOB_STATE, {}).get("S") in (SUCCEEDED, FAILED))


def make_callers(environ: Mapping[str, str], url: str) -> None:
    """Make what calls the functions: Lambda that knows them, the queues' mappings, the state machine; and the topic.

    Args:
        environ: leads to the emulator.
        url: the entrance's.
    """
    functions, machines, topics, queues = make_clients(environ, "lambda", "stepfunctions", "sns", "sqs")
    _make_topic(topics, queues, environ)
    for name in (PROJECTOR, WORKER):
        _make_function(functions, name, f"{url}/{name}")
    _make_machine(machines, environ["AWS_REGION"])
    _make_mapping(
        functions, arn_of("sqs", environ["AWS_REGION"], JOBS), ScalingConfig={"MaximumConcurrency": AT_A_TIME}
    )
    _make_mapping(functions, arn_of("sqs", environ["AWS_REGION"], DEAD_LETTERS))


def _make_topic(topics: Client, queues: Client, environ: Mapping[str, str]) -> None:
    """Make the topic, and a queue that holds what it was told for whoever looks."""
    queues.create_queue(QueueName=NOTIFICATIONS)
    topic = topics.create_topic(Name=NOTIFICATIONS)["TopicArn"]
    told = arn_of("sqs", environ["AWS_REGION"], NOTIFICATIONS)
    topics.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=told)


def _make_function(functions: Client, name: str, url: str) -> None:
    functions.create_function(
        FunctionName=name,
        Role=role_arn("function"),
        Runtime="python3.13",
        Handler="unused.handler",
        Code={"ZipFile": _no_code()},
        Environment={"Variables": {ADDRESS: url}},
        Timeout=LONGEST_S,
    )


def _make_mapping(functions: Client, queue_arn: str, **more: object) -> None:
    functions.create_event_source_mapping(
        EventSourceArn=queue_arn,
        FunctionName=WORKER,
        BatchSize=1,
        FunctionResponseTypes=["ReportBatchItemFailures"],
        **more,
    )


def _make_machine(machines: Client, region: str) -> None:
    """Make the state machine as the stack's program defines it."""
    plan = RebuildPlan(function_arn=arn_of("lambda", region, f"function:{PROJECTOR}"), timeout_s=LONGEST_S)
    definition = json.dumps(definition_of(plan))
    machines.create_state_machine(name=REBUILD, definition=definition, roleArn=role_arn("rebuild"))


def _no_code() -> bytes:
    archive = io.BytesIO()
    zipfile.ZipFile(archive, "w").close()
    return archive.getvalue()
