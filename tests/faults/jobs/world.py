"""A worker and all around it, in memory: the table with its stream, the file, the queues, the clock.

Messages are handed over as SQS and Lambda do it: one at a time, again after a while where the worker failed or died,
and after three times as a dead letter. Each call of the worker takes a second, so that a turn has twenty calls.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import pytest

from console.local.account.callers import is_for_the_worker
from handlers.aws.bucket import Bucket
from handlers.aws.dynamodb import Deadline
from handlers.aws.sdk import ServiceError
from handlers.aws.table import PARTITION_KEY, SORT_KEY
from handlers.domain.problem import Problem
from handlers.jobs.intake import ImportOrder, Intake
from handlers.jobs.job import Job
from handlers.jobs.job_table import JobTable
from handlers.jobs.messages import object_key
from handlers.jobs.turns import Turns
from handlers.ledger.ledger import Ledger
from handlers.model.model import Draft
from handlers.rows import MODEL
from handlers.settings import Settings
from handlers.worker import RESERVE_S, Worker
from tests.faults.calls.outside import OUTSIDE, Call, Run
from tests.faults.calls.table import Item, Key, MemoryTable
from tests.faults.jobs.services import Letter, MemoryS3, MemorySns, MemorySqs, MemoryStates, Watched
from tests.support.api import Context
from tests.support.drafts import are_of
from tests.support.meddling import Clock, all_rows, appender

NOW_S = 1_700_000_000.25
BUCKET, LAKE = "imports", "lake"
QUEUE_ARN, DEAD_LETTERS_ARN = "arn:aws:sqs:local:000000000000:jobs", "arn:aws:sqs:local:000000000000:dead-letters"
ENVIRON = {
    "TABLE_NAME": "table",
    "JOBS_BUCKET": BUCKET,
    "JOBS_QUEUE_URL": "http://sqs.local/000000000000/jobs",
    "DEAD_LETTERS_ARN": DEAD_LETTERS_ARN,
    "REBUILD_MACHINE_ARN": "arn:aws:states:local:000000000000:stateMachine:rebuild",
    "TOPIC_ARN": "arn:aws:sns:local:000000000000:notifications",
    "NOTIFICATIONS": "on",
    "AWS_REGION": "local",
    "REQUEST_LOG_PERCENT": "0",
}
CALL_S = 1.0
TURN_S = 20.0
VISIBILITY_S = 270.0  # six times what an invocation has
MOST_RECEIVES = 3
STREAM_PAUSE_S = 30.0
SWEEP_S = 4000.0
MOST_STEPS = 400
MAKERS = ("bucket", "queue", "topic", "objects", "machine")  # modules that make a client of a service
CHUNK_ROWS, BLOCK_BYTES = 3, 200

Meddle = Callable[[Call], Callable[[Run], Any] | None]


MakeWorld = Callable[..., "World"]


class Killed(BaseException):
    """The worker's process is gone."""


class StreamedTable(MemoryTable):
    """A table with a stream, new and empty."""

    def __init__(self, now: Callable[[], float]) -> None:
        super().__init__()
        self.records: list[dict[str, Any]] = []
        self._now = now

    def _change(self, changed: dict[Key, Item]) -> None:
        super()._change(changed)
        for item in changed.values():
            keys = {name: item[name] for name in (PARTITION_KEY, SORT_KEY)}
            number = str(len(self.records) + 1)
            change: dict[str, Any] = {"Keys": keys, "NewImage": item, "SequenceNumber": number}
            change["ApproximateCreationDateTime"] = self._now()
            self.records.append({"eventName": "MODIFY", "eventSource": "aws:dynamodb", "dynamodb": change})


