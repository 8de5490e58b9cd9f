"""The rows of a table as text: CSV as PostgreSQL's COPY reads it, or a JSON object a line."""

from __future__ import annotations

import base64
import datetime as dt
import json
import math
from collections.abc import Callable, Sequence
from typing import Literal

from console.migration.kinds import Kind, TargetValue
from console.migration.plan import PlannedColumn

Format = Literal["csv", "ndjson"]
FORMATS: tuple[Format, ...] = ("csv", "ndjson")
LINE_BREAKS = str.maketrans("\r\n", "  ")  # in JSON these are white space and nothing else
Write = Callable[[Sequence[TargetValue]], str]


def header(form: Format, columns: Sequence[PlannedColumn]) -> str:
    """Return what stands before the rows."""
    return ",".join(_quoted(column.target) for column in columns) + "\n" if form == "csv" else ""


def row_writer(form: Format, columns: Sequence[PlannedColumn]) -> Write:
    """Return what makes a row its line."""
    kinds: list[Kind] = [column.kind for column in columns]
    if form == "csv":
        return lambda row: ",".join(_cell(kind, value) for kind, value in zip(kinds, row, strict=True)) + "\n"
    names = [json.dumps(column.target, ensure_ascii=False) for column in columns]
    return lambda row: _object(names, kinds, row)


def _object(names: Sequence[str], kinds: Sequence[Kind], row: Sequence[TargetValue]) -> str:
    members = (f"{name}:{_json(kind, value)}" for name, kind, value in zip(names, kinds, row, strict=True))
    return "{" + ",".join(members) + "}\n"


def _cell(kind: Kind, value: TargetValue) -> str:
    """Return a cell: nothing for NULL, and every text in quotes, so that an empty one is none."""
    if value is None:
        return ""
    if isinstance(value, bytes):
        return f"\\x{value.hex()}"
    return _quoted(value) if isinstance(value, str) else _plain(kind, value)


def _json(kind: Kind, value: TargetValue) -> str:
    if value is None:
        return "null"
    if isinstance(value, bytes):
        return json.dumps(base64.b64encode(value).decode())
    if kind == "jsonb":
        return str(value).translate(LINE_BREAKS)
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    is_number = kind in ("bigint", "boolean") or (isinstance(value, float) and math.isfinite(value))
    return _plain(kind, value) if is_number else json.dumps(_plain(kind, value))


def _plain(kind: Kind, value: TargetValue) -> str:
    if kind == "boolean":
        return "true" if value else "false"
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else "Infinity" if value > 0 else "-Infinity"
    return str(value)


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
