"""Migrations against a real PostgreSQL: all of a file or nothing, once, whoever else runs them."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from console.local.database.server import PostgresServer
from handlers.migrator import PASSING
from handlers.schema.migration import Migration, MigrationError
from handlers.schema.runner import LOCK, Migrations, run_sql
from tests.handlers.feed.site import settings_of
from tests.support.database.postgres import new_database


@pytest.fixture
def url(postgres_server: PostgresServer) -> Iterator[str]:
    """An empty database."""
    with new_database(postgres_server) as made:
        yield made


class Files:
    """A folder of migrations, and the database that they are for."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self.url = url
        self.migrations = Migrations(settings_of(url), folder)

    def write(self, name: str, sql: str, option: str = "") -> None:
        (self.folder / name).write_text(f"-- migrate:up {option}\n{sql}\n-- migrate:down\nSELECT 1;\n")

    def ask(self, statement: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url, autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def wait_until_it_waits(self, thread: threading.Thread) -> None:
        """Return once this runner waits for a lock, or has given up."""
        waiting = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        while thread.is_alive() and not self.ask(waiting):
            pass

    def tables(self) -> list[str]:
        found = self.ask("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        return [name for (name,) in found if name != "schema_migrations"]


@pytest.fixture
def files(tmp_path: Path, url: str) -> Files:
    made = Files(tmp_path, url)
    made.write("0001_a.sql", "CREATE TABLE a (n int);")
    made.write("0002_b.sql", "CREATE TABLE b (n int); INSERT INTO b VALUES (1);")
    return made


def test_what_is_pending_is_applied_once_and_told(files: Files) -> None:
    both = ["0001_a.sql", "0002_b.sql"]
    assert files.migrations.compare() == {"pending": both, "already_applied": [], "missing": []}
    assert files.migrations.apply() == {"applied": both, "already_applied": [], "missing": []}
    assert files.migrations.apply() == {"applied": [], "already_applied": both, "missing": []}
    assert files.migrations.compare() == {"pending": [], "already_applied": both, "missing": []}
    assert files.tables() == ["a", "b"]
    assert files.ask("SELECT version, applied_at <= now() FROM schema_migrations") == [("0001", True), ("0002", True)]


def test_the_projects_own_migrations_apply(url: str) -> None:
    assert Migrations(settings_of(url)).apply()["applied"] == ["0001_home.sql"]


FAILURES = {
    "syntax": ("CREATE TABLE c (n int);\nSELEC 1;", "0003_c.sql, statement 1, line 3: syntax error at or near"),
    "no table": ("CREATE TABLE c (n int);\nSELECT * FROM d;", 'statement 2, line 3: relation "d" does not exist'),
    "a value": ("CREATE TABLE c (n int);\nINSERT INTO c VALUES (1/0);", "statement 2: division by zero"),
    "a detail": (
        *("CREATE TABLE c (n int UNIQUE);\nINSERT INTO c VALUES (1), (1);",),
        "statement 2: duplicate key value violates unique constraint",
    ),
    "COPY": ("CREATE TABLE c (n int);\nCOPY c FROM STDIN;", "statement 2: COPY from or to the client is not possible"),
    "COMMIT": ("CREATE TABLE c (n int); ROLLBACK;", "0003_c.sql: it ends its transaction itself"),
}


@pytest.mark.parametrize(("sql", "said"), FAILURES.values(), ids=list(FAILURES))
def test_of_a_file_that_fails_nothing_remains_and_those_before_it_stay(files: Files, sql: str, said: str) -> None:
    files.write("0003_c.sql", sql)
    with pytest.raises(MigrationError) as error:
        files.migrations.apply()
    assert said in str(error.value)
    assert files.tables() == ["a", "b"]
    assert files.migrations.compare()["pending"] == ["0003_c.sql"]
    files.write("0003_c.sql", "CREATE TABLE c (n int);")
    assert files.migrations.apply()["applied"] == ["0003_c.sql"]


def test_a_file_may_go_without_a_transaction(files: Files) -> None:
    files.write("0003_c.sql", "CREATE INDEX CONCURRENTLY by_n ON a (n);", "transaction:false")
    with pytest.raises(MigrationError, match="CONCURRENTLY cannot run inside a transaction"):
        files.write("0004_d.sql", "CREATE INDEX CONCURRENTLY d ON a (n);")
        files.migrations.apply()
    assert files.ask("SELECT version FROM schema_migrations")[-1] == ("0003",)


def test_a_file_that_was_applied_and_has_changed_is_refused_by_name(files: Files) -> None:
    files.migrations.apply()
    files.write("0001_a.sql", "CREATE TABLE a (n bigint);")
    for ask in (files.migrations.apply, files.migrations.compare):
        with pytest.raises(MigrationError, match=r"0001_a\.sql: it was applied, and has changed since"):
            ask()


def test_a_file_that_is_missing_is_named_and_what_is_pending_is_applied(files: Files) -> None:
    files.migrations.apply()
    (files.folder / "0001_a.sql").unlink()
    files.write("0003_c.sql", "CREATE TABLE c (n int);")
    assert files.migrations.apply() == {
        "applied": ["0003_c.sql"],
        "already_applied": ["0002_b.sql"],
        "missing": ["0001"],
    }


def test_what_dbmate_has_applied_is_known_and_guarded_from_then_on(files: Files) -> None:
    files.ask(
        "CREATE TABLE schema_migrations (version varchar(128) PRIMARY KEY);"
        "INSERT INTO schema_migrations VALUES ('0001')"
    )
    assert files.migrations.compare()["pending"] == ["0002_b.sql"]
    assert files.migrations.apply()["applied"] == ["0002_b.sql"]
    assert files.tables() == ["b"]
    files.write("0001_a.sql", "CREATE TABLE a (n bigint);")
    with pytest.raises(MigrationError, match=r"0001_a\.sql: it was applied, and has changed"):
        files.migrations.apply()


def test_two_at_once_apply_each_file_once(files: Files) -> None:
    for number in range(3, 12):
        files.write(f"{number:04}_t.sql", f"CREATE TABLE t{number} (n int);")
    applied: list[Any] = []

    def run() -> None:
        applied.append(files.migrations.apply()["applied"])

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(len, applied)) == [0, 0, 11]


IMPATIENT = "options=-c%20lock_timeout%3D1"


def test_another_runner_is_waited_for_longer_than_the_user_waits_for_a_table(files: Files, url: str) -> None:
    applied: list[Any] = []
    waiting = Migrations(settings_of(f"{url}?{IMPATIENT}"), files.folder)
    with psycopg.connect(url, autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(%s)", (LOCK,))
        thread = threading.Thread(target=lambda: applied.append(waiting.apply()["applied"]))
        thread.start()
        files.wait_until_it_waits(thread)
    thread.join()
    assert applied == [["0001_a.sql", "0002_b.sql"]]


def test_a_table_that_is_in_use_is_waited_for_as_long_as_the_user_says(files: Files, url: str) -> None:
    files.migrations.apply()
    files.write("0003_c.sql", "ALTER TABLE a ADD COLUMN c int;")
    with psycopg.connect(url) as other:
        other.execute("SELECT * FROM a")
        with pytest.raises(MigrationError, match="canceling statement due to lock timeout"):
            Migrations(settings_of(f"{url}?{IMPATIENT}"), files.folder).apply()


def test_whoever_waits_for_too_long_is_told_so_and_asked_again(files: Files, url: str) -> None:
    with psycopg.connect(url, autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(%s)", (LOCK,))
        with pytest.raises(psycopg.errors.LockNotAvailable) as error:
            files.migrations.apply(limit_s=0.0)
    assert type(error.value).__name__ in PASSING
    assert files.migrations.apply()["applied"] == ["0001_a.sql", "0002_b.sql"]


LOSSES = {
    "ended": "SELECT pg_terminate_backend(pg_backend_pid());",
    "going": "DO $$ BEGIN RAISE EXCEPTION 'it goes' USING ERRCODE = '57P01'; END $$;",
    "a connection's": "DO $$ BEGIN RAISE EXCEPTION 'it goes' USING ERRCODE = '08006'; END $$;",
}


@pytest.mark.parametrize("loss", LOSSES.values(), ids=list(LOSSES))
def test_a_server_that_is_lost_in_the_middle_of_a_file_leaves_nothing_of_it_and_is_asked_again(
    files: Files, loss: str
) -> None:
    files.write("0003_c.sql", f"CREATE TABLE c (n int);\n{loss}")
    with pytest.raises(psycopg.OperationalError, match=r"0003_c\.sql, statement 2: .*(terminating|it goes)") as error:
        files.migrations.apply()
    assert type(error.value).__name__ in PASSING
    assert files.tables() == ["a", "b"]


def test_a_connection_that_ends_without_a_word_says_so(files: Files, url: str) -> None:
    """Nobody but libpq can tell of it, and its error has no code."""
    migration = Migration("0003", "0003_c.sql", "SELECT pg_sleep(60);", 2, has_transaction=True, checksum="")
    with psycopg.connect(url, autocommit=True) as connection:
        with socket.socket(fileno=os.dup(connection.fileno())) as line:
            line.shutdown(socket.SHUT_RDWR)
        with pytest.raises(psycopg.OperationalError, match=r"server closed the connection|consuming input|SSL|EOF"):
            run_sql(connection, migration)


def test_other_threads_go_on_while_a_file_is_applied(files: Files, url: str) -> None:
    """The file waits for what another thread gives up once it sees that."""
    files.write("0003_c.sql", "SELECT pg_advisory_xact_lock(1);")
    with psycopg.connect(url, autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(1)")
        thread = threading.Thread(target=files.migrations.apply)
        thread.start()
        files.wait_until_it_waits(thread)
    thread.join()
    assert files.migrations.compare()["pending"] == []


def test_of_a_file_without_a_transaction_something_may_remain_and_the_error_says_so(files: Files) -> None:
    files.migrations.apply()
    files.ask("INSERT INTO b VALUES (1)")
    files.write("0003_c.sql", "CREATE UNIQUE INDEX CONCURRENTLY by_n ON b (n);", "transaction:false")
    with pytest.raises(MigrationError, match=r"could not create unique.*; what it had done by then may remain$"):
        files.migrations.apply()
    assert files.ask("SELECT indisvalid FROM pg_index WHERE indexrelid = 'by_n'::regclass") == [(False,)]


def test_a_file_without_a_transaction_has_one_statement(files: Files) -> None:
    files.write("0003_c.sql", "CREATE TABLE c (n int);\nCREATE TABLE d (n int);", "transaction:false")
    with pytest.raises(MigrationError, match=r"multiple commands.*; allowed with transaction:false: one statement$"):
        files.migrations.apply()
    assert files.tables() == ["a", "b"]
