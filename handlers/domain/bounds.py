"""Between which values of a sample a percentile of the whole lies: exact, whatever the distribution.

How many of n independent values are below the percentile follows a binomial distribution, so two of the values in order
bound it with a confidence that is known. Where none of them reaches far enough there is no bound: a sample's largest
value says nothing of what is above it.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from functools import lru_cache
from itertools import accumulate

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

TAIL = 0.025  # the chance of being wrong at each end


def bounds(values: Sequence[float], percentile: float) -> tuple[float, float | None]:
    """Return the interval in which the percentile lies with at least 95 % confidence.

    Args:
        values: at least one, none below 0, in any order.
        percentile: above 0 and below 100.

    Returns:
        the lower bound, 0 where no value is one, and the upper one, None where no value is one.
    """
    ordered = sorted(values)
    lower, upper = _places(len(ordered), percentile / 100)
    return ordered[lower - 1] if lower else 0.0, ordered[upper] if upper < len(ordered) else None


@lru_cache(maxsize=64)
def _places(count: int, share: float) -> tuple[int, int]:
    """Return how many of so many values in order are left out at each end of the interval."""
    at_most = _at_most(count, share)
    return bisect_right(at_most, TAIL), bisect_left(at_most, 1 - TAIL)


def _at_most(count: int, share: float) -> list[float]:
    """Return the chances that at most 0, 1, … of so many values are below what this share of all is below."""
    odds = math.log(share / (1 - share))
    steps = (math.log((count - number) / (number + 1)) + odds for number in range(count))
    return list(accumulate(math.exp(chance) for chance in accumulate(steps, initial=count * math.log1p(-share))))
