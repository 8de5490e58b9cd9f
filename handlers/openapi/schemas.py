"""The JSON Schemas of the API's description, each with an example. What a row holds comes from `rows.py`."""

from __future__ import annotations

import json
from random import Random

from handlers import rows
from handlers.domain.problem import KINDS, SHOWN_ERRORS, TYPE_PREFIX
from handlers.routes import MAX_INSERT_ROWS, SOURCES
from handlers.telemetry.runtime import VERSION

Schema = dict[str, object]

BOOKMARK_PATTERN = r"^(0|[1-9][0-9]{0,15})\.(0|[1-9][0-9]{0,11})$"
BOOKMARK_EXAMPLE = "1767225600000.3"
ID_EXAMPLE = "01KDVDNW00AYEYAEJN3YJ8N6R4"
TIME_EXAMPLE = "2026-01-01T00:00:00.000Z"
DRAFT_EXAMPLE = rows.draft_fields(rows.random_draft(Random(1)))  # noqa: S311 - an example, no secret
BUILD_EXAMPLE: Schema = {
    "version": VERSION,
    "python": "3.13.0",
    "sqlite": "3.40.0",
    "region": "eu-central-1",
    "memory_mb": 1024,
    "architecture": "aarch64",
}

BOOKMARK: Schema = {
    "type": "string",
    "pattern": BOOKMARK_PATTERN,
    "description": "A point in a ledger's history, <epoch>.<seq>: the rows 1 to seq of that ledger.",
    "examples": [BOOKMARK_EXAMPLE],
}
ID: Schema = {
    "type": "string",
    "pattern": "^[0-9A-HJKMNP-TV-Z]{26}$",
    "description": "A ULID.",
    "examples": [ID_EXAMPLE],
}
TIME: Schema = {
    "type": "string",
    "format": "date-time",
    "description": "UTC, ISO 8601, milliseconds.",
    "examples": [TIME_EXAMPLE],
}
COUNT: Schema = {"type": "integer", "minimum": 0}
HASH: Schema = {"type": "string", "pattern": "^[0-9a-f]{32}$", "description": "Order-independent hash of all rows."}
BUILD: Schema = {"enum": ["full", "incremental", "none"], "description": "How it was built; none: it was there."}


def schemas() -> dict[str, Schema]:
    """`components.schemas` of the description."""
    return {
        "Bookmark": BOOKMARK,
        "Timings": {
            "type": "object",
            "description": "Milliseconds by phase, and the total.",
            "additionalProperties": {"type": "number", "minimum": 0},
            "required": ["total"],
            "examples": [{"check": 0.7, "query": 0.06, "total": 0.8}],
        },
        "Draft": record(rows.DRAFT_SCHEMA, example=DRAFT_EXAMPLE),
        "Row": record({"id": ID, **rows.DRAFT_SCHEMA, "created_at": TIME}, example=_row_example()),
        **_insertion(),
        **_snapshots(),
        **_reads(),
        "Build": _build(),
        "Health": _health(),
        "Problem": _problem(),
    }


def ref(name: str, kind: str = "schemas") -> Schema:
    """A reference to a component."""
    return {"$ref": f"#/components/{kind}/{name}"}


def record(properties: dict[str, Schema], optional: dict[str, Schema] | None = None, example: object = None) -> Schema:
    """An object with exactly these properties."""
    schema: Schema = {
        "type": "object",
        "properties": properties | (optional or {}),
        "required": list(properties),
        "additionalProperties": False,
    }
    return schema if example is None else schema | {"examples": [example]}


def nullable(schema: Schema) -> Schema:
    """This or null."""
    return {"anyOf": [schema, {"type": "null"}]}


def array(items: Schema) -> Schema:
    """A list of these."""
    return {"type": "array", "items": items}


def _row_example() -> object:
    (draft, _errors) = rows.parse_draft(DRAFT_EXAMPLE, "")
    return json.loads(rows.json_text(rows.row_of(3, ID_EXAMPLE, draft, TIME_EXAMPLE))) if draft else None


