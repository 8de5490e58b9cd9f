"""The named JSON Schemas of the API's description. What a row holds comes from `rows.py`.

They keep to what client generators understand: every object has a name, a type is said outright, null is one more
type, and answers are open, so that a client made today reads the members of tomorrow. What is sent is closed, because
the API refuses what it does not know.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from handlers.domain.problem import KINDS, SHOWN_ERRORS, TYPE_PREFIX
from handlers.openapi.columns import draft_example, given_schema, row_example, shown_schema
from handlers.routes import HOMES, MAX_INSERT_ROWS, SOURCES
from handlers.rows import MODEL

if TYPE_CHECKING:
    from collections.abc import Iterable

Schema = dict[str, object]

BOOKMARK_PATTERN = r"^(0|[1-9][0-9]{0,15})\.(0|[1-9][0-9]{0,11})$"
BOOKMARK_EXAMPLE = "1767225600000.3"
ID_EXAMPLE = "01KDVDNW00AYEYAEJN3YJ8N6R4"
TIME_EXAMPLE = "2026-01-01T00:00:00.000Z"
DRAFT_EXAMPLE = draft_example()

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
TEXT: Schema = {"type": "string"}
NUMBER: Schema = {"type": "number", "format": "double"}
AMOUNT: Schema = NUMBER | {"minimum": 0}
COUNT: Schema = {"type": "integer", "minimum": 0}


def schemas() -> dict[str, Schema]:
    """Return the data model's, the reads' and the inserts' part of `components.schemas`."""
    return {
        "Bookmark": BOOKMARK,
        "Source": choice(SOURCES),
        "Home": choice(HOMES, "postgres: where the stack's setting asks for it."),
        "Timings": _timings(),
        "Draft": _draft(),
        "Row": record(
            {"id": ID, **{column.name: shown_schema(column) for column in MODEL.columns}, "created_at": TIME},
            example=row_example(ID_EXAMPLE, TIME_EXAMPLE),
        ),
        **_insertion(),
        **_reads(),
        "FieldError": record({"field": TEXT, "got": TEXT | {"description": "As JSON, shortened."}, "allowed": TEXT}),
        "Problem": _problem(),
        **_index(),
    }


def ref(name: str, kind: str = "schemas") -> Schema:
    """Return a reference to a component."""
    return {"$ref": f"#/components/{kind}/{name}"}


def record(properties: dict[str, Schema], optional: dict[str, Schema] | None = None, example: object = None) -> Schema:
    """Return an object with these properties; it may have others."""
    schema: Schema = {
        "type": "object",
        "properties": properties | (optional or {}),
        "required": list(properties),
    }
    return schema if example is None else schema | {"examples": [example]}


def closed(schema: Schema) -> Schema:
    """Return this object without room for other properties."""
    return schema | {"additionalProperties": False}


def choice(texts: Iterable[str], description: str = "") -> Schema:
    """Return one of these texts."""
    schema: Schema = {"type": "string", "enum": list(texts)}
    return schema | {"description": description} if description else schema


def nullable(schema: Schema) -> Schema:
    """Return this or null: one more type of a plain type, an alternative to a reference."""
    return schema | {"type": [schema["type"], "null"]} if "type" in schema else {"anyOf": [schema, {"type": "null"}]}


def array(items: Schema) -> Schema:
    """Return a list of these."""
    return {"type": "array", "items": items}


def _timings() -> Schema:
    return {
        "type": "object",
        "description": "Milliseconds by phase (of a read: `check` looks for a newer snapshot, `open` and `copy` take "
        "it over, `close` gives back what it replaces, `ledger` reads DynamoDB, `query` is the rest), and the total.",
        "properties": {"total": AMOUNT},
        "required": ["total"],
        "additionalProperties": AMOUNT,
        "examples": [{"check": 0.7, "query": 0.06, "total": 0.8}],
    }


def _draft() -> Schema:
    given = {column.name: given_schema(column) for column in MODEL.columns}
    required = {column.name for column in MODEL.columns if column.required}
    return closed(
        record(
            {name: schema for name, schema in given.items() if name in required},
            {name: schema for name, schema in given.items() if name not in required},
            DRAFT_EXAMPLE,
        )
    )


