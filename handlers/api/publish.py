"""POST /snapshots, and what a published snapshot looks like in an answer."""

from __future__ import annotations

import logging
import sqlite3
from typing import TYPE_CHECKING

from handlers.api.response import json_response
from handlers.domain.problem import Problem, field_error, invalid, unavailable
from handlers.snapshots.files import UnprovenError
from handlers.snapshots.published import DivergedError
from handlers.telemetry.usage import Usage, server_timing

if TYPE_CHECKING:
    from collections.abc import Callable

    from handlers.api.request import Request
    from handlers.api.response import Response
    from handlers.aws.dynamodb import Deadline
    from handlers.domain.bookmark import Bookmark
    from handlers.ledger.appender import Appender
    from handlers.snapshots.publish import Publisher
    from handlers.snapshots.published import Published

REMEDY = "docs/deployment.md, 'A restored table', says what to do"

_log = logging.getLogger(__name__)


class Publishing:
    """The operation `publish`.

    Args:
        appender: knows the head, and makes a ledger where there is none.
        publisher: makes snapshots of the same ledger.
        make_deadline: gives each request the limit of its work on the ledger.
    """

    def __init__(self, appender: Appender, publisher: Publisher, make_deadline: Callable[[], Deadline]) -> None:
        self._appender = appender
        self._publisher = publisher
        self._make_deadline = make_deadline

    def publish(self, request: Request) -> Response:
        """POST /snapshots: publish the ledger as it is now."""
        usage = Usage()
        request.parameters(())
        full = full_of(request.json_object())
        head = self._appender.head(self._make_deadline())
        usage.lap("head")
        try:
            published = self._publisher.publish(head, usage, full)
        except DivergedError as error:
            raise Problem("diverged", f"{error}; {REMEDY}") from error
        except (OSError, sqlite3.Error, UnprovenError) as error:
            _log.exception("publishing failed")
            raise unavailable("The snapshot cannot be written now") from error
        summary = summary_of(published) | {"hash": published.hash}
        return json_response(201, {"snapshot": summary}, measured_headers(published.bookmark, usage.all_ms()))


def summary_of(published: Published) -> dict[str, object]:
    """Return a snapshot as the answers to writes show it."""
    return {
        "bookmark": str(published.bookmark),
        "rows": published.bookmark.seq,
        "bytes": published.size_bytes,
        "build": published.build,
    }


def measured_headers(bookmark: Bookmark, timings_ms: dict[str, float]) -> dict[str, str]:
    """Return the headers of a write's answer."""
    return {"snapshot-bookmark": str(bookmark), "server-timing": server_timing(timings_ms)}


def full_of(body: dict[str, object]) -> bool:
    """Return what a body asks for. Raises Problem (422) for anything but {} and {"full": true or false}."""
    errors = [field_error(name, body[name], "only full") for name in body if name != "full"]
    full = body.get("full", False)
    if not isinstance(full, bool):
        errors.append(field_error("full", full, "true or false"))
    if errors:
        raise invalid("invalid-content", errors)
    return bool(full)
