"""The yardstick of the benchmarks: a handler as one would first write it.

Standard library only; a connection per request, rows as dictionaries, json.dumps, statistics by a scan.
"""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

from handlers.model.model import Row
from handlers.rows import MODEL
from tests.support.drafts import VALUE

SHOWN = ", ".join(MODEL.names[1:])
TYPES = {"seq": "seq INTEGER PRIMARY KEY", "id": "id TEXT UNIQUE", VALUE: f"{VALUE} REAL"}
PLAIN_TABLE = f"CREATE TABLE {MODEL.sql_table} ({', '.join(TYPES.get(name, name) for name in MODEL.names)})"
PLAIN_INSERT = f"INSERT INTO {MODEL.sql_table} VALUES ({', '.join('?' * len(MODEL.names))})"


class PlainHandler:
    """Answers the same requests from a plain file."""

    def __init__(self, path: Path) -> None:
        self._uri = f"file:{path}?mode=ro"

    def newest(self, limit: int) -> dict[str, object]:
        """The newest rows."""
        return self._answer(f"SELECT {SHOWN} FROM {MODEL.sql_table} ORDER BY seq DESC LIMIT ?", limit)

    def by_id(self, row_id: str) -> dict[str, object]:
        """One row."""
        return self._answer(f"SELECT {SHOWN} FROM {MODEL.sql_table} WHERE id = ?", row_id)

    def stats(self) -> dict[str, object]:
        """Statistics of all rows."""
        return self._answer(f"SELECT count(*), min({VALUE}), max({VALUE}), avg({VALUE}) FROM {MODEL.sql_table}")

    def _answer(self, sql: str, *arguments: object) -> dict[str, object]:
        connection = sqlite3.connect(self._uri, uri=True)
        try:
            connection.row_factory = sqlite3.Row
            rows = [dict(row) for row in connection.execute(sql, arguments)]
        finally:
            connection.close()
        return {"statusCode": 200, "headers": {"content-type": "application/json"}, "body": json.dumps(rows)}


def make_plain_file(path: Path, rows: list[Row]) -> None:
    """The same rows in a file as one would first lay it out."""
    connection = sqlite3.connect(path)
    connection.execute(PLAIN_TABLE)
    connection.executemany(PLAIN_INSERT, rows)
    connection.commit()
    connection.close()
