"""The files that an export can be: an ordinary SQLite database, CSV, or a JSON text a line."""

from __future__ import annotations

import csv
import io
import json
import os
import sqlite3
from pathlib import Path
from typing import Protocol, Self

from handlers.rows import MODEL

SQLITE_SUFFIXES = (".db", ".sqlite", ".sqlite3")
CSV_SUFFIXES = (".csv",)
LINES_SUFFIXES = (".ndjson", ".jsonl")
SUFFIXES = (*SQLITE_SUFFIXES, *CSV_SUFFIXES, *LINES_SUFFIXES)


class RowFile(Protocol):
    """One file that grows, page by page."""

    def __enter__(self) -> Self: ...
    def __exit__(self, *_: object) -> None: ...
    def add(self, seqs: list[int], texts: list[str]) -> int:
        """Add rows by their JSON texts, durably. Returns the file's size in bytes."""
        ...

    def finish(self) -> None:
        """Make whole what is made last."""
        ...


def row_file(suffix: str, path: Path, kept_rows: int, kept_bytes: int) -> RowFile:
    """Open a file of a kind.

    Args:
        suffix: of the file's name in the end, which says what it is: one of `SUFFIXES`.
        path: the file to write to.
        kept_rows: how many rows of what is there count; 0: begin anew.
        kept_bytes: how large the file was with them.
    """
    if suffix in SQLITE_SUFFIXES:
        return SqliteFile(path, kept_rows)
    return (CsvFile if suffix in CSV_SUFFIXES else LinesFile)(path, kept_bytes)


class LinesFile:
    """A JSON text a line, as the API sent it."""

    def __init__(self, path: Path, kept_bytes: int) -> None:
        self._file = path.open("r+b" if kept_bytes else "wb")
        self._file.truncate(kept_bytes)
        self._file.seek(kept_bytes)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, seqs: list[int], texts: list[str]) -> int:
        """Add rows."""
        self._file.write(self._lines(seqs, texts).encode())
        self._file.flush()
        os.fsync(self._file.fileno())
        return self._file.tell()

    def finish(self) -> None:
        """Do nothing: every line is whole."""

    def _lines(self, seqs: list[int], texts: list[str]) -> str:
        return "".join(f"{text}\n" for text in texts)


class CsvFile(LinesFile):
    """CSV (RFC 4180) with a line of names."""

    def __init__(self, path: Path, kept_bytes: int) -> None:
        super().__init__(path, kept_bytes)
        if not kept_bytes:
            self._file.write((",".join(MODEL.names) + "\r\n").encode())

    def _lines(self, seqs: list[int], texts: list[str]) -> str:
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerows(cells_of(seq, text) for seq, text in zip(seqs, texts, strict=True))
        return text.getvalue()


class SqliteFile:
    """A database with one table of the data model's name, its columns and its indexes."""

    def __init__(self, path: Path, kept_rows: int) -> None:
        if not kept_rows:
            path.unlink(missing_ok=True)
        self._path = path
        self._connection = sqlite3.connect(path)
        if kept_rows:
            self._connection.execute(f"DELETE FROM {MODEL.sql_table} WHERE seq > ?", (kept_rows,))  # noqa: S608 - a constant
        else:
            self._connection.executescript(MODEL.ddl + f"ALTER TABLE {MODEL.sql_table} DROP COLUMN json;")
        self._connection.commit()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def add(self, seqs: list[int], texts: list[str]) -> int:
        """Add rows."""
        places = ", ".join("?" * len(MODEL.names))
        added = [values_of(seq, text) for seq, text in zip(seqs, texts, strict=True)]
        with self._connection:
            self._connection.executemany(f"INSERT INTO {MODEL.sql_table} VALUES ({places})", added)  # noqa: S608 - a constant
        return self._path.stat().st_size

    def finish(self) -> None:
        """Make the indexes."""
        self._connection.executescript(MODEL.indexes)


def values_of(seq: int, text: str) -> list[object]:
    """Return a row's values in SQLite, in the order of the data model's columns."""
    members = json.loads(text)
    own = (column.stored(members[column.name]) for column in MODEL.columns)
    return [seq, members["id"], *own, members["created_at"]]


def cells_of(seq: int, text: str) -> list[object]:
    """Return a row's cells in CSV: true and false in words, null as an empty cell."""
    seq_, row_id, *own, created_at = values_of(seq, text)
    cells = (
        column.show(value) if column.kind == "boolean" and value is not None else value
        for column, value in zip(MODEL.columns, own, strict=True)
    )
    return [seq_, row_id, *cells, created_at]
