from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from console.errors import INTERRUPTED, ConsoleError
from console.migration.kinds import Kind
from console.migration.plan import PlannedForeignKey, PlannedIndex, PlannedTable
from tests.console.migration.targets.postgresql.conftest import Ask, Put, StepsSeen
from tests.support.database.planned import Rows, column, table

USERS = [(1, "ann"), (5, "bob")]
SESSIONS = [(1, 5), (2, 1), (3, None)]
CONSTRAINTS = "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace"
TABLES = "SELECT table_schema || '.' || table_name FROM information_schema.tables WHERE table_schema = 'public'"


def users(rows: Rows = USERS) -> tuple[PlannedTable, Rows]:
    return table("users", rows, column("name"), uniques=(("name",),)), rows


def sessions(rows: Rows = SESSIONS) -> tuple[PlannedTable, Rows]:
    reference = PlannedForeignKey(("user_id",), "users", ("id",), on_delete="SET NULL")
    index = PlannedIndex("sessions_user", ('"user_id"', '"id" DESC'), where='"user_id" IS NOT NULL')
    made = table("sessions", rows, column("user_id", "bigint"), foreign_keys=(reference,), indexes=(index,))
    return made, rows


def test_tables_come_with_rows_keys_and_all_that_refers_to_them(put: Put, ask: Ask) -> None:
    copied = put(dict([users(), sessions()]))
    assert copied.rows == {"users": 2, "sessions": 3}
    assert (copied.schema, copied.replaced, copied.counters) == ("public", (), {"users": 5, "sessions": 3})
    assert ask("SELECT * FROM users ORDER BY id") == USERS
    assert ask("SELECT * FROM sessions ORDER BY id") == SESSIONS
    assert ask(f"{CONSTRAINTS} AND contype IN ('p', 'u', 'f') ORDER BY 1") == [
        "FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE SET NULL",
        "PRIMARY KEY (id)",
        "PRIMARY KEY (id)",
        "UNIQUE (name)",
    ]
    assert ask("SELECT indexdef FROM pg_indexes WHERE indexname = 'sessions_user'") == [
        "CREATE INDEX sessions_user ON public.sessions USING btree (user_id, id DESC) WHERE (user_id IS NOT NULL)"
    ]
    assert ask("INSERT INTO users (name) VALUES ('cem') RETURNING id") == [6]


def test_values_of_every_kind_arrive_as_they_are(put: Put, ask: Ask) -> None:
    utc = dt.UTC
    kinds: dict[Kind, list[Any]] = {
        "bigint": [-(2**63), 2**63 - 1, None],
        "double precision": [float("inf"), float("-inf"), 5e-324, -0.0, sys.float_info.max, None],
        "numeric": [Decimal("1.00"), Decimal("-12345678901234567890.123456789"), None],
        "boolean": [True, False, None],
        "timestamptz": [dt.datetime.min.replace(tzinfo=utc), dt.datetime.max.replace(tzinfo=utc), None],
        "timestamp": [dt.datetime.min, dt.datetime.max, None],
        "date": [dt.date.min, dt.date.max, None],
        "text": ["", "a\tb\\n'\"", "äöü \U0001f600", "x" * 1_000_000, None],
        "bytea": [b"", bytes(range(256)), None],
        "jsonb": ['{"a": 1.00, "b": 12345678901234567890}', "null", None],
        "uuid": ["00112233-4455-6677-8899-aabbccddeeff", None],
    }
    content = {
        table(kind, [(value,) for value in values], column("value", kind), key=()): [(value,) for value in values]
        for kind, values in kinds.items()
    }
    put(content)
    for kind, values in kinds.items():
        text = "::text" if kind in ("jsonb", "uuid") else ""
        assert ask(f'SELECT value{text} FROM "{kind}"') == values  # pyright: ignore[reportArgumentType] - ours
    types = ask("SELECT format_type(atttypid, -1) FROM pg_attribute WHERE attname = 'value' AND attnum > 0 ORDER BY 1")
    written = {"timestamptz": "timestamp with time zone", "timestamp": "timestamp without time zone"}
    assert set(types) >= {written.get(kind, kind) for kind in kinds}


def test_names_may_be_words_of_sql_and_have_any_character(put: Put, ask: Ask) -> None:
    odd = 'select "x"; %s {} é'
    made = table(odd, [(1, 2)], column("order", "bigint"), indexes=(PlannedIndex('a "b" %', ('"order"',)),))
    put({made: [(1, 2)]})
    assert ask("SELECT relname FROM pg_class WHERE relname LIKE 'select %' AND relkind = 'r'") == [odd]
    assert ask("SELECT indexname FROM pg_indexes WHERE indexname LIKE 'a %'") == ['a "b" %']


