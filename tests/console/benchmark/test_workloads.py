from __future__ import annotations

import json
from collections.abc import Iterator
from random import Random

import pytest

from console.benchmark.closed_loop import Rounds
from console.benchmark.data import BenchData, inspect_data
from console.benchmark.probe import CONNECTION, Probe
from console.benchmark.samples import Kind
from console.benchmark.workloads import (
    WORKLOADS,
    Reads,
    Walks,
    Writes,
    asks,
    count_pages,
    list_sources,
    place,
    plan_rounds,
)
from console.client.client import Client
from console.client.snapshots import ListedSnapshot
from console.local.background import BackgroundStack
from console.results.result import Workload
from handlers.domain.bookmark import Bookmark
from handlers.model.column import Column
from handlers.model.columns import Integer, Number, Text, Timestamp
from handlers.model.model import Model
from handlers.routes import HOMES, SOURCES
from handlers.rows import MODEL
from tests.support.local.faults import FaultyApi, answers, drops, passes

PUBLISHED = ListedSnapshot(Bookmark(7, 500), "0", 1)
VALUES = tuple(number / 100 for number in range(-100, 301))
DATA = BenchData(PUBLISHED, 115, tuple(f"id-{number}" for number in range(500)), VALUES)
ASKED = Rounds(20, 300, 60.0)


@pytest.fixture
def client(live: BackgroundStack, faulty: FaultyApi) -> Iterator[Client]:
    """A client of an API with 2,100 rows at least."""
    with Client(live.url) as loading:
        for count in (1000, 1000, 100):
            loading.post("/insert", {"count": count})
    with Client(faulty.url) as made:
        yield made


def test_equal_seeds_ask_for_the_same_and_other_seeds_for_other_rows() -> None:
    for workload in ("by-id", "range"):
        one, again, other = (asks(workload, DATA, 100, seed) for seed in (1, 1, 2))
        assert one == again != other
        assert asks(workload, DATA, 10, 1) == one[:10]


def test_ids_are_taken_from_the_whole_data_set() -> None:
    suffixes = {ask.suffix for ask in asks("by-id", DATA, 20_000, 1)}
    assert suffixes == {f"/{its}" for its in DATA.ids}


def test_ranges_are_a_hundredth_of_the_values_and_lie_among_them() -> None:
    bounds = ranges(DATA)
    for low, high in bounds:
        assert VALUES.index(float(high)) - VALUES.index(float(low)) == 4
    assert min(float(low) for low, _ in bounds) == -1
    assert max(float(high) for _, high in bounds) == 3


