from __future__ import annotations

import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.benchmark.session import figures_of


@pytest.mark.parametrize(
    ("times_ms", "figures"),
    [
        ([float(number) for number in range(100, 0, -1)], (50.0, 90.0, 99.0, 100.0, 50.5)),
        ([7.0], (7.0, 7.0, 7.0, 7.0, 7.0)),
        ([1.0, 2.0], (1.0, 2.0, 2.0, 2.0, 1.5)),
    ],
)
def test_percentiles_are_nearest_ranks(times_ms: list[float], figures: tuple[float, ...]) -> None:
    found = figures_of(times_ms)
    assert found
    assert (found["p50"], found["p90"], found["p99"], found["max"], found["mean"]) == figures


def test_figures_say_between_which_times_percentiles_lie() -> None:
    found = figures_of([number + 0.0004 for number in range(1, 101)])
    assert found
    assert (found.get("p50_interval"), found.get("p99_interval")) == ([40.0, 61.0], [97.0, None])
    few = figures_of([3.0])
    assert few
    assert (few.get("p50_interval"), few.get("p99_interval")) == ([0.0, None], [3.0, None])


def test_of_nothing_there_are_no_figures() -> None:
    assert figures_of([]) is None


@given(st.lists(st.integers(0, 10**6), min_size=1))
def test_figures_are_in_order_and_rounded_to_microseconds(times_us: list[int]) -> None:
    times_ms = [time_us / 1000 for time_us in times_us]
    figures = figures_of(times_ms)
    assert figures
    assert min(times_ms) <= figures["p50"] <= figures["p90"] <= figures["p99"] <= figures["max"] == max(times_ms)
    assert {figures["p50"], figures["p90"], figures["p99"]} <= set(times_ms)
    assert abs(figures["mean"] - statistics.fmean(times_ms)) <= 0.0005001
