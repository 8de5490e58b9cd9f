"""The requests, as the gateway gives them to a function, and the proof that a subject answers them rightly."""

from __future__ import annotations

import json
from typing import Any

from handlers.rows import MODEL
from tests.perf.sandboxes.sandbox import Sandbox
from tests.perf.subjects.building import row_of
from tests.perf.subjects.events import get
from tests.perf.subjects.measured_part import row_id

NEWEST = "newest 100"
REQUESTS = {  # the path below the read path, and the query
    NEWEST: ("", ""),
    "one by id": ("/{id}", ""),
    "1 000 rows": ("", "limit=1000"),
    "statistics": ("/stats", ""),
    "health": ("health", ""),
}


def event_of(name: str, count: int, source: str = "sqlite-efs", seq: int = 0) -> bytes:
    """Return the event of a request for a read path with so many rows; `seq` is of the row asked for, 0 the middle."""
    below, query = REQUESTS[name]
    path = "/health" if below == "health" else f"/{source}{below}".format(id=row_id(seq or count // 2))
    return json.dumps(get(path, query)).encode()


def events_of(name: str, count: int, length: int) -> list[bytes]:
    """Return the events of a block of requests; those by id are for rows all over the ledger, as readers ask."""
    if name != "one by id":
        return [event_of(name, count)] * length
    return [event_of(name, count, seq=1 + number * 7919 % count) for number in range(length)]


def prove(name: str, subject: str, sandbox: Sandbox, asked: bytes, count: int) -> None:
    """Ask once, unmeasured, and prove the answer. Raises RuntimeError."""
    answer = sandbox.ask(asked)
    right = answer["statusCode"] == 200 and (
        subject == "noop" or is_right(name, json.loads(str(answer["body"])), count)
    )
    if not right:
        raise RuntimeError(f"{subject} answers {name} wrongly: {str(answer)[:500]}")


def is_right(name: str, content: Any, count: int) -> bool:
    """Tell whether the content is that of the ledger's first so many rows; ours stands in a member of its own."""
    if name == "health":
        return content["status"] == "ok"
    if name == "statistics":
        return content.get("stats", content)["count"] == count
    if name == "one by id":
        return content.get("data", content) == _shown(count // 2)
    limit = min(count, 1000 if name == "1 000 rows" else 100)
    rows = content["data"] if "data" in content else content  # noqa: SIM401 - a list has no `get`
    return rows == [_shown(seq) for seq in range(count, count - limit, -1)]


def _shown(seq: int) -> dict[str, object]:
    return json.loads(MODEL.json_text(row_of(seq)))
