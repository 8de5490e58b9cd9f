from __future__ import annotations

import json
import signal
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, LiteralString

import psycopg
import pytest
from psycopg import sql

from console.local.database.server import PostgresServer
from console.migration.plan import PlannedTable
from console.migration.proof.postgresql import PostgresTables
from tests.console.conftest import RunConsole
from tests.support.database.postgres import new_database

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

SCHEMA = """
CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT, born DATE, paid BOOLEAN,
    rate DECIMAL(8, 2), seen DATETIME, more JSON);
CREATE TABLE words (word TEXT);
CREATE TABLE logins (token TEXT PRIMARY KEY, expires_at INTEGER NOT NULL);
INSERT INTO people VALUES (1, 'Ann', '1990-01-31', 1, 12.5, '2026-01-31T10:00:00+02:00', '{"a": [1, 2.50]}');
INSERT INTO people VALUES (2, 'Bob', NULL, 0, NULL, NULL, NULL);
INSERT INTO words VALUES ('one'), ('one'), ('two');
INSERT INTO logins VALUES ('a', 4102444800), ('b', 4102444801), ('over', 946684800);
"""
RULES = '[tables.logins]\ndestination = "dynamodb"\nttl = "expires_at"\n'
LIMITS = """
SELECT current_setting('statement_timeout'), current_setting('idle_in_transaction_session_timeout'),
    current_setting('lock_timeout'), current_setting('timezone')
"""
NOW = "2026-11-22T12:00:00Z"


class Move:
    """An application's file that has been copied, and its verification."""

    def __init__(self, folder: Path, url: str, run_console: RunConsole) -> None:
        self.file, self.url, self.prefix = folder / "app.sqlite", url, f"{uuid.uuid4()}-"
        self._rules = folder / "migration.toml"
        self._rules.write_text(RULES)
        self._run = run_console
        with closing(sqlite3.connect(self.file)) as connection:
            connection.executescript(SCHEMA)
        copied = run_console("migrate", "copy", str(self.file), "--to", url, *self._options)
        assert copied.code == 0, copied.err

    @property
    def _options(self) -> list[str]:
        return ["--rules", str(self._rules), "--now", NOW, "--dynamodb-prefix", self.prefix]

    def verify(self, *options: str, against: str = "") -> Any:
        return self._run(
            "migrate", "verify", str(self.file), "--against", against or self.url, *self._options, *options
        )

    def verify_items(self, *options: str) -> Any:
        """Hold all tables against DynamoDB."""
        against = f"dynamodb:{self.prefix}"
        return self._run("migrate", "verify", str(self.file), "--against", against, *options)

    def table(self, name: str, *options: str) -> dict[str, Any]:
        """What the verification says of a table."""
        tables = json.loads(self.verify("--json", *options).out)["tables"]
        return next(table for table in tables if table["table"] == name)

    def change(self, *statements: LiteralString | sql.Composed) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)


@pytest.fixture
def move(
    tmp_path: Path,
    postgres_server: PostgresServer,
    client: DynamoDBClient,
    run_console: RunConsole,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Move]:
    monkeypatch.setenv("LOCAL_DIR", str(tmp_path / "local"))
    with new_database(postgres_server) as url:
        yield Move(tmp_path, url, run_console)


@pytest.fixture
def role(move: Move) -> Iterator[str]:
    """A role that may log in and do nothing."""
    name = f"reader_{uuid.uuid4().hex}"
    move.change(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(name)))
    yield name
    move.change(*(sql.SQL(drop).format(sql.Identifier(name)) for drop in ("DROP OWNED BY {}", "DROP ROLE {}")))


def as_role(url: str, role: str) -> str:
    """The address, with another user."""
    return f"postgresql://{role}@{url.partition('@')[2]}"


def test_a_copy_is_equal(move: Move) -> None:
    done = move.verify()
    assert done.code == 0, done.err
    lines = done.out.splitlines()
    assert [line.split(", checksum")[0] for line in lines[:3]] == ["logins: 2 rows", "people: 2 rows", "words: 3 rows"]
    assert all(line.endswith(": equal") for line in lines[:3])
    assert lines[3].startswith("All tables are equal")


def test_what_means_the_same_is_equal(move: Move) -> None:
    move.change("UPDATE people SET rate = 12.50000, more = '{\"a\":[1,2.5]}'", "DELETE FROM people WHERE id = 2")
    move.change("INSERT INTO people (id, name, paid) VALUES (2, 'Bob', false)")
    assert move.table("people")["equal"]