def _insertion() -> dict[str, Schema]:
    many = array(ref("Draft")) | {"minItems": 1, "maxItems": MAX_INSERT_ROWS}
    count: Schema = {"type": "integer", "minimum": 1, "maximum": MAX_INSERT_ROWS}
    published = record({"bookmark": ref("Bookmark"), "rows": COUNT, "bytes": COUNT, "build": BUILD})
    return {
        "Insertion": {
            "description": "One row; several; so many random ones; nothing: one random row.",
            "anyOf": [
                ref("Draft"),
                record({"items": many}, example={"items": [DRAFT_EXAMPLE]}),
                record({"count": count}, example={"count": 3}),
                {"type": "object", "maxProperties": 0},
            ],
        },
        "Inserted": record(
            {
                "inserted": {"type": "integer", "minimum": 1, "maximum": MAX_INSERT_ROWS},
                "ids": array(ID),
                "bookmark": ref("Bookmark"),
                "snapshot": nullable(published),
                "timings_ms": ref("Timings"),
            },
            {"warning": {"type": "string", "description": "The rows are in the ledger, but not in a snapshot yet."}},
        ),
    }


def _snapshots() -> dict[str, Schema]:
    members: dict[str, Schema] = {"bookmark": ref("Bookmark"), "rows": COUNT, "bytes": COUNT, "hash": HASH}
    digest: Schema = {"type": "string", "pattern": "^[0-9a-f]{16}$", "description": "BLAKE2b over the file's bytes."}
    return {
        "Publication": record({}, {"full": {"type": "boolean", "default": False}}, {"full": True}),
        "Published": record({"snapshot": record({**members, "build": BUILD})}),
        "Snapshots": record({"snapshots": array(record({**members, "digest": digest, "published_at": TIME}))}),
    }


def _reads() -> dict[str, Schema]:
    common: dict[str, Schema] = {"source": {"enum": list(SOURCES)}, "bookmark": ref("Bookmark")}
    measured: dict[str, Schema] = {"timings_ms": ref("Timings"), "consumed": ref("Consumed")}
    copied = nullable(record({"bytes": COUNT, "ms": {"type": "number", "minimum": 0}, "remaining_bytes": COUNT}))
    copy: dict[str, Schema] = {
        "copy": copied | {"description": "sqlite-tmp only: what this read copied; read from EFS while bytes remain."}
    }
    cursor = nullable({"type": "string", "description": "Give it back as `cursor`; null at the end."})
    number, time = nullable({"type": "number"}), nullable(TIME)
    stats = record(
        {"count": COUNT, "min": number, "max": number, "avg": number, "first_created_at": time, "last_created_at": time}
    )
    page: dict[str, Schema] = {"count": COUNT, "data": array(ref("Row")), "next": cursor}
    scanned: dict[str, Schema] = {
        "scanned_rows": COUNT | {"description": "ddb with a filter only: how many rows were looked at for this page."}
    }
    return {
        "Page": record({**common, **page, **measured}, copy | scanned),
        "OneRow": record({**common, "data": ref("Row"), **measured}, copy),
        "Stats": record({**common, "stats": stats, **measured}, copy),
    }


def _build() -> Schema:
    text: Schema = {"type": "string"}
    place: dict[str, Schema] = {
        "region": nullable(text),
        "memory_mb": nullable(COUNT),
        "architecture": nullable(text),
    }
    return record({"version": text, "python": text, "sqlite": text, **place}, example=BUILD_EXAMPLE)


def _health() -> Schema:
    return record(
        {
            "status": {"const": "ok"},
            "role": {"enum": ["command", "query"]},
            "build": ref("Build"),
            "bookmark": ref("Bookmark"),
        },
        {"retries": COUNT | {"description": "query only: reads tried again because a file was deleted meanwhile."}},
        {
            "status": "ok",
            "role": "query",
            "build": BUILD_EXAMPLE,
            "bookmark": BOOKMARK_EXAMPLE,
            "retries": 0,
        },
    )


def _problem() -> Schema:
    text: Schema = {"type": "string"}
    error = record({"field": text, "got": text | {"description": "As JSON, shortened."}, "allowed": text})
    members: dict[str, Schema] = {
        "type": {"enum": [TYPE_PREFIX + kind for kind in KINDS]},
        "title": text,
        "status": {"enum": sorted({status for status, _ in KINDS.values()})},
        "detail": text,
        "instance": text | {"description": "The request's id."},
    }
    optional: dict[str, Schema] = {
        "errors": array(error) | {"minItems": 1, "maxItems": SHOWN_ERRORS, "description": "The wrong fields."},
        "inserted": COUNT | {"description": "How many rows of a call that was cut short are in the ledger."},
        "ids": array(ID) | {"description": "Their ids."},
    }
    return record(members, optional) | {"description": "RFC 9457."}
