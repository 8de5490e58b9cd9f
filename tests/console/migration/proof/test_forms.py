from __future__ import annotations

from decimal import Decimal

import pytest

from console.migration.checksum import row_hash
from console.migration.kinds import Kind
from console.migration.plan import PlannedColumn, PlannedTable
from console.migration.proof.forms import Hashing, ItemForms, RowForms

COLUMNS = (
    PlannedColumn("id", "id", "bigint", is_nullable=False),
    PlannedColumn("price", "price", "numeric", is_nullable=True),
    PlannedColumn("picture", "picture", "bytea", is_nullable=True),
)
TABLE = PlannedTable("goods", "goods", COLUMNS, ("id",))
KEYLESS = PlannedTable("goods", "goods", COLUMNS, ())


def test_values_of_the_same_meaning_have_the_same_form() -> None:
    forms = RowForms(TABLE)
    ours, theirs = forms.of_source((1, Decimal("12.5"), b"x")), forms.of_target((1, Decimal("12.50"), b"x"))
    assert ours.forms == theirs.forms
    assert Hashing(TABLE).hashed(ours) == Hashing(TABLE).hashed(theirs)


def test_the_checksum_of_a_row_is_the_one_of_an_export() -> None:
    row = (1, Decimal(2), None)
    kinds: list[Kind] = ["bigint", "numeric", "bytea"]
    assert Hashing(TABLE).hashed(RowForms(TABLE).of_source(row)).row == row_hash(kinds, row)


def test_a_row_without_a_key_is_known_by_all_its_columns() -> None:
    forms = RowForms(KEYLESS)
    one, other = forms.of_source((1, None, None)), forms.of_source((1, None, b""))
    assert Hashing(KEYLESS).key_forms(one) != Hashing(KEYLESS).key_forms(other)
    assert Hashing(TABLE).key_forms(one) == Hashing(TABLE).key_forms(other)
    assert Hashing(KEYLESS).key_shown(other) == (1, None, b"")


@pytest.mark.parametrize("number", ["12.5", "12.50", "1.25E1"])
def test_an_item_is_compared_by_the_item_that_the_row_becomes(number: str) -> None:
    forms = ItemForms(TABLE)
    theirs = forms.of_target({"id": {"N": "1"}, "price": {"N": number}, "picture": {"B": b"x"}})
    assert forms.of_source((1, Decimal("12.5"), b"x")) == theirs._replace(shown=("1", "12.5", b"x"))


def test_zero_is_zero_and_no_digit_is_lost() -> None:
    forms = ItemForms(TABLE)
    digits = "1234567890123456789012345678901234567.8"
    assert forms.of_target({"price": {"N": "0"}}).forms == forms.of_target({"price": {"N": "-0.00"}}).forms
    assert forms.of_target({"price": {"N": digits}}).forms[1] == f"=N{digits}".encode()


def test_an_attribute_that_no_column_has_makes_a_row_another_one() -> None:
    forms, hashing = ItemForms(TABLE), Hashing(TABLE)
    plain, more = forms.of_target({"id": {"N": "1"}}), forms.of_target({"id": {"N": "1"}, "colour": {"S": "red"}})
    assert more.others == ("colour",)
    assert hashing.hashed(plain).key == hashing.hashed(more).key
    assert hashing.hashed(plain).row != hashing.hashed(more).row
