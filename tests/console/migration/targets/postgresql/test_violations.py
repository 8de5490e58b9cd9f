from __future__ import annotations

import random
from typing import Any

import pytest

from console.errors import ConsoleError
from console.migration.plan import PlannedForeignKey, PlannedIndex
from console.migration.targets.postgresql import violations
from tests.console.migration.targets.postgresql.conftest import Ask, Put
from tests.support.database.planned import Rows, column, table

END = "; nothing was copied to PostgreSQL"


def complaint(put: Put, ask: Ask, content: dict[Any, Rows]) -> ConsoleError:
    with pytest.raises(ConsoleError) as raised:
        put(content)
    assert ask("SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace") == [0]
    assert str(raised.value).endswith(END)
    return raised.value


def test_values_that_stand_twice_are_named_with_their_rows(put: Put, ask: Ask) -> None:
    rows = [*((number, "ann") for number in range(1, 8)), (8, "bob"), (9, "cem"), (10, "cem"), (11, None), (12, None)]
    error = complaint(put, ask, {table("users", rows, column("name"), uniques=(("name",),)): rows})
    assert str(error) == (
        "table users, column name: a unique constraint cannot be: "
        f"ann stands in 7 rows (id 1, 2, 3, 4, 5 and 2 more); cem stands in 2 rows (id 9, 10){END}"
    )


def test_only_the_first_of_many_are_named(put: Put, ask: Ask) -> None:
    rows = [(number, f"{number // 2:02}") for number in range(24)]
    error = complaint(put, ask, {table("users", rows, column("name"), uniques=(("name",),)): rows})
    assert str(error).count("stands in 2 rows") == violations.MOST_SHOWN
    assert "09 stands in 2 rows (id 18, 19); and more" in str(error)


def test_a_key_that_stands_twice_or_is_missing_is_named(put: Put, ask: Ask) -> None:
    rows = [(1, 2), (1, 2), (1, 3)]
    columns = (column("a", "bigint"), column("b", "bigint"))
    twice = complaint(put, ask, {table("pairs", rows, *columns, key=("a", "b")): rows})
    assert "table pairs, columns a and b: the primary key cannot be: 1, 2 stands in 2 rows;" in str(twice)
    missing = complaint(put, ask, {table("pairs", [(1, None)], *columns, key=("a", "b")): [(1, None)]})
    assert 'table pairs, columns a and b: the primary key cannot be: column "b" of relation "pairs"' in str(missing)


def test_references_to_no_row_are_named_with_theirs(put: Put, ask: Ask) -> None:
    reference = PlannedForeignKey(("team",), "teams", ("id",))
    users = [(1, 3), (2, 7), (3, None), (4, 7), (5, 9)]
    error = complaint(
        put,
        ask,
        {
            table("teams", [(3,)]): [(3,)],
            table("users", users, column("team", "bigint"), foreign_keys=(reference,)): users,
        },
    )
    assert str(error) == (
        "table users, column team: the foreign key to teams cannot be: "
        f"7 is not in teams (id) (id 2, 4); 9 is not in teams (id) (id 5){END}"
    )


def test_rows_that_a_check_refuses_are_named(put: Put, ask: Ask) -> None:
    rows = [(1, 5), (2, -5), (3, None)]
    made = table("codes", rows, column("uses", "bigint"), checks=('"uses" > 0',))
    error = complaint(put, ask, {made: rows})
    assert str(error) == f'table codes: the check ("uses" > 0) cannot be: id 2{END}'


def test_a_check_of_a_table_without_a_key_shows_whole_rows(put: Put, ask: Ask) -> None:
    rows = [(-5, "x" * 100)]
    made = table("codes", rows, column("uses", "bigint"), column("note"), checks=('"uses" > 0',), key=())
    assert f"cannot be: uses and note -5, {'x' * 76}…;" in str(complaint(put, ask, {made: rows}))


def test_values_of_an_index_of_expressions_are_named_as_postgresql_does(put: Put, ask: Ask) -> None:
    rows = [(1, "Ann"), (2, "ann")]
    index = PlannedIndex("users_name", ('lower("name")',), is_unique=True)
    error = complaint(put, ask, {table("users", rows, column("name"), indexes=(index,)): rows})
    assert "table users: the index users_name cannot be: could not create unique index" in str(error)
    assert "Key (lower(name))=(ann) is duplicated" in str(error)


def test_a_value_that_no_index_takes_is_told(put: Put, ask: Ask) -> None:
    long = random.Random(1).randbytes(9000).hex()  # what cannot be compressed
    error = complaint(put, ask, {table("notes", [(1, long)], column("note"), uniques=(("note",),)): [(1, long)]})
    assert "table notes, column note: a unique constraint cannot be: index row" in str(error)
    assert error.hint.startswith("PostgreSQL's indexes take values of up to 2,704 bytes")


def test_a_reference_to_another_type_or_to_what_is_not_unique_is_told(put: Put, ask: Ask) -> None:
    teams = {table("teams", [(3, 4)], column("number", "bigint")): [(3, 4)]}

    def users(parent: str, kind: Any) -> dict[Any, Rows]:
        reference = PlannedForeignKey(("team",), "teams", (parent,))
        return {**teams, table("users", [(1, None)], column("team", kind), foreign_keys=(reference,)): [(1, None)]}

    other_type = complaint(put, ask, users("id", "text"))
    assert "table users, column team: the foreign key to teams cannot be: foreign key constraint" in str(other_type)
    assert other_type.hint.startswith("give both columns one kind")
    not_unique = complaint(put, ask, users("number", "bigint"))
    assert "there is no unique constraint matching given keys" in str(not_unique)
    assert not_unique.hint.startswith("the columns referred to need a primary key")


def test_a_missing_value_is_named_with_its_row(put: Put, ask: Ask) -> None:
    rows = [(1, "ann"), (2, None)]
    error = complaint(put, ask, {table("users", rows, column("name", is_nullable=False)): rows})
    assert 'copy users, 2 rows: null value in column "name" of relation "users"' in str(error)
    assert "Failing row contains (2, null)" in str(error)
    assert error.hint == "leave such rows out by the rules"
