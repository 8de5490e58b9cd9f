"""POST /insert: which rows a body asks for, their append, and the snapshot that shows them.

An append that committed is acknowledged whatever happens to publishing; the next publish includes it.
"""

from __future__ import annotations

import json
import logging
import random
from typing import TYPE_CHECKING

from handlers.api.publish import REMEDY, summary_of, written_response
from handlers.domain.hashes import blake2b
from handlers.domain.lag import Lag
from handlers.domain.problem import field_error, invalid
from handlers.gateway.negotiation import prefers_async
from handlers.ledger.idempotency import Call
from handlers.routes import MAX_INSERT_ROWS, MAX_KEY_CHARACTERS
from handlers.rows import MODEL
from handlers.snapshots.published import DivergedError
from handlers.telemetry.log import WELL
from handlers.telemetry.usage import Usage

if TYPE_CHECKING:
    from collections.abc import Callable

    from handlers.aws.dynamodb import Deadline
    from handlers.gateway.request import Request
    from handlers.gateway.response import Response
    from handlers.ledger.appender import Appended, Appender
    from handlers.model.model import Draft
    from handlers.snapshots.publish import Publisher
    from handlers.snapshots.published import Published

ALLOWED_COUNT = f"an integer from 1 to {MAX_INSERT_ROWS}"
DIVERGED = "The rows are in the ledger, but in no snapshot: what is published is of another history"
NOT_PUBLISHED = "The rows are in the ledger, but no snapshot is known to hold them yet; the next publish includes them"

_log = logging.getLogger(__name__)


class Inserting:
    """The operation `insert`.

    Args:
        appender: writes to the ledger.
        publisher: makes snapshots of it; None leaves that to the projector.
        make_deadline: gives each request the limit of its work on the ledger.
    """

    def __init__(self, appender: Appender, publisher: Publisher | None, make_deadline: Callable[[], Deadline]) -> None:
        self._appender = appender
        self._publisher = publisher
        self._make_deadline = make_deadline

    def insert(self, request: Request) -> Response:
        """POST /insert: append rows and publish a snapshot with them."""
        usage = Usage()
        request.parameters(())
        body = request.json_object()
        drafts = drafts_of(body)
        key_call = call_of(request, body, drafts)
        usage.lap("parse")
        appended = self._appender.append(drafts, self._make_deadline(), key_call)
        usage.lap("append")
        is_async = prefers_async(request.headers.get("prefer", ""))
        if self._publisher is None or is_async:
            response = inserted_response(202, appended, usage)
            if is_async:
                response.headers["preference-applied"] = "respond-async"
            return response
        return inserted_response(201, appended, usage, *published_of(self._publisher, appended, usage))


def published_of(
    publisher: Publisher, appended: Appended, usage: Usage
) -> tuple[Published | None, tuple[str, str] | None]:
    """Return the snapshot with these rows, or None and the reason: in one word for the log, and for the client."""
    try:
        return publisher.publish(appended.bookmark, usage), None
    except DivergedError as error:
        _log.error("nothing was published: %s", error)
        return None, ("diverged", f"{DIVERGED}: {error}; {REMEDY}")
    except Exception:  # noqa: BLE001 - whatever it is, the rows are in and the client must hear so
        _log.exception("publishing failed; the rows are in the ledger")
        return None, ("not-published", NOT_PUBLISHED)


def inserted_response(
    status: int,
    appended: Appended,
    usage: Usage,
    published: Published | None = None,
    warning: tuple[str, str] | None = None,
) -> Response:
    """Return the answer to an insert: 201, or 202 where nobody waited for a snapshot."""
    timings = usage.timings()
    content: dict[str, object] = {
        "inserted": len(appended.ids),
        "ids": appended.ids,
        "bookmark": str(appended.bookmark),
        "snapshot": summary_of(published) if published else None,
        "timings_ms": timings.all_ms(),
    }
    headers: dict[str, str] = {}
    if published is not None and not published.missing_rows:
        headers |= Lag().header()  # it holds the ledger as it was just now
    if appended.is_replay:
        headers["idempotent-replayed"] = "true"
    outcome = WELL
    if warning is not None:
        outcome, content["warning"] = warning
    response = written_response(status, appended.bookmark, content, timings, headers)
    response.outcome = outcome
    return response


def drafts_of(body: dict[str, object]) -> list[Draft]:
    """Return the rows that a body asks for.

    `{}` is one random row, `{"count": n}` n of them, `{"items": […]}` these, anything else one row.

    Raises Problem (422) that names every wrong field.
    """
    if not body:
        return _random_drafts(1)
    if "count" in body or "items" in body:
        _reject_others(body, "count" if "count" in body else "items")
    if "count" in body:
        return _random_drafts(_count(body["count"]))
    if "items" in body:
        return _items(body["items"])
    draft, errors = MODEL.parse_draft(body, "")
    if draft is None:
        raise invalid("invalid-content", errors)
    return [draft]


def call_of(request: Request, body: dict[str, object], drafts: list[Draft]) -> Call | None:
    """Return the call's Idempotency-Key and the hash of what it asks for: `1` and `1.0` are one number.

    Raises Problem (400) for a key that cannot be one.
    """
    key = request.headers.get("idempotency-key")
    if key is None:
        return None
    if not (key.isascii() and key.isprintable() and 1 <= len(key.strip()) <= len(key) <= MAX_KEY_CHARACTERS):
        allowed = f"1 to {MAX_KEY_CHARACTERS} printable ASCII characters"
        raise invalid("malformed-request", [field_error("Idempotency-Key", key, allowed)])
    is_random = not body or "count" in body
    meaning = len(drafts) if is_random else [MODEL.meaning(draft) for draft in drafts]
    return Call(key, blake2b(json.dumps(meaning, sort_keys=True).encode(), digest_size=16).hexdigest())


def _random_drafts(count: int) -> list[Draft]:
    generator = random.Random()  # noqa: S311 - test data, no secret
    return [MODEL.random_draft(generator) for _ in range(count)]


def _reject_others(body: dict[str, object], name: str) -> None:
    errors = [field_error(other, body[other], f"nothing beside {name}") for other in body if other != name]
    if errors:
        raise invalid("invalid-content", errors)


def _count(got: object) -> int:
    if isinstance(got, bool) or not isinstance(got, int) or not 1 <= got <= MAX_INSERT_ROWS:
        raise invalid("invalid-content", [field_error("count", got, ALLOWED_COUNT)])
    return got


def _items(got: object) -> list[Draft]:
    items: list[object] = got if isinstance(got, list) else []  # pyright: ignore[reportUnknownVariableType] - JSON
    if not 1 <= len(items) <= MAX_INSERT_ROWS:
        found = len(items) if isinstance(got, list) else got
        raise invalid("invalid-content", [field_error("items", found, f"an array of 1 to {MAX_INSERT_ROWS} objects")])
    drafts: list[Draft] = []
    errors: list[dict[str, str]] = []
    for number, item in enumerate(items):
        draft, wrong = _item(item, f"items[{number}]")
        errors += wrong
        if draft is not None:
            drafts.append(draft)
    if errors:
        raise invalid("invalid-content", errors)
    return drafts


def _item(item: object, where: str) -> tuple[Draft | None, list[dict[str, str]]]:
    if not isinstance(item, dict):
        return None, [field_error(where, item, "an object")]
    return MODEL.parse_draft(item, where + ".")  # pyright: ignore[reportUnknownArgumentType] - JSON objects have string keys
