"""Percentiles by nearest rank: the least value that is not exceeded by at least so many percent of all.

So each percentile is one of the values, never a number between two of them. Everybody who shows a p50, p90 or p99 takes
it from here.
"""

from __future__ import annotations

import math


def rank(count: int, percent: float) -> int:
    """Return the place of a percentile among `count` values in order, from 0.

    Args:
        count: at least 1.
        percent: 0 to 100; exact for whole numbers.
    """
    return max(0, math.ceil(percent * count / 100) - 1)


def nearest_rank(ranked: list[float], percent: float) -> float:
    """Return a percentile of values in ascending order, of which there is at least one."""
    return ranked[rank(len(ranked), percent)]
