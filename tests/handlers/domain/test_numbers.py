from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from handlers.domain.numbers import exact_parts, is_storable, lower_bound_text, number_text, upper_bound_text

finite = st.floats(allow_nan=False, allow_infinity=False)
storable = finite.filter(is_storable).map(lambda value: value + 0.0)


@given(finite, storable)
def test_bounds_let_through_exactly_the_doubles_that_they_should(bound: float, value: float) -> None:
    assert (Decimal(number_text(value)) >= Decimal(lower_bound_text(bound))) == (value >= bound)
    assert (Decimal(number_text(value)) <= Decimal(upper_bound_text(bound))) == (value <= bound)


@given(finite)
@example(-0.0)
@example(5e-324)
@example(-5e-324)
def test_a_bound_is_a_number_that_dynamodb_can_hold(bound: float) -> None:
    for text in (lower_bound_text(bound), upper_bound_text(bound)):
        number = Decimal(text)
        assert number == 0 or Decimal("1e-130") <= number.copy_abs() < Decimal("1e126")
        assert len(number.as_tuple().digits) <= 38
        assert not (number == 0 and number.is_signed())


@given(storable)
def test_a_storable_number_survives_its_text(value: float) -> None:
    assert float(number_text(value)) == value


def test_zero_has_one_text() -> None:
    assert number_text(-0.0) == number_text(0.0) == "0.0"


@pytest.mark.parametrize(
    ("value", "is_it"),
    [
        (0.0, True),
        (1e-130, True),
        (-1e-130, True),
        (math.nextafter(1e-130, 0), False),
        (math.nextafter(1e126, 0), True),
        (1e126, False),
        (-1e126, False),
        (math.inf, False),
        (math.nan, False),
    ],
)
def test_the_range_of_storable_numbers(value: float, is_it: bool) -> None:
    assert is_storable(value) == is_it


@pytest.mark.parametrize("bound", [0.0, -0.0, 5e-324, -5e-324, 1e-130, -1e-130, 1e126, -1e126, 1.7e308, -1.7e308])
def test_bounds_at_the_edges(bound: float) -> None:
    for value in (0.0, 1e-130, -1e-130, math.nextafter(1e126, 0), -math.nextafter(1e126, 0)):
        assert (Decimal(repr(value)) >= Decimal(lower_bound_text(bound))) == (value >= bound)
        assert (Decimal(repr(value)) <= Decimal(upper_bound_text(bound))) == (value <= bound)


@given(st.lists(storable, max_size=30))
def test_exact_parts_lose_nothing_and_do_not_depend_on_the_order(values: list[float]) -> None:
    parts = exact_parts(values)
    assert sum(map(Fraction, parts)) == sum(map(Fraction, values))
    assert parts == exact_parts(values[::-1])
    assert 0 not in parts
    assert parts == sorted(parts, key=abs, reverse=True)
