from __future__ import annotations

import pytest
from typer import BadParameter

from console.benchmark.closed_loop import Rounds
from console.benchmark.plan import BenchPlan, chosen_rows, chosen_workloads
from console.benchmark.workloads import READING, WORKLOADS, WRITING
from console.errors import ConsoleError
from console.results.result import Workload
from handlers.routes import HOMES, SOURCES


def plan(*workloads: Workload, rows: tuple[int, ...] = (), rate_per_s: float | None = None) -> BenchPlan:
    return BenchPlan(workloads, Rounds(20, 300, 60.0), rate_per_s, rows, 1)


@pytest.mark.parametrize(
    ("it", "requests"),
    [
        (plan("newest-100"), 3 * 320),
        (plan("newest-100", rate_per_s=10.0), 3 * (320 + 300)),
        (plan("walk"), 3 * (1 + 60) * 5),
        (plan("first-in-sandbox"), 3 * 30),
        (plan("first-after-publish", "write"), 3 * 31 + 31),
        (plan("walk", rate_per_s=10.0, rows=(5000,)), 3 * (1 + 60) * 5),
        (plan("stats", rows=(1000, 20_000)), 15 + 2 * 3 * 320),
        (plan("stats", rows=(1000,)), 3 * 320),
        (plan("stats", rows=(5001,)), 1 + 3 * 320),  # one row more takes a request too
    ],
)
def test_the_work_is_known_beforehand(it: BenchPlan, requests: int) -> None:
    assert it.requests(5000, SOURCES) == requests


def test_each_home_that_an_api_has_makes_work() -> None:
    assert plan("walk", "write", rows=(5000,)).requests(5000, HOMES) == 4 * (1 + 60) * 5 + 31


def test_a_rate_has_to_get_through_within_the_limit() -> None:
    plan("stats", rate_per_s=5.0).check()  # 300 requests in 60 s
    with pytest.raises(ConsoleError, match=r"300 requests at 4\.9 a second take 62 s, and --limit-s is 60") as error:
        plan("stats", rate_per_s=4.9).check()
    assert error.value.hint.endswith("--limit-s 62")


def test_what_writes_has_to_be_asked_for() -> None:
    assert chosen_workloads("", writes=False) == READING
    assert chosen_workloads("", writes=True) == WORKLOADS
    assert set(WORKLOADS) - set(READING) == set(WRITING) == {"first-after-publish", "write"}
    for writes in (True, False):
        assert chosen_workloads("write, newest-100", writes=writes) == ("newest-100", "write")


@pytest.mark.parametrize("text", ["nap", "newest-100,,by-id", "newest-100;by-id"])
def test_a_workload_that_is_none_is_named(text: str) -> None:
    with pytest.raises(BadParameter, match="is none of newest-100, by-id"):
        chosen_workloads(text, writes=True)


def test_sizes_are_measured_ascending_and_once() -> None:
    assert chosen_rows("") == ()
    assert chosen_rows("10000, 1000,100000,1000") == (1000, 10_000, 100_000)


@pytest.mark.parametrize("text", ["0", "x", "1000,", "-1", "1e3", "10.000.000.000.000", "²", "9999999999999999"])
def test_a_size_that_is_none_is_named(text: str) -> None:
    with pytest.raises(BadParameter, match="is no number of rows"):
        chosen_rows(text)