def test_a_row_that_differs_is_shown_by_its_columns(move: Move) -> None:
    move.change("UPDATE people SET name = 'Anna', born = NULL WHERE id = 1")
    done = move.verify()
    assert done.code == 1
    assert "  row 1 differs: name is 'Anna', not 'Ann'; born is NULL, not '1990-01-31'" in done.out.splitlines()
    assert "1 table of 3 differ" in done.out
    assert move.table("people")["differences"] == [
        {
            "key": ["1"],
            "how": "different",
            "copies": 1,
            "columns": [
                {
                    "column": "name",
                    "source": "'Ann'",
                    "target": "'Anna'",
                    "source_length": 3,
                    "target_length": 4,
                    "from": 0,
                },
                {
                    "column": "born",
                    "source": "'1990-01-31'",
                    "target": "NULL",
                    "source_length": None,
                    "target_length": None,
                    "from": 0,
                },
            ],
        }
    ]


def test_a_missing_row_and_one_too_many_are_named(move: Move) -> None:
    move.change("DELETE FROM people WHERE id = 1", "INSERT INTO people (id, name) VALUES (9, 'Eve')")
    found = move.table("people")
    assert [(each["key"], each["how"]) for each in found["differences"]] == [(["1"], "missing"), (["9"], "extra")]
    assert (found["rows"], found["target_rows"], found["differing_rows"]) == (2, 2, 2)


def test_rows_without_a_key_are_counted_by_their_copies(move: Move) -> None:
    move.change("DELETE FROM words WHERE word = 'one'", "INSERT INTO words VALUES ('two')")
    found = {each["key"][0]: (each["how"], each["copies"]) for each in move.table("words")["differences"]}
    assert found == {"'one'": ("missing", 2), "'two'": ("extra", 1)}
    assert "  row 'one' is missing 2 times" in move.verify().out.splitlines()


def test_a_table_that_is_not_there_is_a_difference(move: Move) -> None:
    move.change("DROP TABLE words", "ALTER TABLE people DROP COLUMN born, DROP COLUMN seen")
    done = move.verify()
    assert done.code == 1
    assert "words: is not there, and should have 3 rows" in done.out
    assert "people: lacks the columns born and seen, and should have 2 rows" in done.out


def test_values_can_stay_hidden(move: Move) -> None:
    move.change("UPDATE people SET name = 'Anna' WHERE id = 1")
    done = move.verify("--hide-values")
    assert "row 1 differs: name is (a text of length 4), not (a text of length 3)" in done.out
    assert "Ann" not in done.out


def test_so_many_rows_are_shown_as_asked_for(move: Move) -> None:
    move.change("INSERT INTO people (id) SELECT generate_series(10, 14)")
    lines = move.verify("--most", "2").out.splitlines()
    assert sum(line.startswith("  row") for line in lines) == 2
    assert "  and 3 rows more" in lines
    assert len(move.table("people", "--most", "2")["differences"]) == 2


def test_of_many_parts_that_differ_the_first_are_looked_into(move: Move, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.migration.proof.comparison.MOST_ROWS", 3)
    move.change("INSERT INTO people (id) SELECT generate_series(10, 14)")
    found = move.table("people")
    assert (found["differing_parts"], found["examined_parts"], found["differing_rows"]) == (5, 3, 3)
    assert "in 5 of 4,096 parts, of which 3 were looked into" in move.verify().out


def test_items_are_held_against_the_rows(move: Move, client: DynamoDBClient) -> None:
    name = move.prefix + "logins"
    client.put_item(
        TableName=name, Item={"token": {"S": "a"}, "expires_at": {"N": "4102444899"}, "colour": {"S": "red"}}
    )
    client.delete_item(TableName=name, Key={"token": {"S": "b"}})
    found = move.table("logins")
    assert [(each["key"], each["how"]) for each in found["differences"]] == [
        (["'a'"], "different"),
        (["'b'"], "missing"),
    ]
    assert [each["column"] for each in found["differences"][0]["columns"]] == ["expires_at", "colour"]


def test_an_item_whose_time_is_over_may_be_there_or_gone(move: Move, client: DynamoDBClient) -> None:
    assert move.table("logins")["equal"]
    client.delete_item(TableName=move.prefix + "logins", Key={"token": {"S": "over"}})
    assert move.table("logins")["equal"]


def test_all_can_be_in_dynamodb(move: Move, client: DynamoDBClient) -> None:
    client.delete_table(TableName=move.prefix + "logins")
    done = move.verify_items()
    assert done.code == 1
    assert "logins: is not there" in done.out
    assert "people: is not there" in done.out


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("UPDATE people SET seen = 'infinity' WHERE id = 1", "seen is 'infinity', not '2026-01-31 08:00:00+00:00'"),
        ("UPDATE people SET born = '0044-03-15 BC' WHERE id = 1", "born is '0044-03-15 BC', not '1990-01-31'"),
        ("UPDATE people SET seen = '12026-01-01' WHERE id = 1", "seen is '12026-01-01 00:00:00+00', not "),
        ("UPDATE people SET rate = 'NaN' WHERE id = 1", "rate is 'NaN', not '12.5'"),
        ("UPDATE people SET rate = '-Infinity' WHERE id = 1", "rate is '-Infinity', not '12.5'"),
    ],
    ids=["infinity", "before", "after", "nan", "infinite"],
)
def test_a_value_that_no_source_has_is_a_difference(move: Move, change: LiteralString, said: str) -> None:
    move.change(change)
    done = move.verify()
    assert done.code == 1, done.err
    assert f"  row 1 differs: {said}" in done.out


