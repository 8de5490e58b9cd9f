from __future__ import annotations

import psycopg
import pytest

from console.errors import ConsoleError
from console.migration.targets.postgresql import connection
from tests.console.migration.targets.postgresql.conftest import Ask, Put, StepsSeen
from tests.support.database.planned import column, table

ROWS = [(1, "ann")]
CONTENT = {table("users", ROWS, column("name")): ROWS, table("codes", [], column("code")): []}


def refusal(put: Put, **options: object) -> ConsoleError:
    with pytest.raises(ConsoleError, match=r"; nothing was copied to PostgreSQL$") as raised:
        put(CONTENT, **options)
    return raised.value


def test_tables_with_rows_are_refused_by_their_names(put: Put, ask: Ask) -> None:
    ask("CREATE TABLE users (x int); CREATE TABLE codes (x int); INSERT INTO users VALUES (1)")
    error = refusal(put)
    assert str(error).startswith("users has rows in schema public already;")
    assert "--schema" in error.hint
    assert "--replace" in error.hint
    ask("INSERT INTO codes VALUES (1)")
    assert str(refusal(put)).startswith("codes and users have rows in schema public already;")
    assert ask("SELECT x FROM users") == [1]


def test_empty_tables_give_way(put: Put, ask: Ask) -> None:
    ask("CREATE TABLE users (x int)")
    assert put(CONTENT).replaced == ("users",)
    assert ask("SELECT * FROM users") == ROWS
    assert ask("SELECT count(*) FROM codes") == [0]


def test_nobody_fills_an_empty_table_that_is_to_give_way(put: Put, ask: Ask) -> None:
    ask("CREATE TABLE users (x int)")
    locked: list[str] = []

    def insert(what: str) -> None:
        if what.startswith("copy users"):
            with pytest.raises(psycopg.errors.LockNotAvailable):
                ask("SET lock_timeout = '1ms'; INSERT INTO users VALUES (1)")
            locked.append(what)

    put(CONTENT, StepsSeen(insert))
    assert len(locked) == 1


def test_another_schema_is_made_where_it_is_missing(put: Put, ask: Ask) -> None:
    ask("CREATE TABLE users (x int); INSERT INTO users VALUES (1)")
    assert put(CONTENT, schema="the app").schema == "the app"
    assert ask('SELECT * FROM "the app".users') == ROWS
    assert ask("SELECT x FROM users") == [1]
    ask('TRUNCATE "the app".users')
    assert put(CONTENT, schema="the app").replaced == ("codes", "users")


def test_the_first_schema_of_the_search_path_is_taken(put: Put, ask: Ask, url: str) -> None:
    ask("CREATE SCHEMA app")
    assert put(CONTENT, url=f"{url}?options=-csearch_path%3Dnone,app").schema == "app"
    error = refusal(put, url=f"{url}?options=-csearch_path%3Dnone")
    assert str(error).startswith("the user's search_path has no schema that exists;")


def test_what_is_no_table_does_not_give_way(put: Put, ask: Ask) -> None:
    ask("CREATE VIEW users AS SELECT 1")
    assert str(refusal(put, replaces=True)).startswith("public.users is a view there already;")


def test_a_table_that_others_depend_on_does_not_give_way(put: Put, ask: Ask) -> None:
    ask("CREATE TABLE users (x int); CREATE VIEW names AS SELECT x FROM users")
    error = refusal(put, replaces=True)
    assert "users cannot give way to new tables" in str(error)
    assert "view names depends on table users" in str(error)
    assert ask("SELECT count(*) FROM users") == [0]


def test_a_table_in_use_is_waited_for_and_then_given_up(
    put: Put, ask: Ask, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(connection.SETTINGS, "lock_timeout", "1ms")
    ask("CREATE TABLE users (x int)")
    with psycopg.connect(url) as other:
        other.execute("LOCK TABLE users")
        assert "users is in use by others for more than 30 s" in str(refusal(put))


def test_two_migrations_to_one_schema_do_not_meet(put: Put, ask: Ask) -> None:
    said: list[str] = []
    put(CONTENT, StepsSeen(lambda what: said.append(str(refusal(put))) if what == "commit" else None))
    assert said == ["another migration to schema public is at work; nothing was copied to PostgreSQL"]
    assert ask("SELECT * FROM users") == ROWS
