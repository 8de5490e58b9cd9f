"""A move's tables in PostgreSQL, read for the proof: all of them in one snapshot, row by row."""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Iterator, Sequence
from typing import Any

import psycopg
from psycopg import IsolationLevel, sql
from psycopg.abc import AdaptContext, Buffer
from psycopg.adapt import Loader
from psycopg.pq import Format
from psycopg.types.string import TextLoader

from console.errors import ConsoleError
from console.migration.plan import PlannedColumn, PlannedTable
from console.migration.proof.structure import TableForm
from console.migration.targets.postgresql.connection import Connection, lift_limits, one_line
from console.wording import joined, visible

BATCH = 2_000  # rows a round trip
MOMENTS = ("timestamptz", "timestamp", "date")
COLUMNS = """
SELECT attname::text,
    has_schema_privilege(relnamespace, 'USAGE') AND has_column_privilege(pg_class.oid, attnum, 'SELECT')
FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped
WHERE relnamespace = to_regnamespace(%s) AND relname = %s AND relkind IN ('r', 'p', 'v', 'm', 'f') ORDER BY attnum
"""


class MomentLoader(Loader):
    """Reads a time; one that Python has none for, such as infinity, stays a text."""

    def __init__(self, oid: int, context: AdaptContext | None = None) -> None:
        super().__init__(oid, context)
        known = psycopg.adapters.get_loader(oid, Format.TEXT) or TextLoader
        self._known = known(oid, context)

    def load(self, data: Buffer) -> object:
        """Return the time, or its text."""
        try:
            return self._known.load(data)
        except psycopg.DataError:
            return bytes(data).decode()


class PostgresTables:
    """The tables of a plan as they are in a schema, in one snapshot.

    Args:
        connection: not in a transaction yet, or in one that has read nothing.
        schema: their schema; empty: the first one of the user's search path.
    """

    def __init__(self, connection: Connection, schema: str = "") -> None:
        connection.rollback()  # and with it goes what was set for this transaction alone
        connection.isolation_level = IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        lift_limits(connection)
        connection.execute("SELECT set_config('timezone', 'UTC', true), set_config('datestyle', 'ISO', true)")
        for name in MOMENTS:
            connection.adapters.register_loader(name, MomentLoader)
        self._connection = connection
        self.schema: str = schema or self._all("SELECT current_schema()")[0][0]

    def lack(self, table: PlannedTable) -> str:
        """Return what a table lacks to be compared, in words; nothing where it is all there. Raises ConsoleError."""
        with self._explained(table):
            place = sql.Identifier(self.schema).as_string()
            found: dict[str, bool] = dict(self._all(COLUMNS, (place, table.target)))
        if not found:
            return "is not there"
        names = [column.target for column in table.columns]
        if missing := [name for name in names if name not in found]:
            return f"lacks the {_columns(missing)}"
        closed = [name for name in names if not found[name]]
        return f"cannot be read: the user may not SELECT the {_columns(closed)}" if closed else ""

    def faults(self, table: PlannedTable) -> tuple[str, ...]:
        """Return what of a table's form is not as planned, in words. Raises ConsoleError."""
        with self._explained(table):
            return TableForm(self._connection, self.schema, table).faults()

    def count(self, table: PlannedTable) -> int:
        """Return how many rows a table has. Raises ConsoleError."""
        statement = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(self.schema, table.target))
        with self._explained(table):
            return self._all(statement)[0][0]

    def rows(self, table: PlannedTable) -> Iterator[tuple[Any, ...]]:
        """Yield a table's rows in no order, their values in the plan's.

        Raises:
            ConsoleError: they cannot be read, or the connection was lost.
        """
        columns = sql.SQL(", ").join(map(_read, table.columns))
        statement = sql.SQL("SELECT {} FROM {}").format(columns, sql.Identifier(self.schema, table.target))
        with self._explained(table), self._connection.cursor(f"proof_{id(table)}") as cursor:
            cursor.itersize = BATCH
            cursor.execute(statement)
            yield from cursor

    @contextlib.contextmanager
    def _explained(self, table: PlannedTable) -> Generator[None]:
        try:
            yield
        except psycopg.Error as error:
            place = f"{visible(self.schema)}.{visible(table.target)}"
            hint = "the same command again, or look at its rows"
            raise ConsoleError(f"{place} cannot be read: {one_line(error)}", hint) from error

    def _all(self, statement: Any, values: Sequence[str] = ()) -> list[Any]:  # noqa: ANN401 - a query
        return self._connection.execute(statement, values).fetchall()


def _columns(names: Sequence[str]) -> str:
    return f"column{'s' * (len(names) > 1)} {joined([visible(name) for name in names])}"


def _read(column: PlannedColumn) -> sql.Composable:
    """Return the SQL of a column: JSON as its text, so that no number in it is rounded."""
    name = sql.Identifier(column.target)
    return sql.SQL("{}::text").format(name) if column.kind == "jsonb" else name
