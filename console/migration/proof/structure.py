"""A table's form in PostgreSQL, held against the plan: columns beyond it, types, the primary key, the counter."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from psycopg import sql

from console.migration.plan import PlannedTable
from console.migration.targets.postgresql.connection import Connection
from console.wording import visible

TYPES = {"timestamptz": "timestamp with time zone", "timestamp": "timestamp without time zone"}
COLUMNS = """
SELECT attname::text, format_type(atttypid, atttypmod) FROM pg_attribute
WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped ORDER BY attnum
"""
KEY = """
SELECT attname::text FROM pg_index JOIN pg_attribute ON attrelid = indrelid AND attnum = ANY(indkey)
WHERE indrelid = to_regclass(%s) AND indisprimary ORDER BY array_position(indkey::int2[], attnum)
"""
COUNTER = "SELECT pg_sequence_last_value(pg_get_serial_sequence(%s, %s)::regclass)"


class TableForm:
    """The form of one table that is there with all columns."""

    def __init__(self, connection: Connection, schema: str, table: PlannedTable) -> None:
        self._connection = connection
        self._table = table
        self._place = sql.Identifier(schema, table.target)

    def faults(self) -> tuple[str, ...]:
        """Return what is not as planned, in words. Raises psycopg.Error."""
        return (*self._columns(), *self._key(), *self._counter())

    def _columns(self) -> Iterator[str]:
        planned = {column.target: TYPES.get(column.kind, column.kind) for column in self._table.columns}
        for name, type_name in self._all(COLUMNS):
            if name not in planned:
                yield f"the column {visible(name)} is not in the plan"
            elif type_name != planned[name]:
                yield f"the column {visible(name)} is {type_name}, not {planned[name]}"

    def _key(self) -> Iterator[str]:
        found = tuple(name for (name,) in self._all(KEY))
        if found != self._table.key:
            yield f"the primary key is {_shown(found)}, not {_shown(self._table.key)}"

    def _counter(self) -> Iterator[str]:
        identity = self._table.identity
        if identity is None:
            return
        ((last,),) = self._all(COUNTER, identity)
        column = sql.Identifier(identity)
        ((greatest,),) = self._connection.execute(
            sql.SQL("SELECT coalesce(max({}), 0) FROM {}").format(column, self._place)
        ).fetchall()
        if greatest > (last or 0):
            said = "is not set, or the user may not read it" if last is None else f"is at {last}"
            yield f"the counter of {visible(identity)} {said}; its greatest value is {greatest}"

    def _all(self, query: Any, *values: str) -> list[Any]:  # noqa: ANN401 - a text of SQL
        return self._connection.execute(query, (self._place.as_string(), *values)).fetchall()


def _shown(names: tuple[str, ...]) -> str:
    return ", ".join(map(visible, names)) or "none"
