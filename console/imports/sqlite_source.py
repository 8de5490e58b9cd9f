"""A table of a SQLite file, read in the order of its rowids, within one read transaction."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Generator, Iterator
from hashlib import blake2b
from pathlib import Path
from typing import Any
from urllib.parse import quote

from console.errors import ConsoleError
from console.imports.source import DIGEST_BYTES, FileRow, Source
from console.wording import visible
from handlers.imports.values import TEXT_KINDS, read_sqlite

ROWIDS = ("rowid", "_rowid_", "oid")  # SQLite's names for it, of which a column may have taken some


class SqliteSource(Source):
    """A table.

    Args:
        table: its name; may be empty where there is one alone.

    Raises:
        ConsoleError: the file cannot be read, or has no such table.
    """

    places = "rowid"
    counted = "rows"
    kinds = TEXT_KINDS

    def __init__(self, path: Path, table: str) -> None:
        self._path = path
        with self._explained():
            path.open("rb").close()
            self._connection = sqlite3.connect(f"file:{quote(str(path.resolve()))}?mode=ro", uri=True)
        try:
            self._open(table)
        except BaseException:
            self.close()
            raise

    def _open(self, table: str) -> None:
        with self._explained():
            self._connection.isolation_level = None
            self._connection.execute("BEGIN")
            self.table, has_no_rowid = self._chosen(table)
            columns = self._connection.execute("SELECT name, pk FROM pragma_table_info(?)", (self.table,)).fetchall()
            self.names = tuple(name for name, _ in columns)
            (self.total,) = self._connection.execute(f"SELECT count(*) FROM {_quoted(self.table)}").fetchone()  # noqa: S608 - quoted
        keys = [name for name, place in sorted(columns, key=lambda column: column[1]) if place]
        taken = {name.lower() for name in self.names}
        rowid = next((name for name in ROWIDS if name not in taken), ROWIDS[0])
        self._order = ", ".join(map(_quoted, keys)) if has_no_rowid else rowid
        self._place = "row_number() OVER ()" if has_no_rowid else rowid
        self.position = 0

    def rows(self) -> Iterator[FileRow]:
        """Yield the rows; of a table WITHOUT ROWID in the order of its key, and counted."""
        with self._explained():
            for position, (place, *values) in enumerate(self._values(), 1):
                self.position = position
                yield FileRow(place, dict(zip(self.names, values, strict=True)))

    def read(self, kind: str, value: object) -> object:
        """Return a column's value as a value of a kind."""
        return read_sqlite(kind, value)

    def digest(self) -> str:
        """Return a digest of the table's name, columns and values."""
        digest = blake2b(repr((self.table, self.names)).encode(), digest_size=DIGEST_BYTES)
        with self._explained():
            for row in self._values():
                digest.update(repr(row[1:]).encode("utf-8", "surrogatepass"))
        return digest.hexdigest()

    def check_unchanged(self) -> None:
        """Do nothing: the transaction sees what it saw at first."""

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _values(self) -> Iterator[tuple[Any, ...]]:
        columns = ", ".join([self._place, *map(_quoted, self.names)])
        query = f"SELECT {columns} FROM {_quoted(self.table)} ORDER BY {self._order}"  # noqa: S608 - quoted
        return self._connection.execute(query)

    def _chosen(self, table: str) -> tuple[str, bool]:
        """Return the table's name, and whether it has no rowid. Raises ConsoleError."""
        query = "SELECT name, wr FROM pragma_table_list WHERE schema = 'main' AND type IN ('table', 'virtual')"
        found = self._connection.execute(f"{query} AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name").fetchall()
        wanted = [each for each in found if not table or each[0] == table]
        if len(wanted) == 1:
            return wanted[0][0], bool(wanted[0][1])
        names = ", ".join(visible(name) for name, _ in found)
        if not found:
            raise ConsoleError(f"{self._path} has no table", "check the file")
        if table:
            raise ConsoleError(f"--table {table} is no table of {self._path}", f"one of: {names}", 2)
        raise ConsoleError(f"{self._path} has several tables", f"choose one with --table: {names}", 2)

    @contextlib.contextmanager
    def _explained(self) -> Generator[None]:
        """Raise what the disk or SQLite complain about as a ConsoleError."""
        try:
            yield
        except (OSError, sqlite3.Error) as error:
            raise ConsoleError(f"{self._path} cannot be read: {error}", "check that it is a SQLite file") from error


def _quoted(name: str) -> str:
    doubled = name.replace('"', '""')
    return f'"{doubled}"'
