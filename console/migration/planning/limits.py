"""Limits of a target that its kinds do not have."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal

from console.migration.forms.numbers import normal_number
from console.migration.kinds import TargetValue
from console.migration.plan import PlannedColumn, PlannedTable

MOST_KEY_BYTES = 1_024  # of a DynamoDB sort key, the smaller of both
MOST_NUMBER_DIGITS = 38
GREATEST, SMALLEST = Decimal("9.9999999999999999999999999999999999999e125"), Decimal("1e-130")

Check = Callable[[TargetValue], None]


def limit_of(column: PlannedColumn, table: PlannedTable) -> Check | None:
    """Return what raises ValueError for a value that the table's target cannot hold; None where it holds all."""
    if table.destination != "dynamodb":
        return None
    if column.target in table.key:
        return _check_key
    return _check_number if column.kind in ("double precision", "numeric") else None


def _check_key(value: TargetValue) -> None:
    if isinstance(value, str | bytes):
        size = len(value.encode() if isinstance(value, str) else value)
        if not 0 < size <= MOST_KEY_BYTES:
            raise ValueError(f"is a key of {size:,} bytes: DynamoDB takes 1 to {MOST_KEY_BYTES:,}")
    _check_number(value)


def _check_number(value: TargetValue) -> None:
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("is infinite, which a number in DynamoDB cannot be")
    if isinstance(value, float | Decimal):
        number = Decimal(repr(value)) if isinstance(value, float) else value
        digits = normal_number(number).partition("e")[0].lstrip("-")
        if len(digits) > MOST_NUMBER_DIGITS or (number and not SMALLEST <= abs(number) <= GREATEST):
            raise ValueError("is a number beyond DynamoDB's: 38 digits, 1e-130 to 9.99e125")
