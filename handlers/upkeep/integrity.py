"""The integrity of one segment, all of it: SQLite's own check, and each row computed again from its columns."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, cast

from handlers.domain.hashes import content_hash
from handlers.domain.stats import Stats
from handlers.model.column import quoted
from handlers.model.model import times_of
from handlers.snapshots.files import UnprovenError
from handlers.snapshots.segment import Segment, open_segment, proof_error

if TYPE_CHECKING:
    from handlers.model.model import Row
    from handlers.snapshots.names import Name

BATCH_ROWS = 1000


def check_segment(path: str, name: Name) -> None:
    """Prove a segment: bytes, structure, indexes, and every row.

    Raises:
        UnprovenError: it is not what its name and its meta row say.
        OSError: it cannot be read now.
    """
    segment = open_segment(path, name)
    try:
        (verdict,) = segment.connection.execute("PRAGMA integrity_check(1)").fetchone()
        if verdict != "ok":
            raise UnprovenError(f"SQLite finds {verdict}")
        _check_rows(segment)
    except sqlite3.DatabaseError as error:
        raise proof_error(error) from error
    except (ValueError, TypeError, IndexError) as error:  # of values that no ledger holds
        raise UnprovenError(f"its rows cannot be added up: {error}") from error
    finally:
        segment.close()


def _check_rows(segment: Segment) -> None:
    model, found_hash, stats, ids = segment.model, 0, Stats(), list[str]()
    found_before = min(0, segment.replaced_hash)  # -1: there is nothing to compare with
    expected = segment.first
    names = ", ".join(map(quoted, model.names))
    cursor = segment.connection.execute(f"SELECT {names}, json FROM {model.sql_table} ORDER BY seq")  # noqa: S608 - constants
    while batch := cursor.fetchmany(BATCH_ROWS):
        found = [cast("Row", row[:-1]) for row in batch]
        seqs, texts = [row[0] for row in found], model.json_texts(found)
        if seqs != list(range(expected, expected + len(seqs))):
            raise UnprovenError(f"its rows are not dense from {expected} on")
        if texts != [row[-1] for row in batch]:
            raise UnprovenError(f"a row's text is not that of its columns, between {seqs[0]} and {seqs[-1]}")
        expected += len(seqs)
        ids = [*ids, *(row[1] for row in found)]
        ids = [min(ids), max(ids)]
        found_hash = content_hash(found_hash, seqs, texts)
        if model.counterpart and found_before >= 0:
            found_before = content_hash(found_before, seqs, model.texts_in(model.counterpart.rows_version, found))
        stats = stats.plus(model.numbers_of(found), times_of(found))
    is_right = (expected - 1, found_hash, stats.answer()) == (segment.last, segment.hash, segment.stats.answer())
    is_right = is_right and found_before == segment.replaced_hash
    if not is_right or (segment.least_id, segment.greatest_id) != (min(ids, default=""), max(ids, default="")):
        raise UnprovenError("its meta row is not that of its rows")
