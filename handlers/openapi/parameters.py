"""The parameters and headers of the API's description."""

from __future__ import annotations

from handlers.domain.paging import DEFAULT_LIMIT, MAX_LIMIT
from handlers.domain.timestamps import TIME_ALLOWED
from handlers.openapi.access import ACCESS_ID, TENANT, TENANT_EXAMPLE
from handlers.openapi.columns import filter_parameters
from handlers.openapi.measurements import ID as BENCHMARK_ID
from handlers.openapi.schemas import BOOKMARK_EXAMPLE, ID, TEXT, TIME_EXAMPLE, Schema, ref
from handlers.routes import MAX_KEY_CHARACTERS

_TIME_BOUND: Schema = {"type": "string", "format": "date-time"}
_TAG = f'W/"{BOOKMARK_EXAMPLE}-0123456789abcdef"'

# name: (where, schema, example, description)
PARAMETERS: dict[str, tuple[str, Schema, object, str]] = {
    "limit": (
        "query",
        {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT},
        DEFAULT_LIMIT,
        "How many entries a page holds at most.",
    ),
    "cursor": (
        "query",
        {"type": "string", "minLength": 1},
        None,
        "Goes on where the page ended whose `next` this is; for rows on any path, with the same order and filters.",
    ),
    "order": (
        "query",
        ref("Order"),
        "asc",
        "Newest first where it is not given.",
    ),
    **filter_parameters(),
    "from": ("query", _TIME_BOUND, TIME_EXAMPLE, f"Only rows created then or later: {TIME_ALLOWED}."),
    "to": ("query", _TIME_BOUND, "2026-02-01T00:00:00+01:00", f"Only rows created earlier: {TIME_ALLOWED}."),
    "as_of": (
        "query",
        ref("Bookmark"),
        BOOKMARK_EXAMPLE,
        "Read exactly this point of the history that is served; the answer never changes. One beyond the newest is "
        "waited for as with Min-Bookmark.",
    ),
    "fresh": (
        "query",
        {"type": "string", "const": "1"},
        "1",
        "Read on in the ledger where the snapshot ends: complete without waiting for a publish. ddb always is.",
    ),
    "refresh": (
        "query",
        {"type": "string", "const": "1"},
        "1",
        "Forget the copies first, so that this read makes those that it needs anew: to measure that.",
    ),
    "id": ("path", ID, None, "The row's id."),
    "benchmark-id": ("path", BENCHMARK_ID, None, "The benchmark's id."),
    "job-id": ("path", ID, None, "The job's id."),
    "access-id": ("path", ACCESS_ID, None, "The id of a code or a session."),
    "tenant": ("query", TENANT, TENANT_EXAMPLE, "Whose codes or sessions; it has to be given."),
    "state": ("query", ref("JobState"), "failed", "Only jobs in this state; from an index that is a moment late."),
    "Min-Bookmark": (
        "header",
        ref("Bookmark"),
        BOOKMARK_EXAMPLE,
        "The answer must hold at least this: the read waits for it up to 2 s, then answers 503. A bookmark of a "
        "replaced ledger gets 409. 0.0 is always satisfied.",
    ),
    "If-None-Match": (
        "header",
        TEXT,
        _TAG,
        "Entity tags the client has answers of, or *: 304 where one of them is current.",
    ),
    "Idempotency-Key": (
        "header",
        {"type": "string", "maxLength": MAX_KEY_CHARACTERS, "pattern": "^[!-~]([ -~]*[!-~])?$"},
        "order-4711",
        "Makes a retry safe for 24 hours: the same key and body give the same answer, another body gets 409.",
    ),
    "Prefer": (
        "header",
        TEXT,
        "respond-async",
        "respond-async: do not wait for the snapshot of what is appended, or for a rebuild; the answer is then 202.",
    ),
}

NAMES = {
    "benchmark-id": "id",
    "job-id": "id",
    "access-id": "id",
}  # where a parameter's own name stands for something else elsewhere
REQUIRED = ("tenant",)  # of those that are not in the path

# name: (schema, description, whether every such answer has it)
HEADERS: dict[str, tuple[Schema, str, bool]] = {
    "Snapshot-Bookmark": (ref("Bookmark"), "What the answer holds, or what the write reached.", True),
    "ETag": ({"type": "string", "pattern": '^W/".+"$'}, "Of bookmark, path and query; weak.", True),
    "Server-Timing": (TEXT, "`timings_ms` again, for browsers and proxies.", True),
    "Consumed": (TEXT, "`consumed` again, as an RFC 8941 dictionary; null is left out.", True),
    "Cache-Control": (
        TEXT,
        "no-cache: ask again with If-None-Match; s-maxage: so do shared caches, after so many seconds; immutable: of "
        "what anybody may ask `as_of` a bookmark; private: only the caller may keep it.",
        True,
    ),
    "Vary": (TEXT, "What of the request decides on the answer's form.", True),
    "Content-Encoding": ({"type": "string", "const": "gzip"}, "Of a large answer, where it is accepted.", False),
    "Content-Security-Policy": (TEXT, "Of the page: its own style, and nothing else.", False),
    "X-Content-Type-Options": ({"type": "string", "const": "nosniff"}, "Of the page.", False),
    "Retry-After": ({"type": "integer", "minimum": 1}, "Seconds after which the request can work.", True),
    "Location": (
        {
            "type": "string",
            "pattern": "^/((benchmarks|jobs)/[0-9A-Z]+|access/codes/[0-9a-f]{32}|sessions/current)$",
        },
        "Where the benchmark, the job, the code or the session is.",
        True,
    ),
    "Set-Cookie": (TEXT, "The session's token for browsers; or, once it has ended, that they forget it.", True),
    "Clear-Site-Data": ({"type": "string", "const": '"cache"'}, "The browser forgets what it has read.", True),
    "Allow": (TEXT, "The methods of this path.", True),
    "Preference-Applied": ({"type": "string", "const": "respond-async"}, "The preference was followed.", False),
    "Snapshot-Lag": (
        TEXT,
        "How far the newest snapshot is behind the ledger, where that is known: `rows=12, seconds=3.4` (RFC 9651).",
        False,
    ),
    "Idempotent-Replayed": ({"type": "string", "const": "true"}, "An earlier call with this key did it.", False),
}


def parameters() -> dict[str, object]:
    """Return `components.parameters` of the description."""
    return {name: _parameter(name) for name in PARAMETERS}


def headers() -> dict[str, object]:
    """Return `components.headers` of the description."""
    return {
        name: {"description": description, "required": always, "schema": schema}
        for name, (schema, description, always) in HEADERS.items()
    }


def _parameter(name: str) -> Schema:
    place, schema, example, description = PARAMETERS[name]
    parameter: Schema = {"name": NAMES.get(name, name), "in": place, "description": description, "schema": schema}
    if place == "path" or name in REQUIRED:
        parameter["required"] = True
    return parameter if example is None else parameter | {"example": example}
