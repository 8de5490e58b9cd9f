"""The weather readings of docs/your-data.md, put through the API; runs in a process of its own with that data model.

`python -m tests.support.weather` prints "agreed" once all read paths have given what was inserted, and
alike to the byte.
"""

from __future__ import annotations

import itertools
import os
import random
import re
from typing import Any
from urllib.parse import quote

from handlers import rows
from handlers.openapi.description import description
from tests.support.api import SOURCES, Answer, Api

READINGS: list[dict[str, Any]] = [
    {"station": station, "celsius": celsius}
    for station, celsius in [
        ('Zürich "north"', -3.5),
        ("back\\slash", 0.1),
        ("line\nbreak\ttab\r", 1e-130),
        ("💨 東京", 30.0),
        ("\x00\x1f\x7f\u2028\ufeff", -1 / 3),
        ("'; DROP TABLE readings; --", 9.99e125),
        ("{}[]:,", -1e125),
        (" ", 2.0),
        ("x" * 100, 5e-20),
    ]
]
WRONG: list[tuple[object, str]] = [
    ({"celsius": 1}, "station"),
    ({"station": "", "celsius": 1}, "station"),
    ({"station": "x" * 101, "celsius": 1}, "station"),
    ({"station": 7, "celsius": 1}, "station"),
    ({"station": "a", "celsius": "1"}, "celsius"),
    ({"station": "a", "celsius": True}, "celsius"),
    ({"station": "a", "celsius": 10**400}, "celsius"),
    ({"station": "a", "celsius": 1e126}, "celsius"),
    ({"station": "a", "celsius": 1, "random_value": 1}, "random_value"),
    ({"items": [{"station": "a", "celsius": 1}, {"station": "a"}]}, "items[1].celsius"),
]
QUERIES = ("", "order=asc", "limit=3", "min_value=0", "max_value=0&order=asc", "min_value=-1&max_value=20&limit=2")


def data_text(answer: Answer) -> str:
    """The bytes of `data`, `next` or `stats`; how many rows a path looked at is its own affair."""
    assert answer.status == 200, answer.text
    shown = answer.text.partition('"bookmark":')[2].partition(',"timings_ms"')[0]
    return re.sub(r'"scanned_rows":\d+,', "", shown, count=1)


def agreed(api: Api, path: str, raw_query: str = "") -> Any:
    """The answer that all read paths give alike."""
    answers = [api.get(source + path, raw_query) for source in SOURCES]
    assert len({data_text(answer) for answer in answers}) == 1, [data_text(answer) for answer in answers]
    return answers[0].json


def check_wrong(api: Api) -> None:
    for content, field in WRONG:
        answer = api.post("/insert", content)
        assert (answer.status, answer.json["errors"][0]["field"]) == (422, field), answer.text
    answer = api("POST", "/insert", '{"station": "\\ud800", "celsius": 1}', {"content-type": "application/json"})
    assert answer.status == 400, answer.text


def check_rows(api: Api) -> None:
    inserted = api.post("/insert", {"items": READINGS})
    assert inserted.status == 201, inserted.text
    page = agreed(api, "", "order=asc")
    assert [{"station": row["station"], "celsius": row["celsius"]} for row in page["data"]] == READINGS
    for row_id, reading in zip(inserted.json["ids"], READINGS, strict=True):
        row = agreed(api, f"/{row_id}")["data"]
        assert list(row) == ["id", "station", "celsius", "created_at"]
        assert reading.items() <= row.items()


def check_queries(api: Api) -> None:
    for raw_query in QUERIES:
        agreed(api, "", raw_query)
    every = agreed(api, "", "limit=1000")["data"]
    warm = agreed(api, "", "limit=1000&min_value=0")["data"]
    assert warm == [row for row in every if row["celsius"] >= 0]
    assert 0 < len(warm) < len(every)
    moment = agreed(api, "")["data"][0]["created_at"]
    assert agreed(api, "", f"from={quote(moment)}")["count"] > 0
    stats = agreed(api, "/stats")["stats"]
    assert (stats["min"], stats["max"]) == (-1e125, 9.99e125)


def check_walk(api: Api) -> None:
    """From page to page, each on another path."""
    raw_query, cursor, seen = "limit=4&min_value=-100", "", list[str]()
    for source in itertools.cycle(SOURCES):
        page = api.get(source, raw_query + cursor).json
        seen += [row["id"] for row in page["data"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert seen == [row["id"] for row in agreed(api, "", "limit=1000&min_value=-100")["data"]]


def check_random(api: Api) -> None:
    assert api.post("/insert", {"count": 150}).status == 201
    assert api.post("/insert", {}).status == 201
    draft = rows.random_draft(random.Random(1))
    assert rows.parse_draft(rows.draft_fields(draft), "") == (draft, [])
    full = api.post("/snapshots", {"full": True}).json["snapshot"]
    assert full["hash"] == api.get("/snapshots").json["snapshots"][0]["hash"]


def check_description() -> None:
    schemas: Any = description()["components"]
    row = schemas["schemas"]["Row"]
    assert list(row["properties"]) == list(rows.COLUMNS[1:]) == ["id", "station", "celsius", "created_at"]
    assert list(row["examples"][0]) == list(row["properties"])
    assert "celsius" in schemas["parameters"]["min_value"]["description"]


def main() -> None:
    api = Api(os.environ)
    check_wrong(api)
    assert api.get("/ddb").json["count"] == 0
    check_rows(api)
    check_random(api)
    check_queries(api)
    check_walk(api)
    check_description()
    print("agreed")


if __name__ == "__main__":
    main()
