"""Decimal numbers as PostgreSQL's numeric keeps them, and their normal form."""

from __future__ import annotations

from decimal import Decimal

MOST_DIGITS = 131_072  # before the point
MOST_DECIMALS = 16_383


def check_digits(number: Decimal) -> None:
    """Hold a number against what numeric keeps.

    Raises:
        ValueError: it is not finite, or has more digits.
    """
    if not number.is_finite():
        raise ValueError("is infinite or no number")
    if number.adjusted() >= MOST_DIGITS or -int(number.as_tuple().exponent) > MOST_DECIMALS:
        raise ValueError("has more digits than numeric keeps")


def normal_number(number: Decimal) -> str:
    """Return the same text for 1, 1.0 and 1.00: the digits that count, and a power of ten."""
    if number == 0:
        return "0"
    sign, digits, exponent = number.as_tuple()
    text = "".join(map(str, digits))
    short = text.rstrip("0")
    return f"{'-' * sign}{short}e{int(exponent) + len(text) - len(short)}"