def test_a_column_of_another_type_is_a_difference(move: Move) -> None:
    move.change("ALTER TABLE people ALTER paid TYPE text USING 'maybe'", "ALTER TABLE people ALTER id DROP IDENTITY")
    done = move.verify()
    assert done.code == 1, done.err
    assert "  row 1 differs: paid is 'maybe', not True" in done.out
    assert "  row 2 differs: paid is 'maybe', not False" in done.out


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ("ALTER TABLE people ALTER rate TYPE numeric(8, 2)", "the column rate is numeric(8,2), not numeric"),
        ("ALTER TABLE people ALTER name TYPE varchar", "the column name is character varying, not text"),
        ("ALTER TABLE people ADD colour text", "the column colour is not in the plan"),
        ("ALTER TABLE people DROP CONSTRAINT people_pkey", "the primary key is none, not id"),
        (
            "ALTER TABLE people DROP CONSTRAINT people_pkey, ADD PRIMARY KEY (name, id)",
            "the primary key is name, id, not id",
        ),
        (
            "ALTER TABLE people ALTER id RESTART",
            "the counter of id is not set, or the user may not read it; its greatest",
        ),
        ("SELECT setval('people_id_seq', 1)", "the counter of id is at 1; its greatest value is 2"),
        ("ALTER TABLE people ALTER id DROP IDENTITY", "the counter of id is not set"),
    ],
    ids=["digits", "type", "more", "no key", "other key", "restarted", "behind", "none"],
)
def test_a_table_of_another_form_is_a_difference(move: Move, change: LiteralString, fault: str) -> None:
    move.change(change)
    done = move.verify()
    assert done.code == 1, done.err
    lines = done.out.splitlines()
    assert lines[1].startswith("people: 2 rows, checksum ")
    assert lines[1].endswith(": its rows are equal, its form is not")
    assert lines[2].startswith(f"  {fault}")
    assert lines[-1].startswith("1 table of 3 differ")
    assert move.table("people")["form_faults"][0].startswith(fault)


def test_of_long_values_that_is_shown_which_differs(move: Move) -> None:
    with closing(sqlite3.connect(move.file)) as connection, connection:
        connection.execute("UPDATE people SET name = ? WHERE id = 1", ("x" * 1200 + "our end",))
    move.change("UPDATE people SET name = repeat('x', 1200) || 'their end' WHERE id = 1")
    assert "  row 1 differs: name is from character 1,201 'their end', not 'our end'" in move.verify().out.splitlines()
    (column,) = move.table("people")["differences"][0]["columns"]
    assert (column["source"], column["target"], column["from"]) == ("'our end'", "'their end'", 1200)
    assert (column["source_length"], column["target_length"]) == (1207, 1209)
    (hidden,) = move.table("people", "--hide-values")["differences"][0]["columns"]
    assert hidden["target"] == "(a text of length 1,209)"
    move.change("UPDATE people SET name = 'y' || name WHERE id = 1")
    assert "name is 'yxxxxx" in move.verify().out


