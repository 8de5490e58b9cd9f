"""The schemas of statements and their answers."""

from __future__ import annotations

from handlers.domain.paging import DEFAULT_LIMIT, MAX_LIMIT
from handlers.openapi.schemas import COUNT, TEXT, Schema, array, closed, nullable, record, ref
from handlers.rows import MODEL
from handlers.sql.statement import MAX_SQL_CHARACTERS

STATEMENT_EXAMPLES: dict[str, object] = {
    "parameters by position": {
        "sql": f"SELECT id, created_at FROM {MODEL.sql_table} WHERE seq > ? ORDER BY seq DESC",  # noqa: S608 - an example
        "parameters": [1000],
        "limit": 10,
    },
    "parameters by name": {
        "sql": f"SELECT count(*) AS rows FROM {MODEL.sql_table} WHERE created_at >= :since",  # noqa: S608 - an example
        "parameters": {"since": "2026-01-01"},
    },
}


def sql_schemas() -> dict[str, Schema]:
    """Return the part of `components.schemas` that statements need."""
    value: Schema = {"type": ["string", "number", "boolean", "null"]}
    limit: Schema = {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT}
    about = (
        "Values of the statement's parameters: an array for `?` and `?1`, an object for `:name`, `@name` and `$name` "
        "without their first character. Integers have 64 bits; true is 1."
    )
    sql = TEXT | {
        "minLength": 1,
        "maxLength": MAX_SQL_CHARACTERS,
        "description": f"One statement that reads {MODEL.table}.",
    }
    shown = (
        "Rows as arrays, in the order of `columns`. A BLOB is base64, an infinite number the text Infinity or "
        "-Infinity, and what is not UTF-8 in a text is U+FFFD."
    )
    return {
        "Parameters": {"description": about, "anyOf": [ref("ParametersByPosition"), ref("ParametersByName")]},
        "ParametersByPosition": array(value),
        "ParametersByName": {"type": "object", "additionalProperties": value},
        "Statement": closed(record({"sql": sql}, {"parameters": ref("Parameters"), "limit": limit})),
        "ResultSet": record(
            {
                "source": ref("Source"),
                "bookmark": ref("Bookmark"),
                "columns": array(TEXT),
                "rows": array(array(value)) | {"description": shown},
                "count": COUNT,
                "truncated": {"type": "boolean", "description": "More rows follow than `limit`."},
                "timings_ms": ref("Timings"),
                "consumed": ref("Consumed"),
            },
            {"copy": nullable(ref("Copy")) | {"description": "sqlite-tmp only: what this read copied."}},
        ),
    }
