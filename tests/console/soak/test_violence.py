from __future__ import annotations

import os
import random
import signal
import threading
from types import SimpleNamespace
from typing import cast

import psycopg
import pytest

from console.errors import ConsoleError
from console.local.background import BackgroundStack
from console.soak import violence
from console.soak.promises import Promises
from console.soak.violence import Violence
from tests.support.local import web


class Luck(random.Random):
    """Draws what it is told to."""

    def __init__(self, drawn: float) -> None:
        super().__init__(1)
        self._drawn = drawn

    def random(self) -> float:
        return self._drawn

    def expovariate(self, lambd: float = 1.0) -> float:
        return 0.0


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """The signals that are sent: nothing happens to whom they are for."""
    signals: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "kill", lambda process, number: signals.append((process, number)))  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]
    return signals


def act(stack: BackgroundStack, luck: random.Random, promises: Promises | None = None, **every_s: float) -> Violence:
    """One thing that is done, and then it is over."""
    done = Violence(stack, promises or Promises(), luck, **{"kill_every_s": 0.0, "restore_every_s": 0.0, **every_s})
    is_over = threading.Event()
    (thread,) = done.threads(is_over)
    waits = iter((False, True, True))
    is_over.wait = lambda timeout=None: next(waits)
    thread.start()
    thread.join()
    return done


def test_nothing_is_hurt_where_nothing_runs(
    stack: BackgroundStack, sent: list[tuple[int, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stack, "processes", list)
    assert act(stack, Luck(0.1), kill_every_s=1).done == {}
    assert sent == []


def test_a_sandbox_is_killed(stack: BackgroundStack, sent: list[tuple[int, int]]) -> None:
    assert act(stack, Luck(0.1), kill_every_s=1).done == {"killed": 1}
    ((process, number),) = sent
    assert process in stack.processes()
    assert number == signal.SIGKILL


def test_a_sandbox_is_frozen_for_a_while(stack: BackgroundStack, sent: list[tuple[int, int]]) -> None:
    assert act(stack, Luck(0.9), kill_every_s=1).done == {"frozen": 1}
    assert [number for _, number in sent] == [signal.SIGSTOP, signal.SIGCONT]
    assert len({process for process, _ in sent}) == 1


def test_a_sandbox_that_has_just_ended_is_left_alone(stack: BackgroundStack, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(_: int, __: int) -> None:
        raise ProcessLookupError

    monkeypatch.setattr(os, "kill", gone)
    assert act(stack, Luck(0.1), kill_every_s=1).done == {}


def test_the_ledger_goes_back(stack: BackgroundStack, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = web.post(f"{stack.url}/insert", json={"count": 9}).json()
    assert act(stack, random.Random(1), restore_every_s=0.001).done == {"restored": 1}
    health = web.get(f"{stack.url}/command/health").json()
    assert health["bookmark"].split(".")[0] > answer["bookmark"].split(".")[0]

    def refused(*_: object) -> None:
        raise ConsoleError("no", "again")

    monkeypatch.setattr(violence, "restore", refused)
    assert act(stack, random.Random(1), restore_every_s=0.001).done == {"restores cut short": 1}


def test_violence_that_fails_is_a_defect(stack: BackgroundStack, promises: Promises) -> None:
    class Broken(Luck):
        def choice(self, seq: object) -> object:  # pyright: ignore[reportIncompatibleMethodOverride]
            raise ValueError("broken")

    act(stack, Broken(0.1), promises, kill_every_s=1)
    assert promises.defects == ["the violence ended: ValueError('broken')"]


def test_connections_of_postgresql_end(database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as used:
        stack = cast("BackgroundStack", SimpleNamespace(environment={"DATABASE_URL": database_url}))
        assert act(stack, Luck(0.1), drop_every_s=1).done == {"connections ended": 1}
        with pytest.raises(psycopg.OperationalError, match="terminating connection"):
            used.execute("SELECT 1")
