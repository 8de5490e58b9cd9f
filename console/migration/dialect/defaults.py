"""Defaults of columns, said in PostgreSQL."""

from __future__ import annotations

import datetime as dt

from console.migration.kinds import Kind, convert
from console.migration.sqlite.tokens import SqlToken, tokens

UTC_NOW = "(CURRENT_TIMESTAMP AT TIME ZONE 'UTC')"
# What a default of SQLite's says without its spaces and parentheses, in capitals.
NOW = frozenset({"CURRENT_TIMESTAMP", "DATETIME'NOW'", "DATETIME"})
TODAY = frozenset({"CURRENT_DATE", "DATE'NOW'"})
SECONDS = frozenset({"UNIXEPOCH", "UNIXEPOCH'NOW'", "STRFTIME'%S','NOW'", "CASTSTRFTIME'%S','NOW'ASINTEGER"})
CLOCKS: dict[tuple[str, Kind], str] = {
    ("now", "timestamptz"): "CURRENT_TIMESTAMP",
    ("now", "timestamp"): UTC_NOW,
    ("now", "date"): f"{UTC_NOW}::date",
    ("now", "text"): f"to_char{UTC_NOW[:-1]}, 'YYYY-MM-DD HH24:MI:SS')",
    ("today", "date"): f"{UTC_NOW}::date",
    ("today", "text"): f"to_char{UTC_NOW[:-1]}, 'YYYY-MM-DD')",
    ("seconds", "bigint"): "extract(epoch FROM CURRENT_TIMESTAMP)::bigint",
}


def target_default(sql: str, kind: Kind) -> str | None:
    """Return a column's default as SQL of PostgreSQL; None where it can have none such."""
    given = tokens(sql)
    said = "".join(token.text.upper() for token in given if token.text not in "()")
    clock = "now" if said in NOW else "today" if said in TODAY else "seconds" if said in SECONDS else ""
    if clock:
        return CLOCKS.get((clock, kind))
    if said in ("TRUE", "FALSE") and kind == "boolean":
        return said
    return _literal(given, kind)


def _literal(given: tuple[SqlToken, ...], kind: Kind) -> str | None:
    inner = tuple(token for token in given if token.text not in "()+")
    is_negative = len(inner) == 2 and inner[0].text == "-" and inner[1].type == "number"
    if not (is_negative or len(inner) == 1) or inner[-1].type not in ("string", "quoted", "number"):
        return None
    token = inner[-1]
    try:
        value = convert(kind, _number(token.text, is_negative=is_negative) if token.type == "number" else token.value)
    except ValueError:
        return None
    return _said(value)


def _number(text: str, *, is_negative: bool) -> int | float:
    sign = -1 if is_negative else 1
    return sign * (int(text, 0) if text.upper().startswith("0X") or text.isdigit() else float(text))


def _said(value: object) -> str:
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, str | dt.date):
        return "'" + str(value).replace("'", "''") + "'"
    return str(value)
