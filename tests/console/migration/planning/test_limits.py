from __future__ import annotations

from decimal import Decimal

import pytest

from console.migration.kinds import Kind, TargetValue
from console.migration.plan import Destination, PlannedColumn, PlannedTable
from console.migration.planning.limits import Check, limit_of
from tests.console.migration.conftest import MakePlan
from tests.console.migration.planning.conftest import Copy


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


def test_rows_that_break_a_check_which_moves_are_misfits(make_plan_of: MakePlan) -> None:
    made = make_plan_of(
        """
        CREATE TABLE t (id INTEGER PRIMARY KEY, n INT CHECK (n > 0), a TEXT, CHECK (a GLOB 'x*'), CHECK (n < id * 9));
        PRAGMA ignore_check_constraints = 1;
        INSERT INTO t VALUES (1, 1, 'y'), (2, 0, 'x'), (3, NULL, 'x'), (4, 90, 'x'), (5, -1, 'x');
        """,
        "tables.t.where = 'id < 5'",
    )
    assert made.misfits() == [
        ("t", "", (2,), None, "breaks CHECK (n > 0)"),
        ("t", "", (4,), None, "breaks CHECK (n < id * 9)"),
    ]


def test_a_table_with_more_columns_than_postgresql_has_is_a_misfit(make_plan_of: MakePlan) -> None:
    columns = ", ".join(f"c{number} INT" for number in range(1_601))
    made = make_plan_of(f"CREATE TABLE wide ({columns}); CREATE TABLE fits ({columns.replace('c0 INT, ', '')})")
    assert made.misfits() == [("wide", "", (), None, "has 1,601 columns: PostgreSQL takes 1,600")]


def test_index_values_that_may_be_too_long_are_noted(make_plan_of: MakePlan, copy: Copy) -> None:
    made = make_plan_of("""
        CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT UNIQUE, b TEXT, c TEXT, d TEXT);
        CREATE INDEX wide ON t (b DESC, c);
        CREATE INDEX some ON t (d) WHERE id > 1;
        INSERT INTO t VALUES (1, printf('%.2600c', 'x'), printf('%.2000c', 'x'), printf('%.2000c', 'x'), 'd');
    """)
    assert made.misfits() == []
    noted = [note for note in made.plan.notes if "2,704" in note]
    assert noted == [
        "t: index of b, c: values of up to 4,000 bytes, of which PostgreSQL takes 2,704 at most, when it has compressed"
        " them: the copy fails where they are longer"
    ]
    assert copy(made, "SELECT count(*) FROM t") == [(1,)]
