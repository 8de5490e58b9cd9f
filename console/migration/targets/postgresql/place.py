"""The schema that the tables go to, what stands there already, and how new tables take its place."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Any, LiteralString

from psycopg import errors, sql

from console.errors import ConsoleError
from console.migration.targets.postgresql.connection import LOCK_TIMEOUT_S, Connection, one_line
from console.migration.targets.postgresql.definitions import shown
from console.wording import visible

LOCK = "lambda-sqlite migrate"
KINDS = {
    "v": "a view",
    "m": "a materialized view",
    "f": "a foreign table",
    "S": "a sequence",
    "i": "an index",
    "I": "an index",
    "c": "a type",
}
FOUND = """
SELECT relname, relkind::text FROM pg_class WHERE relnamespace = to_regnamespace(%s) AND relname = ANY(%s) ORDER BY 1
"""


class TargetPlace:
    """A schema, locked against another migration, and the tables that are to come there. Raises ConsoleError.

    Args:
        schema: its name; empty: the first one of the user's search path.
        replaces: tables with rows give way to new ones.

    Attributes:
        schema: its name.
        staging: where the new tables are made: in the schema itself, unless they take the place of others.
        replaced: the tables that give way.
    """

    def __init__(self, connection: Connection, schema: str, tables: Sequence[str], *, replaces: bool) -> None:
        self._connection = connection
        self._tables = tables
        self.schema = schema or self._default()
        self._lock()
        self.replaced = self._replaced(replaces=replaces)
        self.staging = self._staging()

    def swap(self) -> None:
        """Put the new tables where the old ones are. Raises ConsoleError."""
        if self.staging == self.schema:
            return
        with _explained(self.replaced):
            self._connection.execute(sql.SQL("DROP TABLE {}").format(self._named(self.replaced)))
        for table in self._tables:
            statement = sql.SQL("ALTER TABLE {} SET SCHEMA {}")
            self._connection.execute(statement.format(sql.Identifier(self.staging, table), sql.Identifier(self.schema)))
        self._connection.execute(sql.SQL("DROP SCHEMA {}").format(sql.Identifier(self.staging)))

    def _default(self) -> str:
        (found,) = self._one("SELECT current_schema()")
        if found is None:
            raise ConsoleError("the user's search_path has no schema that exists", "name one with --schema", 2)
        return found

    def _lock(self) -> None:
        (is_alone,) = self._one("SELECT pg_try_advisory_xact_lock(hashtext(%s), hashtext(%s))", LOCK, self.schema)
        if not is_alone:
            raise ConsoleError(f"another migration to schema {visible(self.schema)} is at work", "wait for its end")

    def _replaced(self, *, replaces: bool) -> tuple[str, ...]:
        found = self._connection.execute(
            FOUND, (sql.Identifier(self.schema).as_string(), list(self._tables))
        ).fetchall()
        for name, kind in found:
            if kind in KINDS:
                message = f"{visible(self.schema)}.{visible(name)} is {KINDS[kind]} there already"
                raise ConsoleError(message, "choose another schema with --schema, or another name by the rules")
        names = tuple(name for name, _ in found)
        if names and not replaces:
            self._check_empty(names)
        return names

    def _check_empty(self, names: Sequence[str]) -> None:
        """Raise ConsoleError where a table has rows; none gets any before the end."""
        with _explained(names):
            lock = sql.SQL("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE").format(self._named(names))
            self._connection.execute(lock)
        query = sql.SQL("SELECT EXISTS (SELECT FROM {})")
        full = [
            name
            for name in names
            if self._connection.execute(query.format(sql.Identifier(self.schema, name))).fetchone() == (True,)
        ]
        if full:
            has = "has" if len(full) == 1 else "have"
            raise ConsoleError(
                f"{shown(full)} {has} rows in schema {visible(self.schema)} already",
                "choose another schema with --schema, or let new tables take their place with --replace",
            )

    def _staging(self) -> str:
        if not self.replaced:
            if self._is_missing():
                self._connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(self.schema)))
            return self.schema
        (number,) = self._one("SELECT pg_current_xact_id()::text")
        name = f"migration_{number}"
        self._connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(name)))
        return name

    def _is_missing(self) -> bool:
        (is_missing,) = self._one("SELECT to_regnamespace(%s) IS NULL", sql.Identifier(self.schema).as_string())
        return is_missing

    def _named(self, names: Sequence[str]) -> sql.Composed:
        return sql.SQL(", ").join(sql.Identifier(self.schema, name) for name in names)

    def _one(self, query: LiteralString, *values: str) -> tuple[Any, ...]:
        found = self._connection.execute(query, values).fetchone()
        return found or ()


@contextmanager
def _explained(names: Sequence[str]) -> Generator[None]:
    try:
        yield
    except errors.DependentObjectsStillExist as error:
        message = f"{shown(names)} cannot give way to new tables: {one_line(error)}"
        raise ConsoleError(message, "drop what depends on them, and make it again afterwards") from error
    except errors.LockNotAvailable as error:
        message = f"{shown(names)} is in use by others for more than {LOCK_TIMEOUT_S} s"
        raise ConsoleError(message, "stop the application first") from error
