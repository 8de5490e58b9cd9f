from __future__ import annotations

from decimal import Decimal

from console.migration.checksum import Checksum
from console.migration.kinds import Kind, TargetValue

KINDS: tuple[Kind, ...] = ("text", "numeric")


def checksum(*rows: tuple[TargetValue, ...]) -> tuple[str, int]:
    made = Checksum(KINDS)
    made.add_all(rows)
    return made.hex, made.rows


def test_rows_in_another_order_and_with_values_that_mean_the_same_have_one_checksum() -> None:
    assert checksum(("a", 1), ("b", None)) == checksum(("b", None), ("a", Decimal("1.00")))
    assert checksum() == ("0" * 32, 0)


def test_other_rows_have_another_checksum() -> None:
    found = {
        checksum(*rows)[0]
        for rows in (
            (),
            (("a", 1),),
            (("a", 1), ("a", 1)),
            (("a", 1), ("a", 1), ("a", 1)),
            (("a", None),),
            (("", 1),),
            ((None, 1),),
            (("a", 10),),
            (("a", 1), ("b", 2)),
            (("b", 1), ("a", 2)),
        )
    }
    assert len(found) == 10
    assert all(len(text) == 32 for text in found)
