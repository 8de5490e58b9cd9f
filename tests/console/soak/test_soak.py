from __future__ import annotations

import json
from contextlib import nullcontext

import pytest

from console.data.verification import Verification
from console.errors import ConsoleError
from console.local.background import BackgroundStack
from console.soak import soak
from console.soak.outcome import Soaked
from console.soak.promises import Promises
from tests.console.conftest import RunConsole

SHORT = ("soak", "--minutes", "0.05", "--writers", "2", "--readers", "1", "--kill-every-s", "1", "--seed", "7")


def test_load_and_violence_break_no_promise(run_console: RunConsole) -> None:
    ran = run_console(*SHORT, "--restore-every-s", "1.5", "--json")
    assert ran.code == 0, ran.err
    outcome = json.loads(ran.out)
    assert outcome["plan"]["seed"] == 7
    assert outcome["inserts"] > 0
    assert outcome["promises_checked"] > 0
    assert (outcome["promises_broken"], outcome["broken"]) == (0, [])
    assert outcome["healed_in_s"] is not None
    assert outcome["files"] > 0


def test_a_broken_promise_is_an_error(
    run_console: RunConsole, monkeypatch: pytest.MonkeyPatch, promises: Promises
) -> None:
    promises.defect("a row is gone")
    paths = Verification("1.2", 2, "0" * 32, True, [])
    outcome = Soaked(promises, {"killed": 3}, 1.5, 0.5, 2, paths, {"is_right": True})
    monkeypatch.setattr("console.verbs.soak.soak", lambda *_: outcome)  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]
    monkeypatch.setattr("console.verbs.soak.BackgroundStack", nullcontext)
    ran = run_console(*SHORT)
    assert ran.code == 1
    assert "promises_broken" in ran.out
    error, hint = ran.err.splitlines()[-2:]
    assert error == "Error: 1 promises were broken: a row is gone"
    assert hint.endswith(" soak --minutes 0.05 --seed 7")


class Health:
    """A client whose answers to the question after health are these."""

    url = "http://api"

    def __init__(self, *told: object) -> None:
        self._told = list(told)

    def get(self, _: str) -> object:
        told = self._told.pop(0) if len(self._told) > 1 else self._told[0]
        if isinstance(told, Exception):
            raise told
        return told


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(soak, "read_members", lambda lag: {"lag": lag})  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]
    monkeypatch.setattr(soak, "SAMPLE_EVERY_S", 0.0)


@pytest.mark.usefixtures("told")
def test_it_waits_until_everything_is_published(monkeypatch: pytest.MonkeyPatch) -> None:
    killed = ConsoleError("500", "again")
    health = Health(killed, None, {"rows": 2, "seconds": 3.5}, {"rows": 0, "seconds": 0.0})
    assert soak._heal(health) is not None  # type: ignore[arg-type] # pyright: ignore[reportPrivateUsage, reportArgumentType]
    monkeypatch.setattr(soak, "HEALS_WITHIN_S", 0.0)
    assert soak._heal(health) is None  # type: ignore[arg-type] # pyright: ignore[reportPrivateUsage, reportArgumentType]


def test_nothing_is_left_running_where_sampling_is_cut_short(
    stack: BackgroundStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> float:
        raise KeyboardInterrupt

    monkeypatch.setattr(soak, "_sample", interrupted)
    plan = soak.SoakPlan(seconds=60, writers=1, readers=1, kill_every_s=0, restore_every_s=0, seed=1)
    with pytest.raises(KeyboardInterrupt):
        soak.soak(stack, plan, Promises(), lambda _: None)
