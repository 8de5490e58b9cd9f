"""The schemas of what is published, and of health."""

from __future__ import annotations

from handlers.openapi.schemas import (
    AMOUNT,
    BOOKMARK_EXAMPLE,
    COUNT,
    TEXT,
    TIME,
    Schema,
    array,
    choice,
    closed,
    nullable,
    record,
    ref,
)
from handlers.rows import MODEL
from handlers.telemetry.runtime import VERSION

BUILD_EXAMPLE: Schema = {
    "version": VERSION,
    "python": "3.13.0",
    "sqlite": "3.40.0",
    "region": "eu-central-1",
    "memory_mb": 1024,
    "architecture": "aarch64",
}
HASH: Schema = {"type": "string", "pattern": "^[0-9a-f]{32}$", "description": "Order-independent hash of all rows."}
DIGEST: Schema = {"type": "string", "pattern": "^[0-9a-f]{16}$", "description": "BLAKE2b over the file's bytes."}


def status_schemas() -> dict[str, Schema]:
    """Return the snapshots' and health's part of `components.schemas`."""
    return {**_snapshots(), "Build": _build(), "Lag": _lag(), **_verified(), "Health": _health()}


def _snapshots() -> dict[str, Schema]:
    members: dict[str, Schema] = {"bookmark": ref("Bookmark"), "rows": COUNT, "bytes": COUNT}
    built: dict[str, Schema] = {
        "segments": COUNT | {"description": "How many files hold it."},
        "build": ref("BuildKind"),
        "written_bytes": COUNT | {"description": "How much was written to publish it."},
    }
    full: Schema = {"type": "boolean", "description": "Build all of it anew from the ledger; without it, false."}
    new_epoch: Schema = {
        "type": "boolean",
        "description": "Make the ledger at hand the newest history, whatever is published; without it, false.",
    }
    segment = record({"first": COUNT, "last": COUNT, "bytes": COUNT, "digest": DIGEST})
    return {
        "BuildKind": choice(("full", "incremental", "none"), "How it was built; none: it was there."),
        "InsertedSnapshot": record({**members, **built}),
        "Publication": closed(record({}, {"full": full, "new_epoch": new_epoch}, {"full": True})),
        "PublishedSnapshot": record({**members, "hash": HASH, **built}),
        "Published": record({"snapshot": ref("PublishedSnapshot")}),
        "ListedSegment": segment | {"description": "The rows first to last, in one file."},
        "ListedSnapshot": record(
            {**members, "hash": HASH, "published_at": TIME, "segments": array(ref("ListedSegment"))}
        ),
        "Snapshots": record({"snapshots": array(ref("ListedSnapshot"))}),
    }


def _build() -> Schema:
    place: dict[str, Schema] = {
        "region": nullable(TEXT),
        "memory_mb": nullable(COUNT),
        "architecture": nullable(TEXT),
    }
    return record({"version": TEXT, "python": TEXT, "sqlite": TEXT, **place}, example=BUILD_EXAMPLE)


def _lag() -> Schema:
    seconds = AMOUNT | {"description": "Since the oldest of them was written."}
    return record({"rows": COUNT | {"description": "Those that no snapshot holds."}, "seconds": seconds})


def _verified() -> dict[str, Schema]:
    fault = nullable(TEXT) | {"description": "What does not agree."}
    last_fault = nullable(TEXT) | {"description": "The last fault ever found at this level."}
    finding = record(
        {
            "bookmark": ref("Bookmark"),
            "checked_at": TIME,
            "is_right": {"type": "boolean"},
            "fault": fault,
            "last_fault": last_fault,
            "last_fault_at": nullable(TIME),
        }
    )
    verified = record({level: nullable(ref("Finding")) for level in ("quick", "full")})
    return {
        "Finding": finding | {"description": "The last outcome of one level of verification."},
        "Verified": verified | {"description": "command only: the last findings; null where there is none."},
    }


def _health() -> Schema:
    retries = COUNT | {
        "description": "query: reads tried again because a file was deleted meanwhile; relational: connections lost."
    }
    columns: Schema = {
        "type": "integer",
        "minimum": 1,
        "description": "The columns it runs with; others, other number.",
    }
    members: dict[str, Schema] = {
        "status": {"type": "string", "const": "ok"},
        "role": choice(("command", "query", "relational")),
        "build": ref("Build"),
        "columns": columns,
        "bookmark": ref("Bookmark"),
    }
    example = {
        "status": "ok",
        "role": "query",
        "build": BUILD_EXAMPLE,
        "columns": MODEL.rows_version,
        "bookmark": BOOKMARK_EXAMPLE,
        "retries": 0,
    }
    of_command: dict[str, Schema] = {
        "hash": nullable(HASH)
        | {"description": "command only: the content hash of the ledger's rows; null in a change of columns."},
        "snapshot": nullable(ref("Bookmark")) | {"description": "command only: the newest that is published."},
        "lag": nullable(ref("Lag")) | {"description": "command only."},
        "diverged": nullable({"type": "boolean"})
        | {"description": "command only: what is published is of another history than the ledger."},
        "verified": ref("Verified"),
    }
    return record(members, {"retries": retries, **of_command}, example)
