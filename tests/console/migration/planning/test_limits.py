from __future__ import annotations

from decimal import Decimal

import pytest

from console.migration.kinds import Kind, TargetValue
from console.migration.plan import Destination, PlannedColumn, PlannedTable
from console.migration.planning.limits import Check, limit_of


def limit(kind: Kind, *, is_key: bool = False, destination: Destination = "dynamodb") -> Check | None:
    column = PlannedColumn("c", "c", kind, is_nullable=True)
    return limit_of(column, PlannedTable("t", "t", (column,), ("c",) if is_key else (), destination=destination))


def test_postgresql_and_most_kinds_have_no_limit_of_their_own() -> None:
    assert limit("numeric", destination="postgresql") is None
    assert limit("text") is None
    assert limit("bigint") is None


@pytest.mark.parametrize(
    "value", [0.0, 1.5, -1e125, 1e-130, Decimal("1" * 38), Decimal(f"-{'9' * 38}e50"), Decimal(10) ** 100]
)
def test_numbers_that_dynamodb_has_pass(value: TargetValue) -> None:
    for check in (limit("numeric"), limit("numeric", is_key=True)):
        assert check is not None
        check(value)


@pytest.mark.parametrize("value", [float("inf"), 1e126, -1e-131, Decimal("1" * 39), Decimal("1e126")])
def test_numbers_that_dynamodb_does_not_have_are_refused(value: TargetValue) -> None:
    check = limit("double precision")
    assert check is not None
    with pytest.raises(ValueError, match="DynamoDB"):
        check(value)


def test_keys_have_1_to_1024_bytes() -> None:
    check = limit("text", is_key=True)
    assert check is not None
    for fine in ("a", "ü" * 512, b"x" * 1_024):
        check(fine)
    for wrong in ("", b"", "ü" * 513):
        with pytest.raises(ValueError, match=r"is a key of [0-9,]+ bytes: DynamoDB takes 1 to 1,024"):
            check(wrong)
