"""The floor of each part of an insert: the least that does such a thing, by itself, on the same disk and emulator."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path

from handlers.aws.table import page_of, rows_key
from handlers.ledger.head import HEAD_KEY
from handlers.ledger.ledger import Ledger
from handlers.model.model import Row
from handlers.rows import MODEL
from handlers.snapshots.names import Name
from tests.perf.subjects.building import row_of
from tests.perf.subjects.measured_part import spent_ms
from tests.perf.subjects.plain import PLAIN_INSERT, PLAIN_TABLE

WORDS = {
    "append": "a transaction of one put, by boto3 alone",
    "head": "a consistent GetItem, by boto3 alone",
    "rows": "a Query of one row, by boto3 alone",
    "build": "a plain SQLite file of as many rows: one transaction, no index, no journal, no sync",
    "copy": "as many bytes written to a new file",
    "fsync": "the same file synced",
    "link": "a link to it",
    "list": "the same directory read twice, names and inodes, in this thread",
}


class Floors:
    """Measures all floors once, each time it is asked.

    Args:
        ledger: the table, with a client that nothing else uses.
        folder: where `efs/` and `tmp/` are.
    """

    def __init__(self, ledger: Ledger, folder: Path) -> None:
        self._ledger = ledger
        self._snapshots = folder / "efs" / "snapshots"
        self._written, self._linked = folder / "efs" / "floor.tmp", folder / "efs" / "floor.db"
        self._built = folder / "tmp" / "floor.db"
        self._number = 0

    def measure(self, newest: Name, size_bytes: int) -> dict[str, float]:
        """Return each floor in milliseconds, for a segment with this name and so many bytes."""
        self._number += 1
        made = [row_of(seq) for seq in range(newest.first, newest.last + 1)]
        content = os.urandom(size_bytes)
        file = os.open(self._written, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)
        measured: dict[str, Callable[[], object]] = {
            "append": self._put,
            "head": lambda: self._ledger.client.get_item(
                TableName=self._ledger.table_name, Key=HEAD_KEY, ConsistentRead=True
            ),
            "rows": lambda: self._query(newest),
            "build": lambda: self._build(made),
            "copy": lambda: os.write(file, content),
            "fsync": lambda: os.fsync(file),
            "link": lambda: os.link(self._written, self._linked),
            "list": lambda: [self._listed() for _ in range(2)],
        }
        floors_ms = {part: spent_ms(run) for part, run in measured.items()}
        os.close(file)
        for path in (self._written, self._linked, self._built):
            path.unlink()
        return floors_ms

    def _put(self) -> None:
        item = {"pk": {"S": "floor"}, "sk": {"N": str(self._number)}, **MODEL.to_item(row_of(self._number))}
        self._ledger.client.transact_write_items(
            TransactItems=[{"Put": {"TableName": self._ledger.table_name, "Item": item}}]
        )

    def _query(self, newest: Name) -> None:
        key = rows_key(newest.epoch, page_of(newest.last))
        found = self._ledger.client.query(
            TableName=self._ledger.table_name,
            KeyConditionExpression="pk = :pk AND sk = :sk",
            ExpressionAttributeValues={":pk": {"S": key}, ":sk": {"N": str(newest.last)}},
            ConsistentRead=True,
        )
        if not found["Items"]:
            raise RuntimeError(f"no row {newest.last} of {key}")

    def _build(self, rows: Sequence[Row]) -> None:
        connection = sqlite3.connect(self._built)
        connection.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF")
        with connection:
            connection.execute(PLAIN_TABLE)
            connection.executemany(PLAIN_INSERT, rows)
        connection.close()

    def _listed(self) -> dict[str, int]:
        with os.scandir(self._snapshots) as entries:
            return {entry.name: entry.inode() for entry in entries}
