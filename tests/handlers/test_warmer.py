from __future__ import annotations

import json
import threading
from collections.abc import Mapping

import pytest

from handlers.aws.functions import InvocationError
from handlers.settings import MOST_WARM, SettingsError
from handlers.warmer import Warmer, make_handler

ARN = "arn:aws:lambda:eu-west-1:123456789012:function:shop-dev-query:live"
ENVIRON = {"FUNCTION_ARN": ARN, "SANDBOXES": "3"}


class Sandboxes:
    """A function with sandboxes: one call each at a time, so that calls at once land in different ones.

    A call waits until as many as `at_once` are there, as a sandbox that holds still does.
    """

    def __init__(self, at_once: int) -> None:
        self.events: list[Mapping[str, object]] = []
        self._all_there = threading.Barrier(at_once)

    def __call__(self, event: Mapping[str, object]) -> object:
        self.events.append(event)
        number = self._all_there.wait(timeout=60)
        return {"sandbox": str(number), "is_cold": number == 0}


def test_each_call_finds_a_sandbox_of_its_own_because_all_are_made_at_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    function = Sandboxes(3)
    report = Warmer(function, 3)({}, None)
    assert function.events == [{"hold_ms": 200}] * 3
    assert report == {"asked": 3, "answered": 3, "sandboxes": 3, "cold": 1, "failures": []}
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line) == report


def test_calls_that_share_a_sandbox_are_told_from_those_that_do_not() -> None:
    def invoke(_: Mapping[str, object]) -> object:
        return {"sandbox": "the same", "is_cold": False}

    report = Warmer(invoke, 2)({}, None)
    assert report == {"asked": 2, "answered": 2, "sandboxes": 1, "cold": 0, "failures": []}


def test_a_call_that_fails_costs_its_sandbox_alone() -> None:
    calls = iter([InvocationError("throttled"), "nothing to speak of", {"sandbox": "a", "is_cold": True}])
    lock = threading.Lock()

    def invoke(_: Mapping[str, object]) -> object:
        with lock:
            outcome = next(calls)
        if isinstance(outcome, InvocationError):
            raise outcome
        return outcome

    assert Warmer(invoke, 3)({}, None) == {
        "asked": 3,
        "answered": 1,
        "sandboxes": 1,
        "cold": 1,
        "failures": ["the function answered 'nothing to speak of', which tells no sandbox", "throttled"],
    }


def test_none_that_answers_is_an_error_after_the_log_has_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def invoke(_: Mapping[str, object]) -> object:
        raise InvocationError("throttled")

    with pytest.raises(InvocationError, match="throttled"):
        Warmer(invoke, 2)({}, None)
    assert json.loads(capsys.readouterr().out)["failures"] == ["throttled"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("FUNCTION_ARN", ""),
        ("FUNCTION_ARN", "shop-dev-query"),
        ("FUNCTION_ARN", ARN.removesuffix(":live")),  # $LATEST is not what the gateway calls
        ("FUNCTION_ARN", f"{ARN}\n"),
        ("SANDBOXES", ""),
        ("SANDBOXES", "0"),
        ("SANDBOXES", str(MOST_WARM + 1)),
        ("SANDBOXES", "-1"),
        ("SANDBOXES", "many"),
    ],
)
def test_a_variable_that_cannot_be_used_is_named(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"^{name}: got"):
        make_handler(ENVIRON | {name: value})


@pytest.mark.parametrize("sandboxes", [1, MOST_WARM])
def test_the_function_is_as_its_environment_says(sandboxes: int) -> None:
    assert isinstance(make_handler(ENVIRON | {"SANDBOXES": str(sandboxes)}), Warmer)
