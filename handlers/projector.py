"""The projector: publishes whatever was appended, by whomever, and keeps the snapshot in order by the clock.

Its events are batches of the table's stream, and tasks: `{"task": "maintain"}`, and
`{"task": "verify", "level": "full", "limit_s": 10}`, which reads so long at most and says how far it is. The
rebuild's state machine sends `{"task": "rebuild", "step": "check", "job": ID}`, and further steps.
"""

from __future__ import annotations

import gc
import os
import time
from typing import TYPE_CHECKING, Any

gc.disable()  # as in query.py

from handlers.aws.dynamodb import make_client
from handlers.events.announcing import make_publisher
from handlers.jobs.rebuilding import Rebuilding
from handlers.ledger.ledger import Ledger
from handlers.settings import table_settings
from handlers.telemetry.log import ERROR, INFO, WELL, Log, members_of
from handlers.telemetry.metrics import DIVERGENCES, ERRORS
from handlers.upkeep.findings import QUICK, VerificationError
from handlers.upkeep.maintenance import Maintenance
from handlers.upkeep.projection import Projection
from handlers.upkeep.verification import Verifier

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from handlers.settings import Settings
    from handlers.telemetry.runtime import LambdaContext


NOT_PUBLISHED = "not-published"
TOLD = ("task", "level", "limit_s", "step", "job", "first", "last")  # of a task, in its line
RESERVE_S = 20.0  # before Lambda ends the invocation: for a batch begun at the limit, its indexes and its copy


class Projector:
    """The function.

    Args:
        ledger: reads of the table.
        settings: the folders, and whether to verify fully.
        now: the time in seconds since 1970.
    """

    def __init__(self, ledger: Ledger, settings: Settings, now: Callable[[], float] = time.time) -> None:
        publisher = make_publisher(ledger, settings, now)
        self._log = Log(settings)
        self._projection = Projection(ledger, publisher)
        self._rebuilding = Rebuilding(ledger, publisher, settings, now)
        self._maintenance = Maintenance(
            ledger,
            publisher,
            Verifier(ledger, publisher, now),
            verifies_fully=settings.full_verification,
            now=now,
        )

    def __call__(self, event: Mapping[str, Any], context: LambdaContext) -> dict[str, object]:
        """Do what an event asks for. Raises what keeps it from being done: whoever sent the event tries again."""
        limit_s = max(0.0, context.get_remaining_time_in_millis() / 1000 - RESERVE_S)
        began_ns = time.perf_counter_ns()
        try:
            done = self._do(event, limit_s)
        except Exception as error:
            self._note(event, context, began_ns, type(error).__name__, {})
            raise
        self._note(event, context, began_ns, NOT_PUBLISHED if done.get("batchItemFailures") else WELL, done)
        return done

    def _note(
        self, event: Mapping[str, Any], context: LambdaContext, began_ns: int, outcome: str, done: dict[str, object]
    ) -> None:
        """Write the line of a batch or a task; the traceback of an error is Lambda's to write."""
        is_batch, is_well, has_turn = "Records" in event, outcome == WELL, next(self._log.turns)
        if is_batch and is_well and not has_turn:
            return
        members = {
            "invocation_id": context.aws_request_id,
            **({"task": "project", "records": len(event["Records"])} if is_batch else _task_of(event)),
            "outcome": outcome,
            "duration_ms": (time.perf_counter_ns() - began_ns) // 1000 / 1000,
            **done,
        }
        metrics = {} if is_well else {ERRORS: 1}
        if outcome == VerificationError.__name__:
            metrics[DIVERGENCES] = 1
        self._log.line(INFO if is_well else ERROR, members_of(members), by_function=metrics)

    def _do(self, event: Mapping[str, Any], limit_s: float) -> dict[str, object]:
        if "Records" in event:
            return self._projection.project(event["Records"], limit_s)
        task = event.get("task")
        if task == "maintain":
            return self._maintenance.maintain(limit_s)
        if task == "verify":
            return self._maintenance.verify(event.get("level", QUICK), min(limit_s, event.get("limit_s", limit_s)))
        if task == "rebuild":
            return self._rebuilding.step(event, limit_s)
        raise ValueError(f"task: got {task!r}, allowed: maintain, rebuild, verify")


def _task_of(event: Mapping[str, Any]) -> dict[str, object]:
    return {name: event[name] for name in TOLD if name in event}


def make_handler(environ: Mapping[str, str]) -> Projector:
    """Return the function for an environment. Raises SettingsError."""
    settings = table_settings(environ)
    return Projector(Ledger(make_client(settings.region), settings.table_name), settings)


handler = make_handler(os.environ)
gc.freeze()  # as in query.py
gc.enable()
