"""The worker: does what nobody waits for. It is outside the network, where every service can be called.

Its events are messages of the queue of jobs and of its dead letters, batches of the table's stream, and tasks of the
clock: `{"task": "sweep"}` and `{"task": "lake"}`.
"""

from __future__ import annotations

import logging
import os
import time
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from handlers.aws.bucket import Bucket
from handlers.aws.dynamodb import make_client
from handlers.aws.machine import StateMachine
from handlers.aws.objects import make_objects
from handlers.aws.queue import Queue
from handlers.aws.sdk import ServiceError
from handlers.aws.table import JOB_ORDER, JOBS, PARTITION_KEY
from handlers.aws.topic import Topic
from handlers.domain.problem import unavailable
from handlers.events.delivery import Delivery
from handlers.events.event import job_ended
from handlers.jobs.dead_letters import DeadLetters
from handlers.jobs.importing import Importing
from handlers.jobs.job import FAILED, SUCCEEDED
from handlers.jobs.job_table import JobTable, job_from_item
from handlers.jobs.messages import read_messages
from handlers.jobs.orders import Orders
from handlers.jobs.rebuild_order import start_rebuild
from handlers.jobs.sweep import Sweep
from handlers.jobs.turns import Turns
from handlers.lake.lake import Lake
from handlers.ledger.appender import Appender
from handlers.ledger.ledger import Ledger
from handlers.settings import table_settings
from handlers.telemetry.log import ERROR, INFO, WELL, Log, members_of
from handlers.telemetry.metrics import ERRORS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from handlers.settings import Settings
    from handlers.telemetry.runtime import LambdaContext

    Record = Mapping[str, Any]

RESERVE_S = 35.0  # before Lambda ends the invocation: for an append begun at the limit, a message, and what is saved

# The topic is waited for so long: orders of jobs come by the same stream, and wait for all that is before them.
TELL_S = 300.0
TOLD = (SUCCEEDED, FAILED)  # states that a job's end is told outside of

_log = logging.getLogger(__name__)


