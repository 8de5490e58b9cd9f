"""The projector: publishes whatever was appended, by whomever, and keeps the snapshot in order by the clock.

Its events are batches of the table's stream, and tasks: `{"task": "maintain"}`, and
`{"task": "verify", "level": "full", "limit_s": 10}`, which reads so long at most and says how far it is.
"""

from __future__ import annotations

import gc
import json
import logging
import os
import time
from typing import TYPE_CHECKING, Any

gc.disable()  # as in query.py

from handlers.aws.dynamodb import make_client
from handlers.jobs.findings import QUICK
from handlers.jobs.maintenance import Maintenance
from handlers.jobs.projection import Projection
from handlers.jobs.verification import Verifier
from handlers.ledger.ledger import Ledger
from handlers.settings import table_settings
from handlers.snapshots.publish import Publisher

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Protocol

    from handlers.settings import Settings

    class LambdaContext(Protocol):
        """The part of Lambda's context that is used."""

        def get_remaining_time_in_millis(self) -> int: ...


RESERVE_S = 20.0  # before Lambda ends the invocation: for a batch begun at the limit, its indexes and its copy

_log = logging.getLogger(__name__)


class Projector:
    """The function.

    Args:
        ledger: reads of the table.
        settings: the folders, and whether to verify fully.
        now: the time in seconds since 1970.
    """

    def __init__(self, ledger: Ledger, settings: Settings, now: Callable[[], float] = time.time) -> None:
        publisher = Publisher(ledger, settings)
        self._projection = Projection(ledger, publisher)
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
        if "Records" in event:
            return self._projection.project(event["Records"], limit_s)
        done = self._do(event, limit_s)
        _log.info("%s", json.dumps({**event, **done}))
        return done

    def _do(self, event: Mapping[str, Any], limit_s: float) -> dict[str, object]:
        task = event.get("task")
        if task == "maintain":
            return self._maintenance.maintain(limit_s)
        if task == "verify":
            return self._maintenance.verify(event.get("level", QUICK), min(limit_s, event.get("limit_s", limit_s)))
        raise ValueError(f"task: got {task!r}, allowed: maintain, verify")


def make_handler(environ: Mapping[str, str]) -> Projector:
    """Return the function for an environment. Raises SettingsError."""
    settings = table_settings(environ)
    return Projector(Ledger(make_client(settings.region), settings.table_name), settings)


handler = make_handler(os.environ)
gc.freeze()  # as in query.py
gc.enable()
