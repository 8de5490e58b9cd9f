from __future__ import annotations

import pytest

from console.client.client import Client
from console.data.agreement import compare_answers, list_queries
from console.errors import ConsoleError
from console.local.background import BackgroundStack
from handlers.routes import SOURCES
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