class Worker:
    """The function.

    Args:
        ledger: the table.
        settings: the queues and buckets, and what is on.
        now: the time in seconds since 1970.
    """

    def __init__(self, ledger: Ledger, settings: Settings, now: Callable[[], float] = time.time) -> None:
        self._ledger = ledger
        self._settings = settings
        self._now = now
        self._log = Log(settings)
        self._jobs = JobTable(ledger.client, ledger.table_name, now)
        self._is_topic_away = False

    def __call__(self, event: Mapping[str, Any], context: LambdaContext) -> dict[str, object]:
        """Do what an event asks for. Raises what keeps a task from being done: the clock makes the next."""
        self._is_topic_away = False
        if "Records" in event:
            in_turn = sorted(event["Records"], key=_is_told_of)  # orders wait for no topic
            failed = [id_of(record) for record in in_turn if not self._is_done(record, context)]
            return {"batchItemFailures": [{"itemIdentifier": each} for each in failed]}
        task = event.get("task")
        return self._noted(context, {"task": task}, lambda: self._task(task, limit_of(context)))

    def _is_done(self, record: Record, context: LambdaContext) -> bool:
        """Do what a record asks for; tell whether that is done. One that fails does not keep others from it."""
        try:
            self._noted(context, {"task": "record"}, lambda: self._record(record, limit_of(context)))
        except Exception:  # noqa: BLE001 - whatever it is, the record comes again
            _log.exception("a record was not done")
            return False
        return True

    def _record(self, record: Record, limit_s: float) -> dict[str, object]:
        if record["eventSource"] == "aws:dynamodb":
            return self._told(record)
        is_dead = record["eventSourceARN"] == self._settings.dead_letters_arn
        done = [
            (message.job_id, self._dead_letters.bury(message) if is_dead else self._turns.take(message, limit_s))
            for message in read_messages(record["body"])
        ]
        return {"did": "bury" if is_dead else "import", "jobs": dict(done)}

    def _told(self, record: Record) -> dict[str, object]:
        """Do what an item of the table's stream asks for: a job with an order, one that has ended, an event."""
        change = record["dynamodb"]
        if "NewImage" not in change:  # what the table forgets once its time is over
            return {"did": "nothing"}
        if change["Keys"][PARTITION_KEY] != {"S": JOBS}:
            self._tell(record, lambda: self._delivery.deliver(record))
            return {"did": "tell"}
        job = job_from_item(change["NewImage"])
        if job.order:
            self._orders.carry_out(job.id)
            return {"did": job.order, "job": job.id}
        if self._settings.topic_arn and job.state in TOLD:
            told = job_ended(self._ledger.table_name, job.summary(self._now()))
            self._tell(record, lambda: self._delivery.tell(told))
        return {"did": "tell", "job": job.id}

    def _tell(self, record: Record, tell: Callable[[], None]) -> None:
        """Tell of something that is not older than `TELL_S`.

        Raises ServiceError where the topic is away; of the rest of the batch it is not tried then.
        """
        if self._now() - record["dynamodb"]["ApproximateCreationDateTime"] >= TELL_S:
            _log.error("the topic was not told, and is not any more: %s", record["dynamodb"]["Keys"])
            return
        if self._is_topic_away:
            raise ServiceError("the topic was away just now")
        try:
            tell()
        except ServiceError:
            self._is_topic_away = True
            raise

    def _task(self, task: object, limit_s: float) -> dict[str, object]:
        if task == "sweep":
            return self._sweep.run()
        if task == "lake":
            return {**self._lake.write(limit_s)}
        raise ValueError(f"task: got {task!r}, allowed: sweep, lake")

    @cached_property
    def _queue(self) -> Queue:
        return Queue(self._settings.jobs_queue_url, self._settings.region)

    @cached_property
    def _bucket(self) -> Bucket:
        return Bucket(self._settings.jobs_bucket, self._settings.region)

    @cached_property
    def _turns(self) -> Turns:
        appender = Appender(self._ledger, _no_ledger, lambda _: None, self._now)
        return Turns(self._jobs, Importing(self._jobs, appender, self._bucket, self._now), self._queue, now=self._now)

    @cached_property
    def _dead_letters(self) -> DeadLetters:
        return DeadLetters(self._jobs, self._now)

    @cached_property
    def _orders(self) -> Orders:
        machine = StateMachine(self._settings.rebuild_machine_arn, self._settings.region)
        return Orders(self._jobs, self._queue, partial(start_rebuild, jobs=self._jobs, machine=machine, now=self._now))

    @cached_property
    def _sweep(self) -> Sweep:
        return Sweep(self._jobs, self._bucket, self._queue, self._now)

    @cached_property
    def _delivery(self) -> Delivery:
        return Delivery(Topic(self._settings.topic_arn))

    @cached_property
    def _lake(self) -> Lake:
        return Lake(self._ledger, make_objects(self._settings.lake_bucket, self._settings.region))

    def _noted(
        self, context: LambdaContext, what: dict[str, object], work: Callable[[], dict[str, object]]
    ) -> dict[str, object]:
        """Do something, and write its line; the traceback of an error is somebody else's to write."""
        done: dict[str, object] = {}
        began_ns, outcome = time.perf_counter_ns(), WELL
        try:
            done = work()
        except Exception as error:
            outcome = type(error).__name__
            raise
        finally:
            duration_ms = (time.perf_counter_ns() - began_ns) // 1000 / 1000
            about = {"invocation_id": context.aws_request_id, **what, "outcome": outcome, "duration_ms": duration_ms}
            is_well = outcome == WELL
            metrics = {} if is_well else {ERRORS: 1}
            self._log.line(INFO if is_well else ERROR, members_of({**about, **done}), by_function=metrics)
        return done


def limit_of(context: LambdaContext) -> float:
    """Return how long something may take that begins now, in seconds."""
    return max(0.0, context.get_remaining_time_in_millis() / 1000 - RESERVE_S)


def _is_told_of(record: Record) -> bool:
    """Tell whether a record asks for nothing but that somebody hears of it."""
    return record["eventSource"] == "aws:dynamodb" and JOB_ORDER not in record["dynamodb"].get("NewImage", {})


def id_of(record: Record) -> str:
    """Return the name by which a record is said to have failed."""
    return record["messageId"] if "messageId" in record else record["dynamodb"]["SequenceNumber"]


def _no_ledger() -> int:
    """Raise Problem: the command function makes the ledger before it takes an import in."""
    raise unavailable("There is no ledger to append to")


def make_handler(environ: Mapping[str, str]) -> Worker:
    """Return the function for an environment. Raises SettingsError."""
    settings = table_settings(environ)
    return Worker(Ledger(make_client(settings.region), settings.table_name), settings)


handler = make_handler(os.environ)
