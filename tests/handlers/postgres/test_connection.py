from __future__ import annotations

import os
import shutil
import socket
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import Connection
from psycopg.errors import ConnectionTimeout, QueryCanceled, ReadOnlySqlTransaction

from handlers.postgres import connection as connection_module
from handlers.postgres.connection import Database
from handlers.postgres.meter import DATABASE_METER
from handlers.postgres.token import database_token
from handlers.settings import Settings, SettingsError
from handlers.telemetry.usage import Usage
from tests.support.database.tls import NAME, TlsServer

NOW_S = 1_800_000_000.0
REGION = "eu-central-1"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret"}

End = Callable[[Database], None]


def backend(connection: Connection[Any]) -> int:
    return connection.info.backend_pid


def last_statement(database: Database, url: str) -> str:
    """What the server last had of this connection."""
    pid = database.run(backend)
    with psycopg.connect(url) as other:
        found = other.execute("SELECT query FROM pg_stat_activity WHERE pid = %s", (pid,)).fetchone()
    assert found is not None
    return found[0]


@pytest.fixture
def end(database_url: str) -> End:
    """Ends a database's connection from the server's side, as a failover does."""

    def end_connection(database: Database) -> None:
        pid = database.run(backend)
        with psycopg.connect(database_url, autocommit=True) as other:
            assert other.execute("SELECT pg_terminate_backend(%s, 10000)", (pid,)).fetchone() == (True,)

    return end_connection


# One connection, kept


def test_one_connection_is_kept_and_timed_when_it_is_made(database: Database) -> None:
    before, usage = DATABASE_METER.connections, Usage()
    assert len({database.run(backend, usage) for _ in range(3)}) == 1
    assert (DATABASE_METER.connections - before, database.retries, list(usage.phases_ns)) == (1, 0, ["connect"])


def test_one_that_was_lost_is_made_anew_once(database: Database, end: End) -> None:
    end(database)
    usage, tries = Usage(), list[int]()

    def work(connection: Connection[Any]) -> tuple[int] | None:
        tries.append(1)
        return connection.execute("SELECT 7").fetchone()

    assert database.run(work, usage) == (7,)
    assert (len(tries), database.retries, list(usage.phases_ns)) == (2, 1, ["connect"])


def test_one_that_is_lost_again_is_not_tried_a_third_time(database: Database) -> None:
    tries: list[int] = []

    def work(connection: Connection[Any]) -> None:
        tries.append(1)
        connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    with pytest.raises(psycopg.OperationalError):
        database.run(work)
    assert (len(tries), database.retries) == (2, 1)
    assert database.run(lambda connection: connection.execute("SELECT 1").fetchone()) == (1,)
    assert database.retries == 1  # it was known to be lost


def test_a_statement_that_fails_over_a_connection_that_holds_is_not_tried_again(database: Database) -> None:
    tries: list[int] = []

    def work(connection: Connection[Any]) -> None:
        tries.append(connection.info.backend_pid)
        connection.execute("SET statement_timeout = 1")
        connection.execute("SELECT pg_sleep(60)")

    with pytest.raises(QueryCanceled):
        database.run(work)
    assert (tries, database.retries) == ([database.run(backend)], 0)


def test_a_database_that_takes_no_changes_is_connected_to_anew(database: Database) -> None:
    """After a failover it may be what the writer was."""

    def change(connection: Connection[Any]) -> None:
        connection.execute("SET default_transaction_read_only = on")
        connection.execute("CREATE TABLE t (n integer)")

    before = database.run(backend)
    with pytest.raises(ReadOnlySqlTransaction):
        database.run(change)
    assert database.run(backend) != before


def test_closed_twice_it_can_be_used_again(database: Database) -> None:
    first = database.run(backend)
    database.close()
    database.close()
    assert database.run(backend) != first


def test_a_server_that_is_not_there_is_not_asked_twice(environ: dict[str, str]) -> None:
    url = "postgresql://somebody@127.0.0.1:1/nowhere"
    database = Database(Settings({**environ, "DATABASE_URL": url}))
    before = DATABASE_METER.connections
    with pytest.raises(psycopg.OperationalError, match="refused"):
        database.run(backend)
    assert (DATABASE_METER.connections - before, database.retries) == (1, 0)