def test_a_time_to_forget_that_is_no_number_is_a_difference(move: Move, client: DynamoDBClient) -> None:
    item: Any = {"token": {"S": "a"}, "expires_at": {"S": "4102444800"}}
    client.put_item(TableName=move.prefix + "logins", Item=item)
    client.put_item(TableName=move.prefix + "logins", Item={"token": {"S": "b"}, "expires_at": {"N": "4102444801.5"}})
    found = move.table("logins")
    assert [(each["key"], each["how"]) for each in found["differences"]] == [
        (["'a'"], "different"),
        (["'b'"], "different"),
    ]


def test_a_table_without_rights_is_told_as_one(move: Move, role: str) -> None:
    move.change(
        "DROP TABLE words",
        sql.SQL("GRANT SELECT (id, name, paid, rate, seen, more) ON people TO {}").format(sql.Identifier(role)),
    )
    done = move.verify(against=as_role(move.url, role))
    assert done.code == 1
    assert "people: cannot be read: the user may not SELECT the column born, and should have 2 rows" in done.out
    assert "words: is not there" in done.out


def test_a_table_that_cannot_be_counted_is_told(move: Move, role: str) -> None:
    move.change(
        "CREATE FUNCTION secret() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE 'not for you'; END $$",
        "ALTER TABLE words RENAME TO hidden",
        "CREATE VIEW words AS SELECT * FROM hidden WHERE secret()",
        sql.SQL("GRANT SELECT ON ALL TABLES IN SCHEMA public TO {}").format(sql.Identifier(role)),
    )
    done = move.verify(against=as_role(move.url, role))
    assert done.code == 1
    assert "Error: public.words cannot be read: not for you" in done.err


def test_no_limit_of_the_role_cuts_it_short(move: Move, role: str, monkeypatch: pytest.MonkeyPatch) -> None:
    move.change(
        sql.SQL("GRANT SELECT ON ALL TABLES IN SCHEMA public TO {}").format(sql.Identifier(role)),
        sql.SQL("GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO {}").format(sql.Identifier(role)),
        *(
            sql.SQL("ALTER ROLE {} SET {} = '1s'").format(sql.Identifier(role), sql.Identifier(limit))
            for limit in ("statement_timeout", "idle_in_transaction_session_timeout", "lock_timeout")
        ),
    )
    found: list[Any] = []

    def limits(tables: PostgresTables, table: PlannedTable) -> int:
        found.extend(tables._connection.execute(LIMITS).fetchall())  # pyright: ignore[reportPrivateUsage]
        return counted(tables, table)

    counted = PostgresTables.count
    monkeypatch.setattr(PostgresTables, "count", limits)
    done = move.verify(against=as_role(move.url, role))
    assert done.code == 0, done.err
    assert set(found) == {("0", "0", "30s", "UTC")}


def test_dynamodb_that_refuses_is_told(move: Move, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    done = move.verify()
    assert done.code == 1
    assert f"Error: the DynamoDB table {move.prefix}logins cannot be read" in done.err


def test_an_interrupt_never_shows_the_password(move: Move, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr("console.migration.proof.verification.connect", interrupt)
    done = move.verify(against=move.url.replace("@", ":s3cret@") + "?password=s3cret")
    assert (done.code, done.err.splitlines()[-2]) == (130, "Error: interrupted")
    assert "migrate verify" in done.err.splitlines()[-1]
    assert "s3cret" not in done.err + done.out


def test_the_ledger_is_verified_elsewhere(move: Move) -> None:
    done = move.verify(against="ledger")
    assert done.code == 2
    assert "--against ledger: its rows have ids and times of their own" in done.err


def test_a_slip_in_the_address_is_told_by_the_option(move: Move) -> None:
    done = move.verify(against="postgre://x")
    assert done.code == 2
    assert "--against names neither" in done.err


def test_a_wrong_address_is_told_by_the_option(move: Move) -> None:
    done = move.verify(against="postgresql://app:p@ss@word@/x")
    assert (done.code, done.err.splitlines()[-2].partition(":")[0]) == (2, "Error")
    assert done.err.splitlines()[-2].startswith("Error: --against is no address")


@pytest.mark.parametrize("options", [("--schema", "app"), ("--iam",), ("--dynamodb-prefix", "x")], ids=lambda o: o[0])
def test_an_option_that_means_nothing_is_refused(move: Move, options: tuple[str, ...]) -> None:
    done = move.verify_items(*options)
    assert done.code == 2
    assert f"Error: {options[0]} says nothing about --against dynamodb" in done.err
