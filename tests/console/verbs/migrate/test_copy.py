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

from console.local.database.server import PostgresServer
from console.migration.targets.dynamodb.batches import BatchWriter
from console.migration.targets.postgresql.loading import load
from tests.console.conftest import RunConsole
from tests.support.database.postgres import new_database

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

SCHEMA = """
CREATE TABLE users (id INTEGER PRIMARY KEY AUTOINCREMENT, email TEXT NOT NULL UNIQUE, seen_at TIMESTAMP);
CREATE TABLE sessions (
    token TEXT PRIMARY KEY, user_id INTEGER REFERENCES users (id), expires_at TIMESTAMP NOT NULL
);
INSERT INTO users VALUES (1, 'ann@example.com', '2026-01-31 10:00:00Z'), (7, 'bob@example.com', NULL);
INSERT INTO sessions VALUES ('a', 1, '2100-01-01 00:00:00Z'), ('b', 7, '2000-01-01 00:00:00Z');
UPDATE sqlite_sequence SET seq = 40 WHERE name = 'users';
"""
RULES = """
[tables.sessions]
destination = "dynamodb"
ttl = "expires_at"
where = "expires_at > :now"
"""
SECRET = "s3cret"


@pytest.fixture(autouse=True)
def local_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCAL_DIR", str(tmp_path / "local"))


@pytest.fixture
def url(postgres_server: PostgresServer) -> Iterator[str]:
    with new_database(postgres_server) as made:
        yield made


@pytest.fixture
def prefix() -> str:
    return f"{uuid.uuid4()}-"


@pytest.fixture
def app(tmp_path: Path) -> Path:
    path = tmp_path / "app.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(SCHEMA)
    return path


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    path = tmp_path / "migration.toml"
    path.write_text(RULES)
    return path


def change(app: Path, statement: str) -> None:
    with closing(sqlite3.connect(app)) as connection:
        connection.executescript(statement)


def ask(url: str, statement: LiteralString) -> list[Any]:
    with psycopg.connect(url, autocommit=True) as connection:
        return connection.execute(statement).fetchall()


