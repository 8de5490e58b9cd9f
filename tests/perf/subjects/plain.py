"""The yardstick of the benchmarks: a handler as one would first write it.

Standard library only; a connection per request, rows as dictionaries, json.dumps, statistics by a scan.
"""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

COLUMNS = "id, random_value, created_at"


class PlainHandler:
    """Answers the same requests from a plain file."""

    def __init__(self, path: Path) -> None:
        self._uri = f"file:{path}?mode=ro"

    def newest(self, limit: int) -> dict[str, object]:
        """The newest rows."""
        return self._answer(f"SELECT {COLUMNS} FROM randoms ORDER BY seq DESC LIMIT ?", limit)

    def by_id(self, row_id: str) -> dict[str, object]:
        """One row."""
        return self._answer(f"SELECT {COLUMNS} FROM randoms WHERE id = ?", row_id)

    def stats(self) -> dict[str, object]:
        """Statistics of all rows."""
        return self._answer("SELECT count(*), min(random_value), max(random_value), avg(random_value) FROM randoms")

    def _answer(self, sql: str, *arguments: object) -> dict[str, object]:
        connection = sqlite3.connect(self._uri, uri=True)
        try:
            connection.row_factory = sqlite3.Row
            rows = [dict(row) for row in connection.execute(sql, arguments)]
        finally:
            connection.close()
        return {"statusCode": 200, "headers": {"content-type": "application/json"}, "body": json.dumps(rows)}


def make_plain_file(path: Path, rows: list[tuple[int, str, float, str]]) -> None:
    """The same rows in a file as one would first lay it out."""
    connection = sqlite3.connect(path)
    connection.execute(
        "CREATE TABLE randoms (seq INTEGER PRIMARY KEY, id TEXT UNIQUE, random_value REAL, created_at TEXT)"
    )
    connection.executemany("INSERT INTO randoms VALUES (?, ?, ?, ?)", rows)
    connection.commit()
    connection.close()
