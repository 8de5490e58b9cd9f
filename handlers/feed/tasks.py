"""Events of the relational function that are no requests: batches of the table's stream, and tasks.

Tasks are `{"task": "maintain"}`, `{"task": "verify", "level": "full", "limit_s": 60, "with_ledger": true}`,
`{"task": "migrate"}`, `{"task": "migrate", "check": true}`, `{"task": "bootstrap"}`, which looks for what is missing,
and `{"task": "bootstrap", "master": {"username": …, "password": …}}`, which makes it.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any

import psycopg

from handlers.domain.problem import Problem
from handlers.feed.feeder import Feeder
from handlers.feed.growth import DivergedHomeError
from handlers.feed.maintenance import HomeMaintenance
from handlers.ledger.stream import moves_of, partial_answer
from handlers.postgres.failures import problem_of
from handlers.schema.bootstrap import bootstrap, look
from handlers.schema.runner import Migrations
from handlers.telemetry.log import ERROR, INFO, WELL, members_of
from handlers.telemetry.metrics import DIVERGENCES, ERRORS
from handlers.upkeep.findings import QUICK, VerificationError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from handlers.domain.bookmark import Bookmark
    from handlers.ledger.ledger import Ledger
    from handlers.postgres.connection import Database
    from handlers.settings import Settings
    from handlers.telemetry.log import Log
    from handlers.telemetry.runtime import LambdaContext

    Event = Mapping[str, Any]
    Done = dict[str, object]

RESERVE_S = 10.0  # before Lambda ends the invocation: for a chunk that was begun at the limit
NOT_FED = "not-fed"
FAILURES = "batchItemFailures"
TOLD = ("task", "level", "limit_s", "with_ledger", "check")  # of a task, in its line: never who the master is

_log = logging.getLogger(__name__)


class FeedTasks:
    """Does what is not asked for by a request.

    Args:
        ledger: the ledger.
        database: PostgreSQL.
        settings: where it is, and how long what is left stays.
        log: takes the line of a batch or a task.
        now: the time in seconds since 1970.
    """

    def __init__(
        self,
        ledger: Ledger,
        database: Database,
        settings: Settings,
        log: Log,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._settings = settings
        self._log = log
        self._feeder = Feeder(ledger, database)
        self._maintenance = HomeMaintenance(ledger, database, settings.retain_s, now)

    def __call__(self, event: Event, context: LambdaContext) -> Done:
        """Do what an event asks for. Raises what keeps it from being done: whoever sent the event tries again."""
        limit_s = max(0.0, context.get_remaining_time_in_millis() / 1000 - RESERVE_S)
        began_ns = time.perf_counter_ns()
        try:
            done = self._do(event, limit_s)
        except Exception as error:
            self._note(event, context, began_ns, type(error).__name__, {})
            raise
        self._note(event, context, began_ns, str(done.pop("outcome", WELL)), done)
        return done if "Records" not in event else {FAILURES: done[FAILURES]}

    def refresh(self) -> Bookmark:
        """Feed what the ledger has, for a read that waits, and return up to where that is.

        Raises Problem: 409 where it is not the ledger's, 503 where that cannot be done now.
        """
        try:
            return self._feeder.refresh().visible
        except psycopg.Error as error:
            problem = problem_of(error)
            if problem is None:
                raise
            raise problem from error

    def _do(self, event: Event, limit_s: float) -> Done:
        if "Records" in event:
            return self._take(event["Records"], limit_s)
        task = event.get("task")
        if task == "maintain":
            return self._maintenance.maintain(limit_s)
        if task == "verify":
            limit_s = min(limit_s, event.get("limit_s", limit_s))
            return self._maintenance.verify(
                event.get("level", QUICK), limit_s, with_ledger=event.get("with_ledger", False)
            )
        if task == "migrate":
            migrations = Migrations(self._settings)
            return migrations.compare() if event.get("check") else migrations.apply(limit_s)
        if task == "bootstrap":
            return bootstrap(self._settings, event["master"]) if "master" in event else look(self._settings)
        raise ValueError(f"task: got {task!r}, allowed: bootstrap, maintain, migrate, verify")

    def _take(self, records: list[dict[str, Any]], limit_s: float) -> Done:
        """Feed what a batch tells of, and return the partial batch answer, with what its line tells."""
        moves = moves_of(records)
        if not moves:
            return {FAILURES: []}
        try:
            fed = self._feeder.feed(limit_s)
        except (DivergedHomeError, Problem, psycopg.Error) as error:
            _log.exception("nothing was fed")
            outcome = VerificationError.__name__ if isinstance(error, DivergedHomeError) else type(error).__name__
            return {FAILURES: [{"itemIdentifier": moves[0][0]}], "outcome": outcome}
        done = partial_answer(moves, fed.visible)
        return {**done, **fed.answer(), "outcome": NOT_FED if done[FAILURES] else WELL}

    def _note(self, event: Event, context: LambdaContext, began_ns: int, outcome: str, done: Done) -> None:
        """Write the line of a batch or a task; the traceback of an error is Lambda's to write."""
        is_batch, is_well, has_turn = "Records" in event, outcome == WELL, next(self._log.turns)
        if is_batch and is_well and not has_turn:
            return
        members = {
            "invocation_id": context.aws_request_id,
            **({"task": "feed", "records": len(event["Records"])} if is_batch else _task_of(event)),
            "outcome": outcome,
            "duration_ms": (time.perf_counter_ns() - began_ns) // 1000 / 1000,
            **done,
        }
        metrics = {} if is_well else {ERRORS: 1}
        if outcome == VerificationError.__name__:
            metrics[DIVERGENCES] = 1
        self._log.line(INFO if is_well else ERROR, members_of(members), by_function=metrics)


def _task_of(event: Event) -> Done:
    return {name: event[name] for name in TOLD if name in event}
