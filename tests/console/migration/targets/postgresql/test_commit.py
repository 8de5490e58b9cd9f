from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from console.client.retry import Retry
from console.errors import ConsoleError
from console.migration.targets.postgresql import commit
from console.migration.targets.postgresql.address import Address
from console.migration.targets.postgresql.commit import DoubtfulError, ask_outcome, number_of
from console.migration.targets.postgresql.connection import Connection, Login, connect
from tests.console.migration.targets.postgresql.conftest import Ask, Put
from tests.support.database.planned import column, table

ROWS = [(1, "ann")]
CONTENT = {table("users", ROWS, column("name")): ROWS}


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter(range(0, 10_000, 10))

    def retry(limit_s: float) -> Retry:
        return Retry(limit_s, sleep=lambda _: None, monotonic=lambda: next(times))

    monkeypatch.setattr(commit, "Retry", retry)


class Losing:
    """A connection that is lost at the commit: before the server hears of it, or after."""

    def __init__(self, connection: Any, *, is_heard: bool) -> None:
        self._connection = connection
        self._is_heard = is_heard

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def commit(self) -> None:
        if self._is_heard:
            self._connection.commit()
        self._connection.close()
        raise psycopg.OperationalError("server closed the connection unexpectedly")


@pytest.fixture(params=[True, False], ids=["heard", "not heard"])
def is_heard(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[bool]:
    real = commit.commit

    def lose(connection: Connection, login: Login) -> None:
        losing: Any = Losing(connection, is_heard=request.param)
        real(losing, login)

    monkeypatch.setattr(
        "console.migration.targets.postgresql.transfer.commit",
        lose,
    )
    yield request.param


def test_the_server_is_asked_what_came_of_a_commit_without_an_answer(put: Put, ask: Ask, is_heard: bool) -> None:
    if is_heard:
        assert put(CONTENT).rows == {"users": 1}
        assert ask("SELECT * FROM users") == ROWS
        return
    with pytest.raises(ConsoleError, match=r"the commit failed: server closed the connection .* nothing was copied"):
        put(CONTENT)
    assert ask("SELECT count(*) FROM pg_class WHERE relname = 'users'") == [0]


def test_nobody_is_told_what_nobody_knows(put: Put, is_heard: bool, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody_knows(_login: Login, _number: str) -> None:
        return None

    monkeypatch.setattr(commit, "ask_outcome", nobody_knows)
    with pytest.raises(DoubtfulError, match=r"lost at the commit, and does not say whether the rows are in: server"):
        put(CONTENT)


def test_an_outcome_that_is_open_is_asked_for_again_until_time_is_up(url: str) -> None:
    with connect(Login(Address(url))) as open_one:
        assert ask_outcome(Login(Address(url)), number_of(open_one)) is None


def test_a_server_that_is_away_gives_no_outcome() -> None:
    assert ask_outcome(Login(Address("postgresql://127.0.0.1:1/none")), "7") is None
