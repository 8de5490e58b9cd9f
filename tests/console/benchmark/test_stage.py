"""What `bench` does on a stack whose sandboxes it cannot end; the rest of a stage is tested with the verb."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest

from console.benchmark.closed_loop import Rounds
from console.benchmark.data import inspect_data
from console.benchmark.plan import BenchPlan
from console.benchmark.probe import Exchange
from console.benchmark.samples import Samples
from console.benchmark.stage import Stage
from console.client.client import Client
from console.local.background import BackgroundStack
from console.local.project import project_stack
from handlers.routes import SOURCES


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[BackgroundStack]:
    """A stack of the test's own, one sandbox at a time: recycling one starts new processes."""
    with BackgroundStack(project_stack(tmp_path, sandboxes=1)) as running:
        yield running


@pytest.fixture
def client(stack: BackgroundStack) -> Iterator[Client]:
    with Client(stack.url) as made:
        made.post("/insert", {"count": 20})
        yield made


def test_of_bursts_only_the_first_requests_of_new_sandboxes_count(
    stack: BackgroundStack, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.benchmark.bursts.WIDEST", 30)  # of one sandbox one request of all is the first
    raw, told = io.StringIO(), Counter[str]()
    plan = BenchPlan(("first-in-sandbox",), Rounds(0, 5, 60.0), None, (), 1)
    stage = Stage(client, plan, inspect_data(client, []), Samples(raw, 20, 0.0), lambda count: told.update(done=count))
    stack.recycle()
    stage.measure("first-in-sandbox", None)
    efs, *others = stage.figures().measurements
    assert [it.source for it in (efs, *others)] == list(SOURCES)
    assert (efs.requests, efs.temperature, efs.note) == (1, "cold", "new sandboxes seen: 1 of 5 wanted")
    assert efs.client_ms is not None
    assert efs.consumed["init_ms"] > 0
    for it in others:
        assert (it.requests, it.client_ms) == (0, None)
        assert it.note == "no new sandbox seen in bursts of up to 30 requests"
    lines = raw.getvalue().splitlines()
    assert Counter(line.split(",")[2] for line in lines) == {"sqlite-efs": 10, "sqlite-tmp": 20, "ddb": 30}
    assert told["done"] == plan.requests(20, SOURCES)


def test_where_sandboxes_can_be_ended_every_request_is_a_first_one(stack: BackgroundStack, client: Client) -> None:
    plan = BenchPlan(("first-in-sandbox",), Rounds(0, 2, 60.0), None, (), 1)
    stage = Stage(client, plan, inspect_data(client, []), Samples(io.StringIO(), 20, 0.0), lambda _: None)
    stage.measure("first-in-sandbox", stack.recycle)
    measurements = stage.figures().measurements
    assert [it.source for it in measurements] == list(SOURCES)
    for it in measurements:
        assert (it.requests, it.temperature, it.note) == (2, "cold", None)
        assert it.consumed["init_ms"] > 0


def test_of_a_burst_that_is_cut_short_what_was_answered_is_kept(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = BenchPlan(("first-in-sandbox",), Rounds(0, 5, 60.0), None, (), 1)
    samples = Samples(io.StringIO(), 20, 0.0)
    stage = Stage(client, plan, inspect_data(client, []), samples, lambda _: None)

    def cut(futures: list[Future[Exchange]]) -> Iterator[Future[Exchange]]:
        yield from futures[:3]
        raise KeyboardInterrupt

    monkeypatch.setattr("console.benchmark.stage.as_completed", cut)
    with pytest.raises(KeyboardInterrupt):
        stage.measure("first-in-sandbox", None)
    assert [len(kept) for kept in samples.by_kind.values()] == [3]