@pytest.mark.parametrize(
    ("columns", "named"),
    [
        ((Text("name", filter=True), Number("price", filter=True), Number("size", statistics=True)), "size"),
        ((Number("weight", filter=True, required=False), Integer("stock", filter=True)), "stock"),
        ((Timestamp("seen", filter=True), Integer("stock", filter=True)), "seen"),
        ((Text("name", filter=True), Integer("stock")), ""),
    ],
)
def test_ranges_are_asked_for_of_a_column_that_has_an_order(
    columns: tuple[Column, ...], named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = Model("things", *columns)
    monkeypatch.setattr("console.benchmark.workloads.MODEL", model)
    data = BenchData(PUBLISHED, 115, (), ("a", "b", "c"))
    names = (f"min_{named}", f"max_{named}") if named else ("from", "to")
    assert set(ranges(data, *names)) == {("a", "b"), ("b", "c")}
    assert all(ask.parameters.keys() == {"limit", *names} for ask in asks("range", data, 10, 1))


def test_of_one_value_the_range_is_that_value() -> None:
    assert set(ranges(BenchData(PUBLISHED, 115, (), (0.5,)))) == {("0.5", "0.5")}


def ranges(data: BenchData, at_least: str = MODEL.range[1], at_most: str = MODEL.range[2]) -> list[tuple[str, str]]:
    return [(ask.parameters[at_least], ask.parameters[at_most]) for ask in asks("range", data, 2000, 1)]


def test_the_other_reads_are_always_the_same() -> None:
    for workload in ("newest-100", "first-in-sandbox"):
        assert {(ask.suffix, ask.parameters["limit"]) for ask in asks(workload, DATA, 9, 1)} == {("", "100")}
    assert {(ask.suffix, str(ask.parameters)) for ask in asks("stats", DATA, 9, 1)} == {("/stats", "{}")}


@pytest.mark.parametrize(
    ("workload", "rows", "warm_ups", "iterations"),
    [
        ("newest-100", 10**6, 20, 300),
        ("first-in-sandbox", 1000, 0, 30),
        ("first-after-publish", 1000, 1, 30),
        ("write", 1000, 1, 30),
        ("walk", 1000, 1, 300),
        ("walk", 10_001, 1, 28),
        ("walk", 10**6, 1, 5),
    ],
)
def test_what_costs_much_is_done_less_often(workload: Workload, rows: int, warm_ups: int, iterations: int) -> None:
    assert plan_rounds(workload, ASKED, rows) == Rounds(warm_ups, iterations, 60.0)


def test_little_asked_for_is_never_made_more() -> None:
    for workload in WORKLOADS:
        rounds = plan_rounds(workload, Rounds(0, 2, 60.0), 10_000)
        assert (rounds.warm_ups, rounds.iterations) == (0, 2)


@pytest.mark.parametrize(("rows", "pages"), [(1, 1), (1000, 1), (1001, 2), (100_000, 100)])
def test_the_pages_of_a_walk(rows: int, pages: int) -> None:
    assert count_pages(rows) == pages


def test_results_are_in_the_order_of_workloads_loops_and_paths() -> None:
    kinds = [
        Kind("newest-100", "sqlite-efs", "closed"),
        Kind("newest-100", "ddb", "closed"),
        Kind("newest-100", "sqlite-efs", "open"),
        Kind("stats", "sqlite-tmp", "closed"),
        Kind("write", "ledger", "closed"),
    ]
    assert sorted(Random(1).sample(kinds, 5), key=place) == kinds
    assert list_sources("write", HOMES) == ("ledger",)
    assert list_sources("walk", HOMES) == HOMES


@pytest.mark.parametrize("workload", ["newest-100", "by-id", "range", "stats"])
def test_every_path_is_asked_the_same_and_answers(client: Client, faulty: FaultyApi, workload: Workload) -> None:
    reads = Reads(Probe(client), asks(workload, inspect_data(client, [workload]), 2, 1))
    faulty.seen.clear()
    for number in range(2):
        for source in SOURCES:
            assert reads.take(source, number).error is None
    asked = [path.removeprefix(f"/{source}") for source, (_, path, _) in zip(SOURCES * 2, faulty.seen, strict=True)]
    assert asked[:3] == [asked[0]] * 3
    assert asked[3:] == [asked[3]] * 3


def test_a_walk_is_all_pages(client: Client, faulty: FaultyApi) -> None:
    pages = count_pages(inspect_data(client, []).published.bookmark.seq)
    faulty.seen.clear()
    for source in SOURCES:
        walk = Walks(Probe(client)).take(source, 0)
        assert (walk.error, walk.http_requests) == (None, pages)
        assert walk.server_ms is not None
        assert walk.client_ms > walk.server_ms > 0
    assert len(faulty.seen) == 3 * pages


def test_a_walk_ends_where_a_page_fails(client: Client, faulty: FaultyApi) -> None:
    faulty.script.extend([passes, drops])
    walk = Walks(Probe(client)).take("ddb", 0)
    assert (walk.error, walk.http_requests) == (CONNECTION, 2)


def test_a_write_appends_a_row_and_publishes_it(client: Client, faulty: FaultyApi) -> None:
    before = inspect_data(client, []).published.bookmark
    writes = Writes(Probe(client), client, 1)
    assert [writes.take("ledger", number).error for number in range(2)] == [None, None]
    assert inspect_data(client, []).published.bookmark == Bookmark(before.epoch, before.seq + 2)
    bodies = [json.loads(body) for method, _, body in faulty.seen if method == "POST"]
    assert [len(body["items"]) for body in bodies] == [1, 1]
    assert bodies[0] != bodies[1]


@pytest.mark.parametrize("source", SOURCES)
def test_the_first_read_of_a_new_snapshot_has_its_row(client: Client, faulty: FaultyApi, source: str) -> None:
    before = inspect_data(client, []).published.bookmark
    faulty.seen.clear()
    assert Writes(Probe(client), client, 1).take_after(source, 0).error is None
    assert inspect_data(client, []).published.bookmark == Bookmark(before.epoch, before.seq + 1)
    assert [(method, path) for method, path, _ in faulty.seen[:2]] == [
        ("POST", "/insert"),
        ("GET", f"/{source}?limit=100"),
    ]


def test_where_others_publish_the_first_read_is_that_of_the_rows_own_bookmark(
    client: Client, faulty: FaultyApi
) -> None:
    head = inspect_data(client, []).published.bookmark
    faulty.seen.clear()
    faulty.headers.clear()
    faulty.script.append(answers(202, {"inserted": 1, "bookmark": str(head), "snapshot": None}))
    assert Writes(Probe(client), client, 1).take_after("ddb", 0).error is None
    assert [headers.get("min-bookmark") for headers in faulty.headers] == [None, str(head)]
