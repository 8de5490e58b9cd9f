"""The points where the cheapest of several changes as one number grows. Knows nothing of what the costs are of.

The range is looked at in steps of 7 %; two changes within one step that undo each other go unseen. Where the costs run
straight between two steps the change is solved for exactly, elsewhere it is bisected to one part in a billion.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise

STEPS_PER_DECADE = 34
TOLERANCE = 1e-9  # relative: of where a change lies, and of costs that count as equal
BESIDE = 1e-6  # relative: how far from a change its two sides are looked at

Costs = Callable[[float], Mapping[str, float]]


@dataclass(frozen=True)
class Crossing:
    """A change of the cheapest.

    Args:
        at: where.
        below, above: the cheapest on either side; several where they cost the same.
        is_jump: the costs are not equal there: one of them jumps.
    """

    at: float
    below: tuple[str, ...]
    above: tuple[str, ...]
    is_jump: bool


def cheapest(costs: Mapping[str, float]) -> tuple[str, ...]:
    """Return the one that costs least; several where they cost the same."""
    least = min(costs.values())
    return tuple(name for name, cost in costs.items() if cost - least <= TOLERANCE * least)


def crossings(costs: Costs, low: float, high: float) -> list[Crossing]:
    """All changes of the cheapest between two positive numbers, in order."""
    known = cache(costs)  # each step is the end of one and the start of the next
    merged: list[Crossing] = []
    for left, right in pairwise(steps(low, high)):
        for found in _between(known, left, right):
            # A change on a step is seen from both sides: until there the costs differ, there they are equal.
            if merged and found.at <= merged[-1].at * (1 + 10 * BESIDE):
                found = replace(merged.pop(), above=found.above)  # noqa: PLW2901 - two halves of one change
            if found.below != found.above:
                merged.append(found)
    return merged


def steps(low: float, high: float) -> list[float]:
    """Numbers from low to high, each by the same share greater than the one before."""
    count = max(1, math.ceil(math.log10(high / low) * STEPS_PER_DECADE))
    return [low, *(low * (high / low) ** (step / count) for step in range(1, count)), high]


def _between(costs: Costs, left: float, right: float) -> Iterator[Crossing]:
    while left < right and (below := cheapest(costs(left))) != cheapest(costs(right)):
        at = _solved(costs, left, right) or _bisected(costs, left, right, below)
        left = min(right, at * (1 + BESIDE))
        above = cheapest(costs(left))
        yield Crossing(at, below, above, _is_jump(costs, at, below[0], above[-1]))


def _solved(costs: Costs, left: float, right: float) -> float | None:
    """Return where a straight line between both ends says that they cost the same, if they do there; None if not."""
    below, above = cheapest(costs(left)), cheapest(costs(right))
    first, last = below[0], above[-1]
    at_left, at_right = (found[first] - found[last] for found in (costs(left), costs(right)))
    if at_left >= 0 or at_right <= 0:
        return None
    at = left + (right - left) * at_left / (at_left - at_right)
    is_it = {first, last} <= set(cheapest(costs(at))) and cheapest(costs(at * (1 - BESIDE))) == below
    return at if is_it else None


def _bisected(costs: Costs, left: float, right: float, below: tuple[str, ...]) -> float:
    while right - left > TOLERANCE * right:
        middle = (left + right) / 2
        if cheapest(costs(middle)) == below:
            left = middle
        else:
            right = middle
    return right


def _is_jump(costs: Costs, at: float, first: str, last: str) -> bool:
    before, after = costs(at * (1 - BESIDE)), costs(at * (1 + BESIDE))
    near = 10 * BESIDE * max(before[first], after[last])
    return abs(before[first] - before[last]) > near or abs(after[first] - after[last]) > near