def _insertion() -> dict[str, Schema]:
    many = array(ref("Draft")) | {"minItems": 1, "maxItems": MAX_INSERT_ROWS}
    count: Schema = {"type": "integer", "minimum": 1, "maximum": MAX_INSERT_ROWS}
    warning = TEXT | {"description": "The rows are in the ledger, but in no snapshot: why, and what helps."}
    return {
        "Insertion": {
            "description": "One row; several; so many random ones; nothing: one random row.",
            "anyOf": [ref("Draft"), ref("Drafts"), ref("RandomRows")],
        },
        "Drafts": closed(record({"items": many}, example={"items": [DRAFT_EXAMPLE]})),
        "RandomRows": closed(record({}, {"count": count | {"description": "Without it, 1."}}, {"count": 3})),
        "Inserted": record(
            {
                "inserted": count,
                "ids": array(ID),
                "bookmark": ref("Bookmark"),
                "snapshot": nullable(ref("InsertedSnapshot")),
                "timings_ms": ref("Timings"),
            },
            {"warning": warning},
        ),
    }


def _reads() -> dict[str, Schema]:
    common: dict[str, Schema] = {"source": ref("Home"), "bookmark": ref("Bookmark")}
    measured: dict[str, Schema] = {"timings_ms": ref("Timings"), "consumed": ref("Consumed")}
    copied = "sqlite-tmp only: what this read copied; read from EFS while bytes remain."
    copy: dict[str, Schema] = {"copy": nullable(ref("Copy")) | {"description": copied}}
    cursor = nullable(TEXT) | {"description": "Give it back as `cursor`; null at the end."}
    number, time = nullable(NUMBER), nullable(TIME)
    page: dict[str, Schema] = {"count": COUNT, "data": array(ref("Row")), "next": cursor}
    scanned: dict[str, Schema] = {
        "scanned_rows": COUNT | {"description": "ddb with a filter only: how many rows were looked at for this page."}
    }
    return {
        "Order": choice(("desc", "asc"), "Newest first (desc) or oldest first, by sequence number."),
        "Copy": record({"bytes": COUNT, "ms": AMOUNT, "remaining_bytes": COUNT}),
        "Statistics": record(
            {"count": COUNT, "min": number, "max": number, "avg": number}
            | {"first_created_at": time, "last_created_at": time}
        ),
        "Page": record({**common, **page, **measured}, copy | scanned),
        "OneRow": record({**common, "data": ref("Row"), **measured}, copy),
        "Stats": record({**common, "stats": ref("Statistics"), **measured}, copy),
    }


def _problem() -> Schema:
    kinds = "; ".join(f"{TYPE_PREFIX}{kind}: {title}" for kind, (_, title) in KINDS.items())
    errors = array(ref("FieldError")) | {"minItems": 1, "maxItems": SHOWN_ERRORS, "description": "The wrong fields."}
    members: dict[str, Schema] = {
        "type": TEXT | {"format": "uri", "description": f"One of: {kinds}."},
        "title": TEXT,
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": TEXT,
        "instance": TEXT | {"description": "The request's id."},
    }
    cut_short: dict[str, Schema] = {
        "inserted": COUNT | {"description": "How many rows of a call that was cut short are in the ledger."},
        "ids": array(ID) | {"description": "Their ids."},
        "ids_in_doubt": array(ID) | {"description": "Of the rows after those: they may be in the ledger, or not."},
    }
    place: dict[str, Schema] = {
        "line": COUNT | {"description": "Of an SQL statement: where it is wrong, from 1."},
        "column": COUNT | {"description": "The character in that line, from 1."},
    }
    progress: dict[str, Schema] = {
        "rows": COUNT | {"description": "How many rows an SQL statement had found when it was given up."},
        "spent_ms": COUNT | {"description": "The time it had taken."},
        "vm_steps": COUNT | {"description": "About how many steps SQLite had made."},
    }
    return record(members, {"errors": errors, **cut_short, **place, **progress}) | {"description": "RFC 9457."}


def _index() -> dict[str, Schema]:
    homes = array(ref("Home")) | {"description": "Those that are here."}
    href = TEXT | {"description": "A path, relative to the index; `{id}` stands for an id."}
    return {
        "Link": record({"method": TEXT, "href": href, "operation": TEXT, "summary": TEXT}),
        "Index": record({"name": TEXT, "version": TEXT, "homes": homes, "links": array(ref("Link"))}),
        "Description": {"type": "object", "description": "OpenAPI 3.1."},
    }
