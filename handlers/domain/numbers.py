"""Numbers that a double and DynamoDB's decimal can both hold: 0, or 1e-130 <= |x| < 1e126.

Source of the range: the DynamoDB developer guide, "Data types", Number (38 digits, 1E-130 to 9.99…E+125).
A double is written as Python's shortest round-trip text (17 digits at most), so that both sides hold the same value
and order values alike.
"""

from __future__ import annotations

import math

SMALLEST = 1e-130
LIMIT = 1e126
ALLOWED = "a number that is 0 or has 1e-130 <= |x| < 1e126"

_GREATEST_TEXT = "9" * 38 + "E+88"  # greater than any double below 1e126


def is_storable(value: float) -> bool:
    """Tell whether DynamoDB can hold this double."""
    return value == 0 or SMALLEST <= abs(value) < LIMIT


def number_text(value: float) -> str:
    """Return the text of a storable double in DynamoDB and in JSON."""
    return repr(value + 0.0)  # DynamoDB knows no -0.0


def lower_bound_text(bound: float) -> str:
    """Return a DynamoDB number that lets through exactly the storable doubles >= `bound`."""
    return _bound_text(bound, number_text(SMALLEST) if bound > 0 else "0")


def upper_bound_text(bound: float) -> str:
    """Return a DynamoDB number that lets through exactly the storable doubles <= `bound`."""
    return _bound_text(bound, number_text(-SMALLEST) if bound < 0 else "0")


def _bound_text(bound: float, if_tiny: str) -> str:
    if is_storable(bound):
        return number_text(bound)
    if abs(bound) < SMALLEST:
        return if_tiny
    return _GREATEST_TEXT if bound > 0 else "-" + _GREATEST_TEXT


def exact_parts(values: list[float]) -> list[float]:
    """Return the exact sum of doubles as few doubles, greatest first: their exact sum is the sum of `values`.

    `math.fsum` rounds an exact sum once, so each further pass gives the next part of what it rounded away. The parts
    of a prefix can be kept and continued later, and `math.fsum` of them does not depend on how it came about.
    """
    parts: list[float] = []
    while part := math.fsum([*values, *(-known for known in parts)]):
        parts.append(part)
    return parts
