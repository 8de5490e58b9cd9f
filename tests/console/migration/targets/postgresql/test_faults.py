"""The server, the connection or the process gone at each step: there is nothing then, or all of it."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable

import psycopg
import pytest

from console.errors import INTERRUPTED, ConsoleError
from console.migration.plan import PlannedForeignKey
from console.migration.targets.postgresql.connection import APPLICATION
from console.paths import ROOT
from tests.console.migration.targets.postgresql.conftest import Ask, Put, StepsSeen
from tests.support.database.planned import column, table

ROWS = [(1, "ann", None), (2, "bob", 1)]
BOSS = PlannedForeignKey(("boss",), "users", ("id",))
USERS = table(
    "users",
    ROWS,
    column("name"),
    column("boss", "bigint"),
    uniques=(("name",),),
    foreign_keys=(BOSS,),
    checks=("id > 0",),
)
STEPS = (
    *("look at the target", "make 1 table", "copy users, 2 rows", "users: the primary key"),
    *("users: a unique constraint", "users: the check (id > 0)", "users: the foreign key to users"),
    *("set the counters", "gather statistics", "put the tables in their place", "commit"),
)
KILL = f"SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE application_name = '{APPLICATION}'"
CHILD = """
import os, signal, sys
from tests.console.migration.targets.postgresql.conftest import StepsSeen
from tests.console.migration.targets.postgresql.test_faults import ROWS, USERS
from tests.support.database.planned import rows_of
from console.migration.targets.postgresql.address import Address
from console.migration.targets.postgresql.connection import Login
from console.migration.targets.postgresql.transfer import PostgresTarget, Transfer
def kill(what):
    if what == sys.argv[2]:
        os.kill(os.getpid(), signal.SIGKILL)
Transfer([USERS], rows_of({"users": ROWS}), {}, StepsSeen(kill)).run(PostgresTarget(Login(Address(sys.argv[1]))))
"""


def at(step: str, meddle: Callable[[], None]) -> StepsSeen:
    return StepsSeen(lambda what: meddle() if what == step else None)


def database_of(url: str) -> str:
    return url.rpartition("/")[2]


def kill(ask: Ask, url: str) -> None:
    assert ask(f"{KILL} AND datname = '{database_of(url)}'") == [True]  # pyright: ignore[reportArgumentType] - ours


def is_empty(ask: Ask) -> bool:
    return ask("SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace") == [0]


def test_these_are_all_steps(put: Put) -> None:
    steps = StepsSeen()
    put({USERS: ROWS}, steps)
    assert tuple(steps.seen) == STEPS


@pytest.mark.parametrize("step", STEPS)
def test_a_backend_that_is_killed_leaves_nothing(put: Put, ask: Ask, url: str, step: str) -> None:
    with pytest.raises(ConsoleError, match=r"; nothing was copied to PostgreSQL$"):
        put({USERS: ROWS}, at(step, lambda: kill(ask, url)))
    assert is_empty(ask)
    assert put({USERS: ROWS}).rows == {"users": 2}


@pytest.mark.parametrize("step", STEPS)
def test_what_gives_way_is_as_it_was_when_the_backend_is_killed(put: Put, ask: Ask, url: str, step: str) -> None:
    ask("CREATE TABLE users (x int); INSERT INTO users VALUES (7)")
    with pytest.raises(ConsoleError, match=r"; nothing was copied to PostgreSQL$"):
        put({USERS: ROWS}, at(step, lambda: kill(ask, url)), replaces=True)
    assert ask("SELECT * FROM users") == [7]
    assert ask("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'migration%'") == []


@pytest.mark.parametrize("step", ["copy users, 2 rows", "commit"])
def test_a_process_that_is_killed_leaves_nothing(put: Put, ask: Ask, url: str, step: str) -> None:
    done = subprocess.run([sys.executable, "-c", CHILD, url, step], cwd=ROOT, check=False)
    assert done.returncode == -signal.SIGKILL
    ask(f"{KILL} AND datname = '{database_of(url)}'")  # pyright: ignore[reportArgumentType] - it may not know yet
    assert is_empty(ask)
    assert put({USERS: ROWS}).rows == {"users": 2}


def test_a_user_without_rights_is_told_which_one_is_missing(put: Put, ask: Ask, url: str) -> None:
    user = f"user_of_{database_of(url)}"
    ask(f"CREATE ROLE {user} LOGIN")  # pyright: ignore[reportArgumentType] - ours
    as_user = url.replace("lambda_sqlite@", f"{user}@")
    try:
        with pytest.raises(ConsoleError, match=r"make 1 table: permission denied for schema public") as raised:
            put({USERS: ROWS}, url=as_user)
        assert raised.value.hint.startswith("GRANT CREATE ON SCHEMA")
        with pytest.raises(ConsoleError, match=r"look at the target: permission denied for database"):
            put({USERS: ROWS}, url=as_user, schema="new")
    finally:
        ask(f"DROP OWNED BY {user}; DROP ROLE {user}")  # pyright: ignore[reportArgumentType] - ours
    assert is_empty(ask)


def test_a_target_that_only_reads_is_told(put: Put, ask: Ask, url: str) -> None:
    with pytest.raises(ConsoleError, match=r"cannot execute CREATE TABLE in a read-only transaction") as raised:
        put({USERS: ROWS}, url=f"{url}?options=-cdefault_transaction_read_only%3Don")
    assert raised.value.hint.startswith("name the writer's address")
    assert is_empty(ask)


def test_an_error_of_the_server_is_no_row_s_fault(put: Put, ask: Ask) -> None:
    cancelled = table("t", [(1,)], checks=("pg_cancel_backend(pg_backend_pid()) AND pg_sleep(60) IS NOT NULL",))
    with pytest.raises(ConsoleError, match=r"^t: the check .*: canceling statement due to user request") as raised:
        put({cancelled: [(1,)]})
    assert raised.value.hint == "the same command again, once the server is well"
    assert is_empty(ask)


def test_a_step_names_itself_where_the_server_is_gone(put: Put, ask: Ask, url: str) -> None:
    with pytest.raises(ConsoleError, match=r"^users: the primary key: ") as raised:
        put({USERS: ROWS}, at("users: the primary key", lambda: kill(ask, url)))
    assert isinstance(raised.value.__cause__, psycopg.OperationalError)
    assert raised.value.hint == "the same command again, once the server is well"


def test_an_interrupt_during_the_commit_comes_after_it(put: Put, ask: Ask) -> None:
    def interrupt() -> None:
        signal.raise_signal(signal.SIGINT)

    with pytest.raises(ConsoleError, match=r"^interrupted after the commit; all of it is in PostgreSQL$") as raised:
        put({USERS: ROWS}, at("commit", interrupt))
    assert raised.value.code == INTERRUPTED
    assert ask("SELECT count(*) FROM users") == [2]
