"""The growth of a home: rows that come next, and the meta row with them, in the transaction that is open."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import psycopg

from handlers.domain.hashes import content_hash
from handlers.model.model import times_of
from handlers.postgres.home import COLUMNS, Home, locked_home, save_home
from handlers.postgres.tables import COLUMNS as FILTERED
from handlers.postgres.tables import SQL_COLUMNS, TEXT, TYPES, indexes_sql, table_name, table_sql, values_of
from handlers.rows import MODEL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from psycopg import Connection

    from handlers.model.model import Row

    Values = list[tuple[Any, ...]]

COPY_ROWS = 2000  # from so many on, COPY is faster than INSERT
OPEN = (
    f"INSERT INTO home (schema_version, {COLUMNS}) VALUES (%s, %s, 0, '', NULL, '', false) "  # noqa: S608 - constants
    "ON CONFLICT DO NOTHING"
)
_KINDS = ("bigint", TEXT, *(TYPES[column.kind] for column in FILTERED), TEXT, TEXT)
ARRAYS = ", ".join(f"%s::{kind.partition(' COLLATE')[0]}[]" for kind in _KINDS)
NAMES = ", ".join(SQL_COLUMNS)


class DivergedHomeError(Exception):
    """A home is not what the ledger says, or not what it says itself; the message says which."""


def opened_home(connection: Connection[Any], epoch: int) -> Home:
    """Return the home of a history, for this transaction alone to change; it is made where there is none.

    Of two who make it at once, the second waits for the first.
    """
    home = locked_home(connection, epoch)
    if home is not None:
        return home
    if connection.execute(OPEN, (MODEL.schema_version, epoch)).rowcount:
        for statement in (table_sql(epoch), *indexes_sql(epoch)):
            connection.execute(statement.encode())
        save_home(connection, Home.new(epoch, is_live=False))
    return locked_home(connection, epoch) or Home.new(epoch, is_live=False)


def grow(connection: Connection[Any], home: Home, rows: Sequence[Row]) -> Home:
    """Add the rows that come next to a home that this transaction has locked, and return what it is then.

    Raises DivergedHomeError where the table has one of them already, which its meta row does not know of.
    """
    values = values_of(rows)
    try:
        added = (_copy if len(rows) >= COPY_ROWS else _insert)(connection, home.epoch, values)
    except psycopg.errors.UniqueViolation as error:
        raise _beyond(home) from error
    if added != len(rows):
        raise _beyond(home)
    grown = with_rows(home, rows, [value[-1] for value in values])
    save_home(connection, grown)
    return grown


def with_rows(home: Home, rows: Sequence[Row], texts: list[str]) -> Home:
    """Return the home once these rows, which have these texts, follow it."""
    seqs, counterpart, before = [row[0] for row in rows], MODEL.counterpart, home.counterpart_hash
    if counterpart is not None and before is not None:
        before = content_hash(before, seqs, MODEL.texts_in(counterpart.rows_version, rows))
    return replace(
        home,
        seq=home.seq + len(rows),
        hash=content_hash(home.hash, seqs, texts),
        counterpart_hash=before,
        stats=home.stats.plus(MODEL.numbers_of(rows), times_of(rows)),
    )


def _insert(connection: Connection[Any], epoch: int, values: Values) -> int:
    arrays = [list(column) for column in zip(*values, strict=True)]
    statement = (
        f"INSERT INTO {table_name(epoch)} ({NAMES}) SELECT * FROM unnest({ARRAYS}) "  # noqa: S608 - constants
        "ON CONFLICT DO NOTHING"
    )
    return connection.execute(statement.encode(), arrays).rowcount


def _copy(connection: Connection[Any], epoch: int, values: Values) -> int:
    with connection.cursor() as cursor:
        with cursor.copy(f"COPY {table_name(epoch)} ({NAMES}) FROM STDIN".encode()) as copy:
            for value in values:
                copy.write_row(value)
        return cursor.rowcount


def _beyond(home: Home) -> DivergedHomeError:
    return DivergedHomeError(
        f"table {table_name(home.epoch)} has rows that its meta row, which ends at {home.seq}, does not know of"
    )
