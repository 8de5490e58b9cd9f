"""A move's tables in PostgreSQL, read for the proof: all of them in one snapshot, row by row."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
from psycopg import IsolationLevel, sql

from console.errors import ConsoleError
from console.migration.plan import PlannedColumn, PlannedTable
from console.migration.targets.postgresql.connection import Connection, one_line
from console.wording import joined, visible

BATCH = 2_000  # rows a round trip


class PostgresTables:
    """The tables of a plan as they are in a schema, in one snapshot.

    Args:
        connection: not in a transaction yet, or in one that has read nothing.
        schema: their schema; empty: the first one of the user's search path.
    """

    def __init__(self, connection: Connection, schema: str = "") -> None:
        connection.rollback()
        connection.isolation_level = IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        connection.execute("SET LOCAL statement_timeout = 0")
        connection.execute("SET LOCAL timezone = 'UTC'")
        self._connection = connection
        self.schema: str = schema or self._one("SELECT current_schema()")

    def lack(self, table: PlannedTable) -> str:
        """Return what a table lacks to be compared, in words; nothing where it is all there."""
        found = self._connection.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_schema = %s AND table_name = %s",
            (self.schema, table.target),
        ).fetchall()
        if not found:
            return "is not there"
        missing = [column.target for column in table.columns if (column.target,) not in found]
        names = joined([visible(name) for name in missing])
        return f"lacks the column{'s' * (len(missing) > 1)} {names}" if missing else ""

    def count(self, table: PlannedTable) -> int:
        """Return how many rows a table has."""
        statement = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(self.schema, table.target))
        return self._one(statement)

    def rows(self, table: PlannedTable) -> Iterator[tuple[Any, ...]]:
        """Yield a table's rows in no order, their values in the plan's.

        Raises:
            ConsoleError: a value is none that the source could have had, or the connection was lost.
        """
        columns = sql.SQL(", ").join(map(_read, table.columns))
        statement = sql.SQL("SELECT {} FROM {}").format(columns, sql.Identifier(self.schema, table.target))
        try:
            with self._connection.cursor(f"proof_{id(table)}") as cursor:
                cursor.itersize = BATCH
                cursor.execute(statement)
                yield from cursor
        except psycopg.Error as error:
            raise self._unreadable(table, error) from error

    def _unreadable(self, table: PlannedTable, error: psycopg.Error) -> ConsoleError:
        place = f"{visible(self.schema)}.{visible(table.target)}"
        return ConsoleError(f"{place} cannot be read: {one_line(error)}", "the same command again, or look at its rows")

    def _one(self, statement: Any) -> Any:  # noqa: ANN401 - one value
        (value,) = self._connection.execute(statement).fetchone() or (None,)
        return value


def _read(column: PlannedColumn) -> sql.Composable:
    """Return the SQL of a column: JSON as its text, so that no number in it is rounded."""
    name = sql.Identifier(column.target)
    return sql.SQL("{}::text").format(name) if column.kind == "jsonb" else name
