from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.costs.crossover import Crossing, cheapest, crossings, steps
from tests.support.costs import ALWAYS_THE_SAME

Line = tuple[float, float]  # what it costs at 0, and more with each


def lines(**known: Line) -> Callable[[float], dict[str, float]]:
    return lambda at: {name: start + slope * at for name, (start, slope) in known.items()}


def test_the_cheapest_is_one_or_several_that_cost_the_same() -> None:
    assert cheapest({"a": 1.0, "b": 2.0}) == ("a",)
    assert cheapest({"a": 3.0, "b": 2.0, "c": 2.0}) == ("b", "c")
    assert cheapest({"a": 0.0, "b": 0.0}) == ("a", "b")


def test_two_lines_cross_once() -> None:
    # 10 + x = 3 x at 5
    (found,) = crossings(lines(a=(10, 1), b=(0, 3)), 1, 1e6)
    assert found == Crossing(found.at, ("b",), ("a",), is_jump=False)
    assert found.at == pytest.approx(5, rel=1e-12)


def test_only_changes_of_the_cheapest_count() -> None:
    # c is never cheapest; b takes over from a at 10, d from b at 100.
    found = crossings(lines(a=(0, 10), b=(50, 5), c=(500, 4.99), d=(450, 1)), 1, 1e6)
    assert [(it.at, it.below, it.above) for it in found] == [
        (pytest.approx(10), ("a",), ("b",)),
        (pytest.approx(100), ("b",), ("d",)),
    ]


def test_equal_costs_cross_together() -> None:
    (found,) = crossings(lines(a=(10, 1), b=(10, 1), c=(0, 3)), 1, 1e6)
    assert (found.below, found.above) == (("c",), ("a", "b"))


def test_a_jump_is_said_to_be_one() -> None:
    (found,) = crossings(lambda at: {"a": 10.0 if at <= 777 else 1.0, "b": 5.0}, 1, 1e6)
    assert found == Crossing(found.at, ("b",), ("a",), is_jump=True)
    assert found.at == pytest.approx(777, rel=1e-8)


def test_a_curve_is_bisected() -> None:
    (found,) = crossings(lambda at: {"a": at**2, "b": 1e6 + at}, 1, 1e6)
    assert found.at == pytest.approx(1000.5001249375, rel=1e-8)  # (1 + (1 + 4 x 10^6)^0.5) / 2
    assert not found.is_jump


def test_a_change_on_a_step_of_the_search_is_found_once() -> None:
    for at in steps(1, 1e6)[1:-1]:
        (found,) = crossings(lines(a=(at, 1), b=(0, 2)), 1, 1e6)
        assert (found.at, found.below, found.above) == (pytest.approx(at, rel=1e-6), ("b",), ("a",))


def test_lines_that_only_touch_are_no_change() -> None:
    at = steps(1, 1e6)[60]
    assert crossings(lambda x: {"a": 1.0, "b": 1.0 + abs(x - at)}, 1, 1e6) == []


def test_two_changes_between_two_steps_that_lead_to_a_third_are_both_found() -> None:
    left, right = steps(1, 1e6)[60:62]
    first, second = left + (right - left) / 3, left + 2 * (right - left) / 3
    found = crossings(lines(a=(0, 3), b=(first, 2), c=(first + second, 1)), 1, 1e6)
    assert [(it.at, it.below, it.above) for it in found] == [
        (pytest.approx(first), ("a",), ("b",)),
        (pytest.approx(second), ("b",), ("c",)),
    ]


def test_nothing_changes_where_one_is_always_cheapest() -> None:
    assert crossings(lines(a=(1, 1), b=(2, 2)), 1, 1e6) == []


@ALWAYS_THE_SAME
@given(st.floats(1, 1e6), st.floats(1.01, 1e6))
def test_steps_grow_by_the_same_share_from_end_to_end(low: float, factor: float) -> None:
    found = steps(low, low * factor)
    assert (found[0], found[-1]) == (low, low * factor)
    shares = [right / left for left, right in pairwise(found)]
    assert max(shares) == pytest.approx(min(shares), rel=1e-9)
    assert max(shares) < 1.0711


amounts = st.floats(0.001, 1000)


@ALWAYS_THE_SAME
@given(st.lists(st.tuples(amounts, amounts), min_size=2, max_size=4))
def test_at_every_crossing_costs_are_equal_and_the_cheapest_differs_beside_it(found: list[Line]) -> None:
    costs = lines(**{f"path{number}": line for number, line in enumerate(found)})
    changes = crossings(costs, 0.01, 1e6)
    for change in changes:
        at = costs(change.at)
        assert at[change.below[0]] == pytest.approx(at[change.above[-1]], rel=1e-6)
        assert at[change.below[0]] == pytest.approx(min(at.values()), rel=1e-6)
    sides = [cheapest(costs(0.01)), *(change.above for change in changes)]
    assert [change.below for change in changes] == sides[:-1]
