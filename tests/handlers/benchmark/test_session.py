from __future__ import annotations

import statistics

from hypothesis import given
from hypothesis import strategies as st

from handlers.benchmark.session import figures_of


def test_percentiles_are_nearest_ranks() -> None:
    times_ms = [float(number) for number in range(100, 0, -1)]
    assert figures_of(times_ms) == {"p50": 50.0, "p90": 90.0, "p99": 99.0, "max": 100.0, "mean": 50.5}
    assert figures_of([7.0]) == {"p50": 7.0, "p90": 7.0, "p99": 7.0, "max": 7.0, "mean": 7.0}
    assert figures_of([1.0, 2.0]) == {"p50": 1.0, "p90": 2.0, "p99": 2.0, "max": 2.0, "mean": 1.5}


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
