"""The command function: appends to the ledger and publishes snapshots.

An append that committed is acknowledged whatever happens to publishing; the next publish includes its rows.
"""

from __future__ import annotations

import gc
import logging
import os
import sqlite3
import time
from typing import TYPE_CHECKING

from handlers.api.insert import call_of, drafts_of, prefers_async
from handlers.api.response import build_of, health_response, json_response
from handlers.api.router import Router
from handlers.aws.dynamodb import Deadline, make_client
from handlers.domain.bookmark import NOTHING
from handlers.domain.problem import field_error, invalid, unavailable
from handlers.ledger.ledger import Ledger
from handlers.settings import Settings, SettingsError
from handlers.snapshots.files import UnprovenError
from handlers.snapshots.new_ledger import make_appender
from handlers.snapshots.publish import Publisher
from handlers.telemetry.timings import Timings, server_timing

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from handlers.api.request import Request, Response
    from handlers.domain.bookmark import Bookmark
    from handlers.ledger.appender import Appended
    from handlers.snapshots.publish import Published

NOT_PUBLISHED = "The rows are in the ledger, but in no snapshot yet; the next publish includes them"

_log = logging.getLogger(__name__)


class Command:
    """The command function's operations.

    Args:
        ledger: reads of the table.
        settings: the folders.
        now: the time in seconds since 1970.
        make_deadline: gives each request the limit of its work on the ledger.
    """

    def __init__(
        self,
        ledger: Ledger,
        settings: Settings,
        now: Callable[[], float] = time.time,
        make_deadline: Callable[[], Deadline] = Deadline,
    ) -> None:
        self._ledger = ledger
        self._build = build_of(settings)
        self._make_deadline = make_deadline
        self._publisher = Publisher(ledger, settings)
        self._appender = make_appender(ledger, self._publisher, now)

    def insert(self, request: Request) -> Response:
        """POST /insert: append rows and publish a snapshot with them."""
        timings = Timings()
        request.parameters(())
        body = request.json_object()
        drafts, key_call, is_async = drafts_of(body), call_of(request, body), prefers_async(request)
        timings.lap("parse")
        appended = self._appender.append(drafts, self._make_deadline(), key_call)
        timings.lap("append")
        published = None if is_async else self._published(appended, timings)
        return inserted_response(appended, published, timings, is_async=is_async)

    def publish(self, request: Request) -> Response:
        """POST /snapshots: publish the ledger as it is now."""
        timings = Timings()
        request.parameters(())
        full = full_of(request.json_object())
        head = self._appender.head(self._make_deadline())
        timings.lap("head")
        try:
            published = self._publisher.publish(head, timings, full)
        except (OSError, sqlite3.Error, UnprovenError) as error:
            _log.exception("publishing failed")
            raise unavailable("The snapshot cannot be written now") from error
        summary = summary_of(published) | {"hash": published.hash}
        return json_response(201, {"snapshot": summary}, measured_headers(published.bookmark, timings.all_ms()))

    def health(self, request: Request) -> Response:
        """GET /command/health: the function, its build, and the ledger's newest bookmark; makes no ledger."""
        request.parameters(())
        return health_response("command", self._ledger.head(self._make_deadline()) or NOTHING, self._build)

    def _published(self, appended: Appended, timings: Timings) -> Published | None:
        """The snapshot with these rows; None where there is none (a replay only looks, it does not build)."""
        try:
            if not appended.is_replay:
                return self._publisher.publish(appended.bookmark, timings)
            newest = self._publisher.newest()
        except Exception:  # noqa: BLE001 - whatever it is, the rows are in and the client must hear so
            _log.exception("publishing failed; the rows are in the ledger")
            return None
        has_rows = (
            newest is not None
            and newest.bookmark.epoch == appended.bookmark.epoch
            and newest.bookmark >= appended.bookmark
        )
        return newest if has_rows else None


def inserted_response(appended: Appended, published: Published | None, timings: Timings, *, is_async: bool) -> Response:
    """The answer to an insert: 201, or 202 where the client did not want to wait for a snapshot."""
    timings_ms = timings.all_ms()
    content: dict[str, object] = {
        "inserted": len(appended.ids),
        "ids": appended.ids,
        "bookmark": str(appended.bookmark),
        "snapshot": summary_of(published) if published else None,
        "timings_ms": timings_ms,
    }
    headers = measured_headers(appended.bookmark, timings_ms)
    if is_async:
        headers["preference-applied"] = "respond-async"
    elif published is None:
        content["warning"] = NOT_PUBLISHED
    if appended.is_replay:
        headers["idempotent-replayed"] = "true"
    return json_response(202 if is_async else 201, content, headers)


def summary_of(published: Published) -> dict[str, object]:
    """A snapshot as the answers show it."""
    return {
        "bookmark": str(published.bookmark),
        "rows": published.bookmark.seq,
        "bytes": published.size_bytes,
        "build": published.build,
    }


def measured_headers(bookmark: Bookmark, timings_ms: dict[str, float]) -> dict[str, str]:
    """The headers of a write's answer."""
    return {"snapshot-bookmark": str(bookmark), "server-timing": server_timing(timings_ms)}


def full_of(body: dict[str, object]) -> bool:
    """The body of POST /snapshots. Raises Problem (422) for anything but {} and {"full": true or false}."""
    errors = [field_error(name, body[name], "only full") for name in body if name != "full"]
    full = body.get("full", False)
    if not isinstance(full, bool):
        errors.append(field_error("full", full, "true or false"))
    if errors:
        raise invalid("invalid-content", errors)
    return bool(full)


def make_handler(environ: Mapping[str, str]) -> Router:
    """The function for an environment; its operations stand in the route table. Raises SettingsError."""
    settings = Settings(environ)
    if not settings.table_name:
        raise SettingsError("TABLE_NAME: got nothing, allowed: the name of a DynamoDB table")
    command = Command(Ledger(make_client(settings.region), settings.table_name), settings)
    return Router("command", {"insert": command.insert, "publish": command.publish, "health": command.health})


handler = make_handler(os.environ)
gc.freeze()  # as in query.py
