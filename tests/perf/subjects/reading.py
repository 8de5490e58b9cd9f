"""The reading half of `growth.py`: the query function alone, in a process of its own."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median

from handlers.domain.timestamps import utc_text
from handlers.query import make_handler
from tests.perf.subjects.measured_part import FIRST_S, Figures, peak_mb, row_id, settings_of, spent_ms

REPEATS = 200
QUERIES = {
    "newest 100, µs": "",
    "one by id, µs": "/{id}",
    "half of the rows match, 100 of them, µs": "?min_value=0.5",
    "1 in 1000 matches, µs": "?min_value=0.999",
    "time range of the oldest 1 %, µs": "?to={early}",
    "statistics, µs": "/stats",
}


def read(folder: Path, count: int) -> Figures:
    """Read the newest snapshot through the query function: first of all on both paths, then warm."""
    handler = make_handler(settings_of(folder))
    names = {"id": row_id(count // 2), "early": utc_text(FIRST_S + count // 100)}
    figures = {
        f"first read on {source}, ms": spent_ms(lambda source=source: ask(handler, f"/{source}"))
        for source in ("sqlite-efs", "sqlite-tmp")
    }
    for what, query in QUERIES.items():
        asked = "/sqlite-efs" + query.format(**names)
        figures[what] = median(spent_ms(lambda: ask(handler, asked)) for _ in range(REPEATS)) * 1000  # noqa: B023
    figures["whole copy, ms"] = spent_ms(lambda: copy_all(handler))
    return figures | {"memory of the reading process, MB": peak_mb()}


def copy_all(handler: Callable[..., dict[str, object]]) -> None:
    """Copy all segments anew: statistics ask all of them, and each read copies a step more of the large ones."""
    remaining_bytes = remaining(ask(handler, "/sqlite-tmp/stats?refresh=1"))
    while remaining_bytes:
        before, remaining_bytes = remaining_bytes, remaining(ask(handler, "/sqlite-tmp/stats"))
        if remaining_bytes >= before:
            raise RuntimeError(f"{remaining_bytes} bytes remain to be copied")


def remaining(answer: dict[str, object]) -> int:
    """How many bytes are not copied yet, by an answer's receipt."""
    copied = json.loads(str(answer["body"])).get("copy")
    return copied["remaining_bytes"] if copied else 0


def ask(handler: Callable[..., dict[str, object]], asked: str) -> dict[str, object]:
    """One request, which has to be answered."""
    path, _, raw_query = asked.partition("?")
    asked_for = {"rawPath": path, "rawQueryString": raw_query, "requestContext": {"http": {"method": "GET"}}}
    answer = handler(asked_for, None)
    if answer["statusCode"] != 200:
        raise RuntimeError(f"{asked}: {answer}")
    return answer


if __name__ == "__main__":
    print(json.dumps(read(Path(sys.argv[1]), int(sys.argv[2]))))
