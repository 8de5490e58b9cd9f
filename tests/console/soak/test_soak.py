from __future__ import annotations

import json
import time
from contextlib import nullcontext
from types import SimpleNamespace
from typing import cast

import httpx
import pytest

from console.client.client import Client
from console.data.verification import Verification
from console.errors import ConsoleError
from console.local.background import BackgroundStack
from console.soak import soak
from console.soak.outcome import Soaked
from console.soak.promises import Promises
from tests.console.conftest import RunConsole

SHORT = ("soak", "--minutes", "0.05", "--writers", "2", "--readers", "1", "--kill-every-s", "1", "--seed", "7")


def test_load_and_violence_break_no_promise(run_console: RunConsole) -> None:
    ran = run_console(*SHORT, "--restore-every-s", "1.5", "--postgres", "--json")
    assert ran.code == 0, ran.err
    outcome = json.loads(ran.out)
    assert outcome["plan"]["has_postgres"] is True
    assert outcome["plan"]["seed"] == 7
    assert outcome["inserts"] > 0
    assert outcome["promises_checked"] > 0
    assert (outcome["promises_broken"], outcome["broken"]) == (0, [])
    assert outcome["healed_in_s"] is not None
    assert outcome["files"] > 0


@pytest.mark.parametrize("more", [(), ("--postgres",)], ids=("three homes", "four homes"))
def test_a_broken_promise_is_an_error(
    run_console: RunConsole, monkeypatch: pytest.MonkeyPatch, promises: Promises, more: tuple[str, ...]
) -> None:
    promises.defect("a row is gone")
    paths = Verification("1.2", 2, "0" * 32, True, [])
    outcome = Soaked(promises, {"killed": 3}, 1.5, 0.5, 2, paths, {"is_right": True})
    monkeypatch.setattr("console.verbs.soak.soak", lambda *_: outcome)  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]
    monkeypatch.setattr("console.verbs.soak.BackgroundStack", nullcontext)
    ran = run_console(*SHORT, *more)
    assert ran.code == 1
    assert "promises_broken" in ran.out
    error, hint = ran.err.splitlines()[-2:]
    assert error == "Error: 1 promises were broken: a row is gone"
    assert hint.endswith(" ".join([" soak --minutes 0.05 --seed 7", *more]))


class Health:
    """A client that is told of health: these answers in turn, the last one again and again."""

    url = "http://api"

    def __init__(self, *told: dict[str, object] | Exception) -> None:
        self._told = list(told)

    def get(self, _: str) -> httpx.Response:
        told = self._told.pop(0) if len(self._told) > 1 else self._told[0]
        if isinstance(told, Exception):
            raise told
        return httpx.Response(200, json=told)


KILLED = ConsoleError("500", "again")


def health(snapshot: str | None, seconds: float = 0.0) -> dict[str, object]:
    return {"bookmark": "7.5", "snapshot": snapshot, "lag": {"rows": 1, "seconds": seconds} if snapshot else None}


def test_it_waits_until_everything_is_published(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(soak, "SAMPLE_EVERY_S", 0.0)
    client = Health(KILLED, health(None), health("6.5"), health("7.4"), health("7.5"))
    assert soak._heal(cast("Client", client)) is not None  # pyright: ignore[reportPrivateUsage]
    assert client.get("").json() == health("7.5")
    monkeypatch.setattr(soak, "HEALS_WITHIN_S", 0.0)
    assert soak._heal(cast("Client", client)) is None  # pyright: ignore[reportPrivateUsage]


def test_the_greatest_lag_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = iter(range(5))
    # Its own clock alone: the loop of a stack that runs beside this asks the time too.
    monkeypatch.setattr(soak, "time", SimpleNamespace(monotonic=lambda: next(seconds), sleep=time.sleep))
    client = Health(KILLED, health("7.4", 3.5), health(None), health("7.5", 1.0))
    advanced: list[int] = []
    assert soak._sample(cast("Client", client), 4, advanced.append) == 3.5  # pyright: ignore[reportPrivateUsage]
    assert sum(advanced) == 3


def test_nothing_is_left_running_where_sampling_is_cut_short(
    stack: BackgroundStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> float:
        raise KeyboardInterrupt

    monkeypatch.setattr(soak, "_sample", interrupted)
    plan = soak.SoakPlan(seconds=60, writers=1, readers=1, kill_every_s=0, restore_every_s=0, seed=1)
    with pytest.raises(KeyboardInterrupt):
        soak.soak(stack, plan, Promises(), lambda _: None)