def tables_of(url: str) -> list[str]:
    found = ask(url, "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
    return [name for (name,) in found]


def test_a_file_goes_to_postgresql(run_console: RunConsole, app: Path, url: str) -> None:
    ran = run_console("migrate", "copy", str(app), "--to", url)
    assert ran.code == 0, ran.err
    assert ran.out.startswith(f"{app}: 2 tables with 4 rows to schema public in ")
    assert "copy users, 2 rows: " in ran.err
    assert ask(url, "SELECT id, email, seen_at::text FROM users ORDER BY id") == [
        (1, "ann@example.com", "2026-01-31 10:00:00+00"),
        (7, "bob@example.com", None),
    ]
    assert ask(url, "INSERT INTO users (email) VALUES ('cem@example.com') RETURNING id") == [(41,)]


def test_what_is_there_gives_way_only_where_it_is_wanted(run_console: RunConsole, app: Path, url: str) -> None:
    arguments = ("migrate", "copy", str(app), "--to", url)
    assert run_console(*arguments).code == 0
    again = run_console(*arguments)
    assert again.code == 1
    assert "Error: sessions and users have rows in schema public already; nothing was copied to PostgreSQL" in again.err
    change(app, "DELETE FROM sessions")
    ran = run_console(*arguments, "--replace", "--json")
    assert ran.code == 0, ran.err
    result = json.loads(ran.out)
    assert result["postgresql"]["replaced"] == ["sessions", "users"]
    assert result["postgresql"]["rows"] == {"users": 2, "sessions": 0}
    assert result["postgresql"]["counters"] == {"users": 40}
    assert result["dynamodb"] is None
    assert run_console(*arguments, "--replace").out.startswith(
        f"{app}: 2 tables with 2 rows to schema public instead of those that were there (2) in "
    )
    assert run_console(*arguments, "--schema", "app").code == 0


@pytest.mark.usefixtures("client")
def test_rules_send_a_table_to_dynamodb_while_the_others_go_to_postgresql(
    run_console: RunConsole, app: Path, *, rules: Path, url: str, prefix: str, client: DynamoDBClient
) -> None:
    arguments = ("migrate", "copy", str(app), "--rules", str(rules), "--to", url, "--dynamodb-prefix", prefix)
    ran = run_console(*arguments)
    assert ran.code == 0, ran.err
    assert f"{app}: 1 table with 2 rows to schema public and 1 table with 1 row to DynamoDB in " in ran.out
    assert tables_of(url) == ["users"]
    item = {"token": {"S": "a"}, "user_id": {"N": "1"}, "expires_at": {"N": "4102444800"}}
    assert client.scan(TableName=f"{prefix}sessions")["Items"] == [item]


@pytest.mark.usefixtures("client")
def test_a_copy_whose_second_half_failed_goes_on_with_the_same_rows(
    run_console: RunConsole, app: Path, *, rules: Path, url: str, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> int:
        raise psycopg.OperationalError("server closed the connection unexpectedly")

    arguments = ("migrate", "copy", str(app), "--rules", str(rules), "--to", url, "--dynamodb-prefix", prefix)
    monkeypatch.setattr("console.migration.targets.postgresql.transfer.load", fail)
    ran = run_console(*arguments, "--now", "1999-12-31T00:00:00Z")
    assert ran.code == 1
    assert "; nothing was copied to PostgreSQL; 2 rows are in DynamoDB\n" in ran.err
    assert tables_of(url) == []
    monkeypatch.setattr("console.migration.targets.postgresql.transfer.load", load)
    ran = run_console(*arguments, "--json")
    result = json.loads(ran.out)
    assert (result["now"], result["dynamodb"]["known"]) == ("1999-12-31T00:00:00Z", 2)
    assert tables_of(url) == ["users"]


@pytest.mark.usefixtures("client")
def test_what_postgresql_would_refuse_is_told_before_an_item_is_written(
    run_console: RunConsole, app: Path, *, rules: Path, url: str, prefix: str, client: DynamoDBClient
) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE users AS SELECT 1")
    arguments = ("migrate", "copy", str(app), "--rules", str(rules), "--to", url, "--dynamodb-prefix", prefix)
    ran = run_console(*arguments)
    assert "users has rows in schema public already" in ran.err
    assert f"{prefix}sessions" not in client.list_tables()["TableNames"]


def test_all_tables_go_to_dynamodb_and_go_on_where_they_were_cut_short(
    run_console: RunConsole, app: Path, *, prefix: str, client: DynamoDBClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ("migrate", "copy", str(app), "--to", f"dynamodb:{prefix}")
    real = BatchWriter.write

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(BatchWriter, "write", interrupted)
    ran = run_console(*arguments)
    assert ran.code == 130
    assert "Error: interrupted; 0 of 4 rows are in DynamoDB\nTry: the same command goes on" in ran.err
    monkeypatch.setattr(BatchWriter, "write", real)
    assert f"{app}: 2 tables with 4 rows to DynamoDB in " in run_console(*arguments).out
    assert "2 tables with 4 rows to DynamoDB (4 were in already) in " in run_console(*arguments).out
    assert client.scan(TableName=f"{prefix}users")["Count"] == 2
    change(app, "DELETE FROM sessions")
    changed = run_console(*arguments)
    assert f"{app}: the file has changed since 4 items of it were written to http" in changed.err
    assert run_console(*arguments, "--replace").code == 0


def test_a_misfit_is_told_before_anything_is_copied(run_console: RunConsole, app: Path, url: str) -> None:
    change(app, "INSERT INTO users (email) VALUES ('a' || char(0))")
    ran = run_console("migrate", "copy", str(app), "--to", url)
    assert ran.code == 1
    assert "1 misfit, the first in users, column email; nothing was moved" in ran.err
    assert tables_of(url) == []


def test_the_hint_plans_by_the_same_rules(run_console: RunConsole, app: Path, rules: Path, url: str) -> None:
    change(app, "INSERT INTO users (email) VALUES ('a' || char(0))")
    ran = run_console("migrate", "copy", str(app), "--to", url, "--rules", str(rules), "--now", "2026-01-31T10:00:00Z")
    hint = ran.err.splitlines()[-1]
    assert hint.endswith(f"migrate plan {app} --rules {rules} --now 2026-01-31T10:00:00Z")


def test_a_dry_run_plans_and_needs_no_target(run_console: RunConsole, app: Path) -> None:
    arguments = ("migrate", "copy", str(app), "--to", "postgresql://127.0.0.1:1/none", "--dry-run")
    ran = run_console(*arguments)
    assert ran.code == 0
    assert "users: 2 rows" in ran.out
    assert json.loads(run_console(*arguments, "--json").out)["fits"]
    change(app, "INSERT INTO users (email) VALUES ('a' || char(0))")
    assert run_console(*arguments).code == 1


def test_what_is_no_target_is_told_without_saying_it(run_console: RunConsole, app: Path) -> None:
    ran = run_console("migrate", "copy", str(app), "--to", f"postgres//app:{SECRET}@host/app")
    assert ran.code == 2
    assert "--to names neither PostgreSQL nor DynamoDB nor the ledger" in ran.err
    assert SECRET not in ran.err


def test_an_interrupt_never_shows_the_command_line_with_its_password(
    run_console: RunConsole, app: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        signal.raise_signal(signal.SIGINT)

    arguments = ("migrate", "copy", str(app), "--to", url.replace("@", f":{SECRET}@"))
    monkeypatch.setattr("console.migration.targets.copying.given_keys", interrupt)
    ran = run_console(*arguments)
    assert (ran.code, ran.err.splitlines()[-2]) == (130, "Error: interrupted")
    monkeypatch.undo()
    monkeypatch.setattr("console.migration.targets.postgresql.transfer.load", interrupt)
    later = run_console(*arguments)
    assert (later.code, later.err.splitlines()[-2]) == (130, "Error: interrupted; nothing was copied to PostgreSQL")
    assert SECRET not in ran.err + ran.out + later.err + later.out


def test_a_file_that_changes_meanwhile_is_copied_as_it_was(
    run_console: RunConsole, app: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write_first(*arguments: Any) -> int:
        change(app, "INSERT INTO users (email) VALUES (hex(randomblob(8))); DELETE FROM sessions")
        return load(*arguments)

    monkeypatch.setattr("console.migration.targets.postgresql.transfer.load", write_first)
    ran = run_console("migrate", "copy", str(app), "--to", url)
    assert ran.code == 0, ran.err
    assert ask(url, "SELECT (SELECT count(*) FROM users), (SELECT count(*) FROM sessions)") == [(2, 2)]


def test_a_file_without_tables_is_copied_as_nothing(run_console: RunConsole, tmp_path: Path, url: str) -> None:
    path = tmp_path / "empty.sqlite"
    change(path, "CREATE TABLE t (a); DROP TABLE t")
    ran = run_console("migrate", "copy", str(path), "--to", url)
    assert ran.out.startswith(f"{path}: nothing in ")


ODD = """
CREATE TABLE "order" ("select" INTEGER PRIMARY KEY, "user ""x"" é" TEXT, "group" REAL);
INSERT INTO "order" VALUES (-9223372036854775808, '\U0001f600', 9e999), (9223372036854775807, '', -9e999);
CREATE TABLE pairs (a TEXT, b INTEGER, PRIMARY KEY (b, a)) WITHOUT ROWID;
INSERT INTO pairs VALUES ('x', 2), ('y', 1);
CREATE TABLE sums (a INTEGER, b INTEGER, c INTEGER GENERATED ALWAYS AS (a + b) STORED);
INSERT INTO sums (a, b) VALUES (1, 2), (1, 2);
CREATE TABLE empty (id INTEGER PRIMARY KEY, note TEXT DEFAULT 'none');
CREATE TABLE eggs (id INTEGER PRIMARY KEY, hen INTEGER REFERENCES hens (id));
CREATE TABLE hens (id INTEGER PRIMARY KEY, egg INTEGER REFERENCES eggs (id));
INSERT INTO eggs VALUES (1, 1);
INSERT INTO hens VALUES (1, 1);
"""


def test_a_file_of_oddities_arrives_as_it_is(run_console: RunConsole, tmp_path: Path, url: str) -> None:
    path = tmp_path / "odd.sqlite"
    change(path, ODD)
    ran = run_console("migrate", "copy", str(path), "--to", url)
    assert ran.code == 0, ran.err
    assert ask(url, 'SELECT * FROM "order"') == [
        (-(2**63), "\U0001f600", float("inf")),
        (2**63 - 1, "", float("-inf")),
    ]
    assert ask(url, "SELECT a, b FROM pairs") == [("y", 1), ("x", 2)]
    assert ask(url, "SELECT c FROM sums") == [(3,), (3,)]
    assert ask(url, "INSERT INTO empty DEFAULT VALUES RETURNING id, note") == [(1, "none")]
    assert ask(url, "SELECT count(*) FROM pg_constraint WHERE contype = 'f'") == [(2,)]
    with pytest.raises(psycopg.errors.SequenceGeneratorLimitExceeded):
        ask(url, 'INSERT INTO "order" ("group") VALUES (1)')