def test_nothing_is_said_that_a_proxy_would_pin_the_connection_for(database: Database, database_url: str) -> None:
    """Neither SET nor prepared statements, nor what forgets them after a rollback."""

    def roll_back(connection: Connection[Any]) -> None:
        with connection.transaction(force_rollback=True):
            for _ in range(10):  # psycopg prepares what it has seen five times
                connection.execute("SELECT %s::int", (1,))

    assert last_statement(database, database_url) == ""
    database.run(roll_back)
    assert last_statement(database, database_url) == "ROLLBACK"
    prepared = database.run(lambda connection: connection.execute("SELECT count(*) FROM pg_prepared_statements"))
    assert prepared.fetchone() == (0,)


def test_it_works_through_a_pooler_in_transaction_mode(environ: dict[str, str], pooled_url: str) -> None:
    database = Database(Settings({**environ, "DATABASE_URL": pooled_url}))
    for number in range(12):
        found = database.run(lambda connection, number=number: connection.execute("SELECT %s::int", (number,)))
        assert found.fetchone() == (number,)
    database.close()


# TLS, and tokens for passwords


@pytest.fixture
def secured(
    tls_server: TlsServer, tls_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    """The environment of a database that is reached by TLS, with a user who logs in with a token."""
    roots = tmp_path / "roots"
    roots.mkdir()
    shutil.copy(tls_server.authority, roots / f"{REGION}.pem")
    shutil.copy(tls_server.stranger, roots / "proxy.pem")
    monkeypatch.setattr(connection_module, "ROOTS", roots)
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_SESSION_TOKEN", raising=False)
    user = f"reader_of_{tls_database}"
    token = database_token((NAME, str(tls_server.server.port), user), REGION, CREDENTIALS, NOW_S)
    with psycopg.connect(tls_server.url(tls_database), autocommit=True) as master:
        if master.execute("SELECT 1 FROM pg_roles WHERE rolname = 'rds_iam'").fetchone() is None:
            master.execute("CREATE ROLE rds_iam")
        master.execute(f"CREATE ROLE {user} LOGIN IN ROLE rds_iam PASSWORD '{token}'".encode())
    url = f"postgresql://{user}@{NAME}:{tls_server.server.port}/{tls_database}"
    return {"DATABASE_URL": url, "DATABASE_AUTH": "iam", "AWS_REGION": REGION}


def made(environ: dict[str, str], now_s: float = NOW_S, **options: Any) -> Iterator[Database]:
    database = Database(Settings(environ), now=lambda: now_s, **options)
    yield database
    database.close()


def whoami(connection: Connection[Any]) -> tuple[str, bool]:
    found = connection.execute("SELECT current_user, ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()").fetchone()
    assert found is not None
    return found


def test_a_token_and_the_right_root_let_the_user_in(secured: dict[str, str]) -> None:
    for database in made(secured):
        user, is_secure = database.run(whoami)
        assert secured["DATABASE_URL"].startswith(f"postgresql://{user}@")
        assert is_secure


def test_each_connection_has_a_token_of_its_own_so_that_none_expires(secured: dict[str, str]) -> None:
    times = iter([NOW_S + 901, NOW_S])  # the server knows the second one alone
    database = Database(Settings(secured), now=lambda: next(times))
    with pytest.raises(psycopg.OperationalError, match="authentication failed"):
        database.run(whoami)
    assert database.run(whoami)[1]
    database.close()


@pytest.mark.parametrize("root", ["stranger", "amazon"])
def test_a_server_that_another_root_stands_for_is_not_talked_to(
    secured: dict[str, str], tls_server: TlsServer, monkeypatch: pytest.MonkeyPatch, root: str
) -> None:
    if root == "amazon":
        monkeypatch.undo()
        for name, value in CREDENTIALS.items():
            monkeypatch.setenv(name, value)
    else:
        shutil.copy(tls_server.stranger, connection_module.ROOTS / f"{REGION}.pem")
    for database in made(secured):
        with pytest.raises(psycopg.OperationalError, match="certificate verify failed"):
            database.run(whoami)


def test_a_server_of_another_name_is_not_talked_to(secured: dict[str, str]) -> None:
    for database in made(
        {**secured, "DATABASE_URL": secured["DATABASE_URL"].replace(NAME, "another.name") + "?hostaddr=127.0.0.1"}
    ):
        with pytest.raises(psycopg.OperationalError, match="does not match host name"):
            database.run(whoami)


def test_a_server_without_tls_is_not_talked_to(secured: dict[str, str], database_url: str) -> None:
    for database in made({**secured, "DATABASE_URL": database_url}):
        with pytest.raises(psycopg.OperationalError, match="does not support SSL"):
            database.run(whoami)


def test_the_proxy_is_gone_through_and_proves_itself_by_its_own_root(secured: dict[str, str]) -> None:
    environ = {
        **secured,
        "DATABASE_URL": secured["DATABASE_URL"].replace(NAME, "nowhere.invalid"),
        "DATABASE_PROXY": NAME,
    }
    for database in made(environ):
        with pytest.raises(psycopg.OperationalError, match="certificate verify failed"):  # the root is a stranger's
            database.run(whoami)
    shutil.copy(connection_module.ROOTS / f"{REGION}.pem", connection_module.ROOTS / "proxy.pem")
    for database in made(environ):
        assert database.run(whoami)[1]


def test_the_instance_itself_is_reached_past_the_proxy(secured: dict[str, str]) -> None:
    for database in made({**secured, "DATABASE_PROXY": "nowhere.invalid"}, is_direct=True):
        assert database.run(whoami)[1]


def test_the_master_logs_in_by_a_password(secured: dict[str, str], tls_server: TlsServer, tls_database: str) -> None:
    name = f"master_of_{tls_database}"
    with psycopg.connect(tls_server.url(tls_database), autocommit=True) as owner:
        owner.execute(f"CREATE ROLE {name} LOGIN IN ROLE rds_iam PASSWORD 'what it is'".encode())
    for database in made(secured, master=(name, "what it is")):
        assert database.run(whoami) == (name, True)


def test_a_region_whose_roots_are_not_here_is_named_with_those_that_are() -> None:
    with pytest.raises(SettingsError, match=r"AWS_REGION: got 'mars-north-1', allowed.* eu-central-1,") as error:
        Database(Settings({"DATABASE_URL": "postgresql://u@h/d", "AWS_REGION": "mars-north-1"}))
    assert "proxy" not in str(error.value)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgres", "got what is no URL of a database, allowed: postgresql://user@host:port/database"),
        ("postgresql://host/database", "got one without user"),
        ("postgresql:///", "got one without dbname, host, user"),
    ],
)
def test_a_url_that_names_no_database_is_refused(url: str, said: str) -> None:
    with pytest.raises(SettingsError, match=f"DATABASE_URL: {said}"):
        Database(Settings({"DATABASE_URL": url, "DATABASE_AUTH": "trust"}))


def test_a_server_that_says_nothing_is_waited_for_a_little(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection_module, "CONNECT_TIMEOUT_S", 1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql://u@127.0.0.1:{silent.getsockname()[1]}/d"
        database = Database(Settings({**environ, "DATABASE_URL": url}))
        with pytest.raises(ConnectionTimeout):
            database.run(backend)


def test_a_url_that_cannot_be_read_is_shown_nowhere() -> None:
    password = "nobody shall read this".replace(" ", "-")  # else the traceback has it from this file
    with pytest.raises(SettingsError) as error:
        Database(Settings({"DATABASE_URL": f"host=h user=u {password}", "DATABASE_AUTH": "trust"}))
    assert password not in "".join(traceback.format_exception(error.value))


def test_a_server_that_took_a_statement_and_died_is_given_up_soon(database: Database) -> None:
    with socket.socket(fileno=os.dup(database.run(lambda connection: connection.fileno()))) as line:
        names = (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT, socket.TCP_USER_TIMEOUT)
        assert [line.getsockopt(socket.IPPROTO_TCP, name) for name in names] == [5, 2, 2, 5000]
        assert line.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
