"""The yardstick under Lambda's runtime: the handler one would first write.

Standard library only; a connection for each request, rows as dictionaries, json.dumps, statistics by a scan. With
SOURCE it works on a copy, which it makes anew whenever that file was replaced.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

DB = os.environ["DB"]
SOURCE = os.environ.get("SOURCE")
TABLE, COLUMNS, VALUE = (os.environ[name] for name in ("TABLE", "COLUMNS", "VALUE"))
STATISTICS = f"count(*) AS count, min({VALUE}) AS min, max({VALUE}) AS max, avg({VALUE}) AS avg"

version = (0, 0, 0)


def handler(event: dict[str, Any], context: object) -> dict[str, object]:
    """Answer a request of the gateway."""
    path = event["rawPath"]
    if path == "/health":
        return answer({"status": "ok"})
    if path.endswith("/stats"):
        return answer(fetch(f"SELECT {STATISTICS} FROM {TABLE}")[0])
    if path.count("/") == 2:
        return answer(fetch(f"SELECT {COLUMNS} FROM {TABLE} WHERE id = ?", path.rpartition("/")[2])[0])
    limit = int(event.get("queryStringParameters", {}).get("limit", 100))
    return answer(fetch(f"SELECT {COLUMNS} FROM {TABLE} ORDER BY seq DESC LIMIT ?", limit))


def answer(content: object) -> dict[str, object]:
    """Return the answer with this content."""
    return {"statusCode": 200, "headers": {"content-type": "application/json"}, "body": json.dumps(content)}


def fetch(sql: str, *arguments: object) -> list[dict[str, object]]:
    """Return the rows of a query."""
    if SOURCE:
        take_over(SOURCE)
    connection = sqlite3.connect(f"file:{DB}?mode=ro", uri=True)
    try:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute(sql, arguments)]
    finally:
        connection.close()


def take_over(source: str) -> None:
    """Copy the source where it is another file than the one copied last."""
    global version  # noqa: PLW0603 - as it would be written
    found = os.stat(source)
    if (found.st_mtime_ns, found.st_size, found.st_ino) != version:
        shutil.copyfile(source, DB + ".part")
        os.replace(DB + ".part", DB)
        version = (found.st_mtime_ns, found.st_size, found.st_ino)
