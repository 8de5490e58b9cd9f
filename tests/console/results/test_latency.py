from __future__ import annotations

import math
from dataclasses import replace

import pytest

from console.results.latency import LEAST_COMPARED, Bounds, Latency, overlap, upper
from tests.support.costs import read
from tests.support.results import figures


@pytest.mark.parametrize(
    ("one", "other", "is_shared"),
    [
        ((1, 2), (2, 3), True),
        ((1, 2), (2.1, 3), False),
        ((1, 9), (2, 3), True),
        ((5, 6), (1, 4), False),
        ((1, None), (2, 3), True),
        ((1, None), (50, 60), True),
        ((5, None), (1, 4), False),
        ((50, None), (1, 4), False),
        ((50, None), (1, None), True),
        ((5, None), (1, None), True),
    ],
)
def test_intervals_overlap_when_they_share_a_point(one: Bounds, other: Bounds, is_shared: bool) -> None:
    assert overlap(one, other) == overlap(other, one) == is_shared


def test_an_end_that_nothing_bounds_is_infinite() -> None:
    assert (upper((1, 2)), upper((1, None))) == (2, math.inf)


def test_the_interval_of_few_requests_is_not_relied_upon() -> None:
    enough, few = (
        Latency.from_distribution(figures(10), requests) for requests in (LEAST_COMPARED, LEAST_COMPARED - 1)
    )
    assert enough == (6, 10, figures(10).p50_interval, 30, figures(10).p99_interval)
    assert few == (5, 10, (0, None), 30, (0, None))
    assert (enough.is_told, few.is_told) == (True, False)


def test_the_times_are_the_client_s_or_the_function_s_own() -> None:
    both = read("ddb", figures(9.0), server_ms=figures(5.0))
    assert Latency.from_measurement(both, in_function=False) == Latency.from_distribution(figures(9.0), 300)
    assert Latency.from_measurement(both, in_function=True) == Latency.from_distribution(figures(5.0), 300)
    assert Latency.from_measurement(replace(both, client_ms=None), in_function=False) is None
