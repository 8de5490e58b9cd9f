from __future__ import annotations

from urllib.parse import parse_qsl

import pytest

from console.client.client import Client
from console.data.agreement import compare_answers, filter_parameters, list_queries
from console.errors import ConsoleError
from console.local.background import BackgroundStack
from handlers.model.columns import Boolean, Integer, Json, Number, Text, Timestamp
from handlers.model.model import Model
from handlers.routes import HOMES, SOURCES
from handlers.rows import MODEL
from tests.support.drafts import VALUE, items
from tests.support.local.faults import FaultyApi, answers, passes, tampers


def test_all_kinds_of_queries_are_answered_alike(live: BackgroundStack, faulty: FaultyApi) -> None:
    with Client(faulty.url) as client:
        client.post("/insert", {"items": items(20)})
        client.post("/insert", {"items": items(20, first=21)})
        asked = list_queries(client)
        faulty.seen.clear()
        done: list[int] = []
        equal_bytes = compare_answers(client, asked, done.append)
        sent = [path for _, path, _ in faulty.seen]
        assert sent == [f"/{source}{query}" for query in asked for source in SOURCES]
        texts = [client.get(f"/ddb{query}").json() for query in asked]
    assert all(text.get("data") or text["stats"]["count"] for text in texts)
    assert equal_bytes > 5_000
    assert sum(done) == len(asked)


def test_every_home_of_an_api_is_asked_and_none_answers_as_of_an_older_bookmark(
    live: BackgroundStack, faulty: FaultyApi
) -> None:
    faulty.index = {"homes": HOMES}
    with Client(faulty.url) as client:
        client.post("/insert", {"items": items(1)})
        faulty.seen.clear()
        faulty.headers.clear()
        compare_answers(client, ["?limit=1"], lambda _: None)
        bookmark = client.get("/ddb").json()["bookmark"]
    assert [path for _, path, _ in faulty.seen[:4]] == [f"/{home}?limit=1" for home in HOMES]
    assert [each.get("min-bookmark") for each in faulty.headers[:4]] == [None, bookmark, bookmark, bookmark]


def test_every_filter_is_asked_for_with_a_value_from_the_middle(monkeypatch: pytest.MonkeyPatch) -> None:
    columns = (
        *(Text("name", filter=True, required=False), Boolean("sold", filter=True), Timestamp("seen", filter=True)),
        *(Integer("stock", filter=True), Number("price", statistics=True), Text("note", required=False, filter=True)),
        Json("tags"),
    )
    monkeypatch.setattr("console.data.agreement.MODEL", Model("things", *columns))
    shown = [
        {"name": name, "sold": sold, "seen": f"2026-01-0{day}", "stock": day, "price": day / 10, "note": None}
        for day, (name, sold) in enumerate([("", True), ("a&b", True), ("c", False), (None, True)], 1)
    ]
    low_high = [("min_seen", "2026-01-03"), ("max_seen", "2026-01-03"), ("min_stock", "3"), ("max_stock", "3")]
    assert filter_parameters(shown) == {
        "name": "c",
        "min_name": "c",
        "max_name": "c",
        "sold": "true",
        "seen": "2026-01-03",
        "stock": "3",
        "price": "0.3",
        **dict(low_high),
        **dict.fromkeys(("min_price", "max_price", "min_value", "max_value"), "0.3"),
    }


def test_each_filter_is_asked_alone_and_lower_bounds_together_with_a_time(live: BackgroundStack) -> None:
    with Client(live.url) as client:
        client.post("/insert", {"items": items(3)})
        asked = [dict(parse_qsl(query.partition("?")[2])) for query in list_queries(client)]
    alone = [next(iter(parameters)) for parameters in asked if len(parameters) == 1]
    assert sorted(alone) == sorted(MODEL.filters)
    lower = {name for name in MODEL.filters if name.startswith("min_") and name != "min_value"}
    assert {*lower, "from", "to"} in [set(parameters) for parameters in asked]


@pytest.mark.parametrize(("old", "new"), [(f'"{VALUE}":', f'"{VALUE}": '), (".", ".1")])
def test_a_path_that_answers_otherwise_is_named(live: BackgroundStack, faulty: FaultyApi, old: str, new: str) -> None:
    with Client(faulty.url) as client:
        client.post("/insert", {"items": items(2)})
        faulty.script.extend([passes, passes, tampers(old, new)])
        with pytest.raises(ConsoleError, match=r"GET /ddb\?limit=2 and GET /sqlite-efs\?limit=2 give different"):
            compare_answers(client, ["?limit=2"], lambda _: None)


def test_an_answer_without_data_is_unexpected(faulty: FaultyApi) -> None:
    faulty.script.append(answers(200, '{"bookmark":"1.1"}'))
    with Client(faulty.url) as client, pytest.raises(ConsoleError, match="no stats in it"):
        compare_answers(client, ["/stats"], lambda _: None)