class World:
    """Everything there is.

    Args:
        patch: for what is different here: a clock that moves with each call, small chunks and blocks.
        choose: which of the messages that can be handed over comes next.
        late_s: when a message that is done comes once more; None: it does not.
        block_bytes: of a file that are read at once.
    """

    def __init__(
        self,
        patch: pytest.MonkeyPatch,
        choose: Callable[[list[Letter]], Letter] = lambda ready: ready[0],
        late_s: Callable[[], float | None] = lambda: None,
        block_bytes: int = BLOCK_BYTES,
    ) -> None:
        self.clock = Clock(NOW_S)
        self.table = StreamedTable(self.clock)
        self.s3, self.sqs, self.sns, self.states = MemoryS3(), MemorySqs(self.clock), MemorySns(), MemoryStates()
        self.deaths = 0
        self.rescues = 0  # jobs that nothing but the sweep would have gone on with
        self._choose = choose
        self._late_s = late_s
        self._followed = 0  # records of the stream
        patch.setattr("handlers.imports.cutting.MAX_INSERT_ROWS", CHUNK_ROWS)
        patch.setattr("handlers.aws.bucket.BLOCK_BYTES", block_bytes)
        for module in MAKERS:
            patch.setattr(f"handlers.aws.{module}.make_service", self._client)
        patch.setattr(Deadline.__init__, "__defaults__", (self.clock, self.clock.sleep, Deadline.LIMIT_S))
        patch.setitem(cast("dict[str, object]", Turns.__init__.__kwdefaults__), "clock", self.clock)
        patch.setitem(cast("dict[str, object]", Turns.__init__.__kwdefaults__), "sleep", self.clock.sleep)
        appender(self.ledger()).head(self.clock.deadline())

    def ledger(self) -> Ledger:
        return self.table.ledger()

    def jobs(self) -> JobTable:
        return JobTable(self.ledger().client, "table", self.clock)

    def job(self, job_id: str) -> Job:
        found = self.jobs().get(job_id, self.clock.deadline())
        assert found is not None
        return found

    # What clients do

    def ask(
        self, content: bytes, *, declared_bytes: int | None = None, sha256: str = "", file_format: str = "ndjson"
    ) -> str:
        """Ask for an import of a file. Returns the job's id."""
        size_bytes = len(content) if declared_bytes is None else declared_bytes
        asked = ImportOrder(file_format, size_bytes, sha256, "a file", None)
        job, _ = Intake(self.jobs(), Bucket(BUCKET, "local"), self.clock).accept(asked, self.clock.deadline())
        return job.id

    def put(self, job_id: str, content: bytes) -> None:
        """Put a job's file. S3 says so."""
        version = self.s3.put(BUCKET, object_key(job_id), content)
        told = {"eventName": "ObjectCreated:Put", "s3": {"object": {"key": object_key(job_id), "versionId": version}}}
        self.sqs.send_message(QueueUrl="by S3", MessageBody=json.dumps({"Records": [told]}))

    def start_import(self, content: bytes, *, has_sha256: bool = False) -> str:
        """Ask for an import, and put its file. Returns the job's id."""
        job_id = self.ask(content, sha256=hashlib.sha256(content).hexdigest() if has_sha256 else "")
        self.put(job_id, content)
        return job_id

    # What calls the worker

    def run(self, meddle: Meddle = lambda _: None) -> list[Call]:
        """Go on until nothing is left to do. Returns the worker's calls of the outside."""
        with OUTSIDE.watched(Path("nowhere"), meddle) as calls:
            for _ in self.steps():
                pass
        return calls

    def steps(self) -> Iterator[None]:
        """Do one thing after the other."""
        for _ in range(MOST_STEPS):
            if not (self._stream() or self._message() or self._dead_letter() or self._wait()):
                return
            yield
        raise AssertionError("there is no end to it")

    def _stream(self) -> bool:
        """Hand over what the stream has; a batch that fails comes again, from the first record that did."""
        batch = [record for record in self.table.records[self._followed :] if is_for_the_worker(record)]
        if not batch:
            self._followed = len(self.table.records)
            return False
        failed = self._call(batch)
        number = min((int(each) for each in failed), default=len(self.table.records) + 1)
        self.clock.pass_s(STREAM_PAUSE_S if failed else 0.0)
        self._followed = number - 1 if failed else int(batch[-1]["dynamodb"]["SequenceNumber"])
        return True

    def _message(self) -> bool:
        """Hand one message over."""
        ready = [letter for letter in self.sqs.letters if letter.visible_s <= self.clock()]
        if ready:
            self.hand_over(self._choose(ready))
        return bool(ready)

    def hand_over(self, letter: Letter) -> None:
        """Hand a message over, or bury it."""
        letter.receives += 1
        letter.visible_s = self.clock() + VISIBILITY_S
        if letter.receives > MOST_RECEIVES:
            self.sqs.letters.remove(letter)
            self.sqs.dead.append(Letter(letter.id, letter.body, self.clock()))
        elif not self._call([_event_of(letter, QUEUE_ARN)]) and letter in self.sqs.letters:  # else another was faster
            self.sqs.letters.remove(letter)
            self._double(letter)

    def _double(self, letter: Letter) -> None:
        """Let a message that is done come once more, as one of SQS may; its double does not."""
        late_s = None if letter.is_double else self._late_s()
        if late_s is not None:
            self.sqs.letters.append(Letter(letter.id, letter.body, self.clock() + late_s, is_double=True))

    def _dead_letter(self) -> bool:
        ready = [letter for letter in self.sqs.dead if letter.visible_s <= self.clock()]
        for letter in ready:
            letter.visible_s = self.clock() + VISIBILITY_S
            if not self._call([_event_of(letter, DEAD_LETTERS_ARN)]):
                self.sqs.dead.remove(letter)
        return bool(ready)

    def _wait(self) -> bool:
        """Let time pass: until a message comes again, or until the sweep finds what nobody works on."""
        letters = [*self.sqs.letters, *self.sqs.dead]
        if letters:
            self.clock.now_s = max(self.clock(), min(letter.visible_s for letter in letters))
            return True
        self.clock.pass_s(SWEEP_S)
        return self.sweep() or bool(self.sqs.letters)

    def sweep(self) -> bool:
        """Let the clock call. Tells whether anything was to be done."""
        while True:
            try:
                done = self._worker()({"task": "sweep"}, Context(RESERVE_S + TURN_S))
            except Killed:
                self.deaths += 1
            except (Problem, ServiceError):  # the clock makes the next
                self.clock.pass_s(60.0)
            else:
                self.rescues += cast("int", done["woken"]) + cast("int", done["failed"])
                return bool(done["jobs"])

    def _call(self, records: Sequence[Mapping[str, Any]]) -> list[str]:
        """Call a worker with records. Returns the names of those that are not done."""
        try:
            answer = self._worker()({"Records": records}, Context(RESERVE_S + TURN_S))
        except Killed:
            self.deaths += 1
            return [_name_of(record) for record in records]
        return [failure["itemIdentifier"] for failure in cast("Any", answer["batchItemFailures"])]

    def _worker(self) -> Worker:
        ledger = Ledger(self._watched("table", self.table), "table")
        return Worker(ledger, Settings(ENVIRON), self.clock)

    def _client(self, service: str, *_: object, **__: object) -> object:
        clients = {"s3": self.s3, "sqs": self.sqs, "sns": self.sns, "stepfunctions": self.states}
        return self._watched(service, clients[service])

    def _watched(self, home: str, client: object) -> Any:
        return Watched(home, client, lambda: self.clock.pass_s(CALL_S))

    # What must be so

    def check_imported(self, *expected: Draft) -> None:
        """Every row is there, once, in the file's order; nothing is left to do."""
        assert are_of(all_rows(self.ledger()), expected)
        self.check_quiet()

    def check_quiet(self) -> None:
        """No job runs for ever, and no message is left."""
        assert (self.sqs.letters, self.sqs.dead) == ([], [])
        listed, _ = self.jobs().newest(100, self.clock.deadline())
        assert all(job.has_ended and not job.order for job in listed)


def _event_of(letter: Letter, arn: str) -> dict[str, Any]:
    attributes = {"ApproximateReceiveCount": str(letter.receives)}
    return {
        "messageId": letter.id,
        "body": letter.body,
        "attributes": attributes,
        "eventSource": "aws:sqs",
        "eventSourceARN": arn,
    }


def _name_of(record: Mapping[str, Any]) -> str:
    return record["messageId"] if "messageId" in record else record["dynamodb"]["SequenceNumber"]


def file_of(drafts: Sequence[Draft]) -> bytes:
    """Return a file with a line for each draft."""
    return "".join(f"{json.dumps(MODEL.draft_fields(draft))}\n" for draft in drafts).encode()
