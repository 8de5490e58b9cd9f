from __future__ import annotations

import pytest

from console.errors import ConsoleError
from console.migration.plan import PlannedColumn, PlannedTable
from console.migration.proof.comparison import TableComparison
from console.migration.proof.differences import differences_of
from console.migration.proof.forms import Hashing, ItemForms, RowForms

COLUMNS = (
    PlannedColumn("id", "id", "bigint", is_nullable=False),
    PlannedColumn("note", "note", "text", is_nullable=True),
)
TABLE = PlannedTable("notes", "notes", COLUMNS, ("id",))


def test_equal_sides_are_read_once() -> None:
    asked: list[str] = []

    def source() -> list[tuple[int, str]]:
        asked.append("source")
        return [(1, "a"), (2, "b")]

    def target() -> list[tuple[int, str]]:
        asked.append("target")
        return [(2, "b"), (1, "a")]

    counted: list[int] = []
    proof = TableComparison(TABLE, RowForms(TABLE), source, target, counted.append).run()
    assert proof.is_equal
    assert (proof.rows, proof.target_rows, proof.checksum) == (2, 2, proof.target_checksum)
    assert asked == ["source", "target"]
    assert sum(counted) == 4


def test_copies_of_one_key_are_compared_in_any_order() -> None:
    bare = PlannedTable("notes", "notes", COLUMNS, ())
    ours, theirs = [(1, "a"), (1, "b"), (2, "c")], [(1, "b"), (2, "c"), (1, "a")]
    assert TableComparison(bare, RowForms(bare), lambda: ours, lambda: theirs, lambda _: None).run().is_equal


def test_a_row_that_can_be_no_item_is_named() -> None:
    wide = [(1, "x" * 500_000)]
    comparison = TableComparison(TABLE, ItemForms(TABLE), lambda: wide, lambda: [], lambda _: None)
    with pytest.raises(ConsoleError, match="table notes, row id 1: would be an item of 500,0"):
        comparison.run()


def test_rows_that_share_a_part_with_one_that_differs_are_none() -> None:
    forms, hashing = RowForms(TABLE), Hashing(TABLE)
    rows = [forms.of_source((number, "same")) for number in (1, 2)]
    ours = {hashing.key_forms(row): [row] for row in rows}
    changed = forms.of_source((2, "other"))
    theirs = ours | {hashing.key_forms(changed): [changed]}
    assert differences_of(TABLE, hashing, ours, ours) == ()
    assert [each.key for each in differences_of(TABLE, hashing, ours, theirs)] == [(2,)]
