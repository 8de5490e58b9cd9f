from __future__ import annotations

import random
from itertools import accumulate
from math import comb

import pytest

from handlers.domain.bounds import bounds


@pytest.mark.parametrize(("percentile", "count"), [(50, 40), (50, 400), (99, 300), (99, 400), (99, 1000)])
def test_at_least_95_of_100_intervals_hold_the_percentile(percentile: int, count: int) -> None:
    """Of values between 0 and 1, all equally likely, the percentile is known."""
    draw, truth, trials = random.Random(percentile * count), percentile / 100, 2000
    missed_low = missed_high = 0
    for _ in range(trials):
        low, high = bounds([draw.random() for _ in range(count)], percentile)
        missed_low += low > truth
        missed_high += high is not None and high < truth
    # 2.5 % at most at each end; 2000 trials stray from that by 0.35 points (one sigma).
    assert missed_low / trials < 0.035
    assert missed_high / trials < 0.035


@pytest.mark.parametrize(("percentile", "count"), [(50, 6), (50, 101), (99, 367), (99, 368), (99, 1000), (90, 57)])
def test_the_bounds_are_the_nearest_values_that_are_sure_enough(percentile: int, count: int) -> None:
    values = [float(number) for number in range(1, count + 1)]
    share = percentile / 100

    exactly = (comb(count, below) * share**below * (1 - share) ** (count - below) for below in range(count))
    at_most = list(accumulate(exactly))
    low = max((place for place, chance in enumerate(at_most, 1) if chance <= 0.025), default=0)
    high = min((place for place, chance in enumerate(at_most, 1) if 1 - chance <= 0.025), default=None)
    random.Random(count).shuffle(values)
    assert bounds(values, percentile) == (low, high)


def test_too_few_values_have_no_bound() -> None:
    assert bounds([1.0] * 5, 50) == (0.0, None)
    assert bounds([1.0] * 6, 50) == (1.0, 1.0)
    assert bounds([1.0] * 367, 99) == (1.0, None)
    assert bounds([1.0] * 368, 99) == (1.0, 1.0)


def test_very_many_values_are_no_trouble() -> None:
    low, high = bounds(range(1_000_000), 50)
    assert (low, high) == pytest.approx((500_000 - 980, 500_000 + 980), abs=2)
