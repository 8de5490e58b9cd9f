"""The demo's measurement; the rest of a session is tested with the verb `bench`."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations
from pathlib import Path

import pytest

from console.benchmark.session import (
    FIRST_READS,
    PUBLISHES,
    WARM_UPS,
    count_newest,
    count_published,
    joined_sizes,
    measure_newest,
    measure_published,
)
from console.client.client import Client
from console.local.background import BackgroundStack
from console.local.project import project_stack
from handlers.routes import SOURCES
from tests.support.drafts import items
from tests.support.local.faults import FaultyApi


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[BackgroundStack]:
    """A stack of the test's own, one sandbox at a time: recycling one starts new processes."""
    with BackgroundStack(project_stack(tmp_path, sandboxes=1)) as running:
        yield running


def batched_by_three(paths: list[str]) -> Iterator[tuple[str, ...]]:
    return (tuple(paths[start : start + 3]) for start in range(0, len(paths), 3))


def test_reads_take_turns_and_first_reads_are_those_of_new_sandboxes(stack: BackgroundStack) -> None:
    recycled: list[int] = []
    done: list[int] = []

    def recycle() -> None:
        stack.recycle()
        recycled.append(len(faulty.seen))

    with FaultyApi(stack.url) as faulty, Client(faulty.url) as client:
        client.post("/insert", {"items": items(20)})
        faulty.seen.clear()
        size = measure_newest(client, 10, recycle, done.append)
        assert sum(done) == count_newest(client, 10)
        before = len(faulty.seen)
        published = measure_published(client, done.append)
        inserts = [path for _, path, _ in faulty.seen[before:] if path == "/insert"]
        del faulty.seen[before:]
    assert sum(done) == count_newest(client, 10) + count_published(client)
    assert len(inserts) == count_published(client)  # a row before each read
    assert [(it.workload, it.source, it.requests, it.errors) for it in published.measurements] == [
        ("first-after-publish", source, PUBLISHES, {}) for source in SOURCES
    ]
    assert joined_sizes([size, published]).measurements == (*size.measurements, *published.measurements)
    assert recycled == list(
        range(2, 2 + FIRST_READS * len(SOURCES))
    )  # before each read; snapshot and rows are asked first
    asked = [path[1:].partition("?") for _, path, _ in faulty.seen]
    assert {(source, query) for source, _, query in asked} == {
        ("snapshots", ""),
        ("sqlite-efs", f"limit=1000&as_of={size.bookmark}"),
        *((source, "limit=100") for source in SOURCES),
    }
    rounds = list(batched_by_three([source for source, _, query in asked if query == "limit=100"]))
    assert len(rounds) == FIRST_READS + WARM_UPS + 10
    assert set(rounds[FIRST_READS:]) == set(permutations(SOURCES))  # each path follows each other one
    assert [(it.workload, it.source, it.requests, it.errors) for it in size.measurements] == [
        *(("first-in-sandbox", source, FIRST_READS, {}) for source in SOURCES),
        *(("newest-100", source, 10, {}) for source in SOURCES),
    ]
    assert all("init_ms" in it.consumed for it in size.measurements[:3])
