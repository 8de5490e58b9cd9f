"""The body of POST /insert: which rows, and what makes two bodies the same."""

from __future__ import annotations

import json
import random
from hashlib import blake2b

from handlers import rows
from handlers.domain.problem import field_error, invalid
from handlers.ledger.idempotency import Call
from handlers.routes import MAX_INSERT_ROWS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from handlers.api.request import Request
    from handlers.rows import Draft

ALLOWED_COUNT = f"an integer from 1 to {MAX_INSERT_ROWS}"
MAX_KEY_CHARACTERS = 255


def drafts_of(body: dict[str, object]) -> list[Draft]:
    """The rows that a body asks for: `{}` one random row, `{"count": n}` n of them, `{"items": […]}` these, else one.

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
    draft, errors = rows.parse_draft(body, "")
    if draft is None:
        raise invalid("invalid-content", errors)
    return [draft]


def call_of(request: Request, body: dict[str, object]) -> Call | None:
    """The call's Idempotency-Key and the hash of its body. Raises Problem (400) for a key that cannot be one."""
    key = request.headers.get("idempotency-key")
    if key is None:
        return None
    if not (key.isascii() and key.isprintable() and 1 <= len(key.strip()) <= len(key) <= MAX_KEY_CHARACTERS):
        allowed = f"1 to {MAX_KEY_CHARACTERS} printable ASCII characters"
        raise invalid("malformed-request", [field_error("Idempotency-Key", key, allowed)])
    canonical = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return Call(key, blake2b(canonical.encode(), digest_size=16).hexdigest())


def prefers_async(request: Request) -> bool:
    """Whether the client prefers `respond-async`. Source: RFC 7240, section 4.1; other preferences are ignored."""
    preferences = request.headers.get("prefer", "").split(",")
    return any(preference.partition(";")[0].strip().lower() == "respond-async" for preference in preferences)


def _random_drafts(count: int) -> list[Draft]:
    generator = random.Random()  # noqa: S311 - test data, no secret
    return [rows.random_draft(generator) for _ in range(count)]


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
    return rows.parse_draft(item, where + ".")  # pyright: ignore[reportUnknownArgumentType] - JSON objects have string keys