def test_two_hundred_columns_an_empty_table_and_one_without_a_key(put: Put, ask: Ask) -> None:
    wide = [tuple(range(201))]
    columns = [column(f"c{number}", "bigint") for number in range(200)]
    plain = [("a",), ("a",)]
    put({
        table("wide", wide, *columns): wide,
        table("empty", [], column("name")): [],
        table("plain", plain, column("name"), key=()): plain,
    })  # fmt: skip
    assert ask("SELECT * FROM wide") == wide
    assert ask("SELECT count(*) FROM empty") == [0]
    assert ask("SELECT name FROM plain") == ["a", "a"]
    assert ask("INSERT INTO empty (name) VALUES ('first') RETURNING id") == [1]


def test_defaults_and_checks_hold_for_what_comes_later(put: Put, ask: Ask) -> None:
    made = table(
        "codes", [(1, 3)], column("uses", "bigint", is_nullable=False, default="1"), checks=('"uses" BETWEEN 1 AND 9',)
    )
    put({made: [(1, 3)]})
    assert ask("INSERT INTO codes DEFAULT VALUES RETURNING uses") == [1]
    with pytest.raises(psycopg.errors.CheckViolation):
        ask("INSERT INTO codes (uses) VALUES (10)")


def test_tables_that_refer_to_each_other_come_together(put: Put, ask: Ask) -> None:
    def one(name: str, other: str) -> PlannedTable:
        reference = PlannedForeignKey(("other",), other, ("id",), is_deferred=True, is_in_cycle=True)
        return table(name, [(1, 1)], column("other", "bigint"), foreign_keys=(reference,))

    put({one("eggs", "hens"): [(1, 1)], one("hens", "eggs"): [(1, 1)]})
    assert ask("SELECT condeferred FROM pg_constraint WHERE contype = 'f'") == [True, True]


@pytest.mark.parametrize(
    ("ids", "given", "after"),
    [
        ([1, 7], {}, 8),
        ([1, 7], {"users": 40}, 41),
        ([1, 7], {"users": 3}, 8),
        ([-9, -3], {}, 1),
        ([2**63 - 2], {}, 2**63 - 1),
    ],
)
def test_the_next_key_is_one_that_no_row_ever_had(
    put: Put, ask: Ask, ids: list[int], given: dict[str, int], after: int
) -> None:
    put(dict([users([(number, None) for number in ids])]), given=given)
    assert ask("INSERT INTO users (name) VALUES ('next') RETURNING id") == [after]


def test_readers_of_a_table_that_gives_way_see_the_old_rows_until_the_end(put: Put, ask: Ask) -> None:
    put(dict([users(), sessions()]))
    seen: list[int] = []
    steps = StepsSeen(lambda what: seen.extend(ask("SELECT count(*) FROM users")) if what != "commit" else None)
    copied = put(dict([users([(9, "cem")]), sessions([])]), steps, replaces=True)
    assert copied.replaced == ("sessions", "users")
    assert set(seen) == {2}
    assert len(seen) > 8
    assert ask("SELECT * FROM users") == [(9, "cem")]
    assert ask("INSERT INTO users (name) VALUES ('dov') RETURNING id") == [10]
    assert ask("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'migration%'") == []


def test_a_table_that_gave_other_rows_than_planned_is_not_copied(put: Put, ask: Ask) -> None:
    made, rows = users()
    with pytest.raises(ConsoleError, match=r"table users gave 1 row, and the plan has 2 rows; nothing was copied"):
        put({made: rows[:1]})
    assert ask(TABLES) == []


def test_a_complaint_of_the_source_stays_as_it_is(put: Put, ask: Ask) -> None:
    def rows() -> Iterator[tuple[int, str]]:
        yield (1, "ann")
        raise ConsoleError("table users, column name, id 2: is bytes", "mend it")

    with pytest.raises(ConsoleError, match=r"^table users, column name, id 2: is bytes; nothing was copied") as raised:
        put({users()[0]: rows()})
    assert raised.value.hint == "mend it"
    assert ask(TABLES) == []


def test_an_interrupt_leaves_nothing_and_is_told(put: Put, ask: Ask) -> None:
    def interrupt(what: str) -> None:
        if what.startswith("sessions"):
            raise KeyboardInterrupt

    with pytest.raises(ConsoleError, match=r"interrupted; nothing was copied to PostgreSQL") as raised:
        put(dict([users(), sessions()]), StepsSeen(interrupt))
    assert raised.value.code == INTERRUPTED
    assert ask(TABLES) == []
