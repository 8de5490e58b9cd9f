"""Between which values of a sample a percentile of the whole lies: exact, whatever the distribution.

How many of n independent values are below the percentile follows a binomial distribution, so two of the values in order
bound it with a confidence that is known. Where none of them reaches far enough there is no bound: a sample's largest
value says nothing of what is above it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from console.results.result import Interval

TAIL = 0.025  # the chance of being wrong at each end

Values = NDArray[np.float64]


def bounds(values: Sequence[float], percentile: float) -> Interval:
    """Where the percentile lies with at least 95 % confidence.

    Args:
        values: at least one, none below 0, in any order.
        percentile: above 0 and below 100.

    Returns:
        the lower bound, 0 where no value is one, and the upper one, None where no value is one.
    """
    ordered = sorted(values)
    at_most = _at_most(len(ordered), percentile / 100)
    lower, upper = int(np.searchsorted(at_most, TAIL, "right")), int(np.searchsorted(at_most, 1 - TAIL))
    return ordered[lower - 1] if lower else 0.0, ordered[upper] if upper < len(ordered) else None


def _at_most(count: int, share: float) -> Values:
    """The chances that at most 0, 1, … of so many values are below what this share of all is below."""
    number = np.arange(count, dtype=float)
    steps = np.log((count - number) / (number + 1)) + math.log(share / (1 - share))
    return np.cumsum(np.exp(count * math.log1p(-share) + np.concatenate([[0.0], np.cumsum(steps)])))
