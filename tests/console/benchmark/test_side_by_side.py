from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations

import pytest
from rich.console import Console

from console.benchmark.side_by_side import (
    Measured,
    Sample,
    agreement,
    comparison_table,
    measure,
    measured,
    queries,
    sentence,
)
from console.client.client import Client
from console.errors import ConsoleError
from console.local.background import BackgroundStack
from handlers.routes import SOURCES
from tests.support.api import spread
from tests.support.local.faults import FaultyApi, answers, passes, tampers

EFS = Measured("sqlite-efs", 2.0, 4.0, {"check": 0.5, "query": 1.0, "total": 1.5}, 40.0, {"open": 3.0, "total": 3.0}, 0)
TMP = Measured(
    "sqlite-tmp", 1.0, 3.0, {"check": 0.25, "total": 0.25}, 50.0, {"copy": 9.0, "open": 1.0, "total": 10.0}, 2_500_000
)
DDB = Measured("ddb", 10.0, 30.0, {"query": 8.0, "total": 8.0}, 200.0, {"total": 8.0}, 0)


def test_the_figures_of_a_path() -> None:
    warm = [Sample(float(number), {"query": number / 10, "total": float(number)}, 0) for number in range(1, 102)]
    first = [Sample(ms, {"open": ms / 2}, int(ms)) for ms in (30.0, 10.0, 20.0)]
    assert measured("ddb", warm, first) == Measured(
        "ddb", 51.0, 100.0, {"query": 5.1, "total": 51.0}, 20.0, {"open": 10.0}, 20
    )


def test_the_table_shows_every_phase_of_any_path() -> None:
    console = Console(width=100)
    with console.capture() as capture:
        console.print(comparison_table([EFS, TMP, DDB]))
    cells = [line.rsplit(None, 3) for line in capture.get().splitlines() if not line.startswith("─")]
    assert [(label.strip(), *rest) for label, *rest in cells] == [
        ("milliseconds", "sqlite-efs", "sqlite-tmp", "ddb"),
        ("warm read, p50", "2.00", "1.00", "10.00"),
        ("in the function: check", "0.50", "0.25", "-"),
        ("in the function: query", "1.00", "-", "8.00"),
        ("in the function: total", "1.50", "0.25", "8.00"),
        ("warm read, p99", "4.00", "3.00", "30.00"),
        ("first read in a new sandbox", "40.00", "50.00", "200.00"),
        ("in the function: copy", "-", "9.00", "-"),
        ("in the function: open", "3.00", "1.00", "-"),
        ("in the function: total", "3.00", "10.00", "8.00"),
        ("MB copied by the first read", "-", "2.50", "-"),
    ]


def test_the_sentence_says_what_was_measured() -> None:
    assert sentence([EFS, TMP, DDB]) == (
        "Warm, sqlite-tmp gives the newest 100 rows in 1.00 ms (p50); "
        "sqlite-efs takes 2.0 and ddb 10.0 times as long. "
        "The first read in a new sandbox is fastest on sqlite-efs, 40 ms; "
        "sqlite-tmp copies 2.50 MB before it answers."
    )


def batched_by_three(paths: list[str]) -> Iterator[tuple[str, ...]]:
    return (tuple(paths[start : start + 3]) for start in range(0, len(paths), 3))


def test_reads_take_turns_and_first_reads_are_those_of_new_sandboxes(live: BackgroundStack, faulty: FaultyApi) -> None:
    recycled: list[int] = []
    with Client(faulty.url) as client:
        client.post("/insert", {"items": spread(20)})
        faulty.seen.clear()
        paths = measure(client, 10, lambda: recycled.append(len(faulty.seen)))
    assert recycled == list(range(9))
    asked = [path[1:] for _, path, _ in faulty.seen]
    assert asked[:9] == list(SOURCES) * 3
    rounds = list(batched_by_three(asked[9:]))
    assert len(rounds) == 5 + 10
    assert set(rounds) == set(permutations(SOURCES))  # each path follows each other one
    assert [path.source for path in paths] == list(SOURCES)
    for path in paths:
        assert 0 < path.phases_ms["total"] < path.p50_ms < path.p99_ms
        assert 0 < path.first_phases_ms["total"] < path.first_ms


def test_the_copy_counts_as_the_first_read_reports_it(faulty: FaultyApi) -> None:
    copy = {"timings_ms": {"total": 1.0}, "copy": {"bytes": 5, "ms": 1.0}}
    faulty.script.extend([answers(200, copy)] * 9 + [answers(200, copy | {"copy": None})] * 21)
    with Client(faulty.url) as client:
        assert [path.copied_bytes for path in measure(client, 2, lambda: None)] == [5, 5, 5]


@pytest.mark.parametrize("body", ["{}", '{"timings_ms":{},"copy":3}', '{"timings_ms":{},"copy":{"ms":1}}'])
def test_an_answer_without_timings_is_unexpected(faulty: FaultyApi, body: str) -> None:
    faulty.script.append(answers(200, body))
    with Client(faulty.url) as client, pytest.raises(ConsoleError, match="no timings in it"):
        measure(client, 2, lambda: None)


def test_all_kinds_of_queries_are_answered_alike(live: BackgroundStack, faulty: FaultyApi) -> None:
    with Client(faulty.url) as client:
        client.post("/insert", {"items": spread(20)})
        client.post("/insert", {"items": spread(20)})
        asked = queries(client)
        faulty.seen.clear()
        equal_bytes = agreement(client, asked)
        sent = [path for _, path, _ in faulty.seen]
        assert sent == [f"/{source}{query}" for query in asked for source in SOURCES]
        texts = [client.get(f"/ddb{query}").json() for query in asked]
    assert all(text.get("data") or text["stats"]["count"] for text in texts)
    assert equal_bytes > 5_000


@pytest.mark.parametrize(("old", "new"), [('"random_value":0.', '"random_value":1.'), (".", ".1")])
def test_a_path_that_answers_otherwise_is_named(live: BackgroundStack, faulty: FaultyApi, old: str, new: str) -> None:
    with Client(faulty.url) as client:
        client.post("/insert", {"items": spread(2)})
        faulty.script.extend([passes, passes, tampers(old, new)])
        with pytest.raises(ConsoleError, match=r"GET /ddb\?limit=2 and GET /sqlite-efs\?limit=2 give different"):
            agreement(client, ["?limit=2"])


def test_an_answer_without_data_is_unexpected(faulty: FaultyApi) -> None:
    faulty.script.append(answers(200, '{"bookmark":"1.1"}'))
    with Client(faulty.url) as client, pytest.raises(ConsoleError, match="no stats in it"):
        agreement(client, ["/stats"])
