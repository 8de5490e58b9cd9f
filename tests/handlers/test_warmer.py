from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping

import pytest

from handlers.aws.functions import InvocationError
from handlers.settings import SettingsError

ARN = "arn:aws:lambda:eu-west-1:123456789012:function:shop-dev-query:live"


@pytest.fixture
def environ(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What the module needs to be loaded at all."""
    variables = {"FUNCTION_ARN": ARN, "SANDBOXES": "3"}
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return variables


@pytest.fixture
def warmer(environ: dict[str, str]) -> Callable[..., Callable[..., object]]:
    """The class, once its module can be loaded."""
    assert environ
    from handlers.warmer import Warmer  # noqa: PLC0415 - reads the environment when it is loaded

    return Warmer


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
    warmer: Callable[..., Callable[..., object]], capsys: pytest.CaptureFixture[str]
) -> None:
    function = Sandboxes(3)
    report = warmer(function, 3)({}, None)
    assert function.events == [{"hold_ms": 200}] * 3
    assert report == {"asked": 3, "answered": 3, "sandboxes": 3, "cold": 1, "failures": []}
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line) == report


def test_calls_that_share_a_sandbox_are_told_from_those_that_do_not(
    warmer: Callable[..., Callable[..., object]],
) -> None:
    def invoke(_: Mapping[str, object]) -> object:
        return {"sandbox": "the same", "is_cold": False}

    report = warmer(invoke, 2)({}, None)
    assert report == {"asked": 2, "answered": 2, "sandboxes": 1, "cold": 0, "failures": []}


def test_a_call_that_fails_costs_its_sandbox_alone(warmer: Callable[..., Callable[..., object]]) -> None:
    calls = iter([InvocationError("throttled"), "nothing to speak of", {"sandbox": "a", "is_cold": True}])
    lock = threading.Lock()

    def invoke(_: Mapping[str, object]) -> object:
        with lock:
            outcome = next(calls)
        if isinstance(outcome, InvocationError):
            raise outcome
        return outcome

    assert warmer(invoke, 3)({}, None) == {
        "asked": 3,
        "answered": 1,
        "sandboxes": 1,
        "cold": 1,
        "failures": ["the function answered 'nothing to speak of', which tells no sandbox", "throttled"],
    }


def test_none_that_answers_is_an_error_after_the_log_has_it(
    warmer: Callable[..., Callable[..., object]], capsys: pytest.CaptureFixture[str]
) -> None:
    def invoke(_: Mapping[str, object]) -> object:
        raise InvocationError("throttled")

    with pytest.raises(InvocationError, match="throttled"):
        warmer(invoke, 2)({}, None)
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
        ("SANDBOXES", "101"),
        ("SANDBOXES", "-1"),
        ("SANDBOXES", "many"),
    ],
)
def test_a_variable_that_cannot_be_used_is_named(environ: dict[str, str], name: str, value: str) -> None:
    from handlers.warmer import make_handler  # noqa: PLC0415 - as above

    with pytest.raises(SettingsError, match=f"^{name}: got"):
        make_handler(environ | {name: value})


def test_the_function_is_as_its_environment_says(environ: dict[str, str]) -> None:
    from handlers.warmer import Warmer, make_handler  # noqa: PLC0415 - as above

    assert isinstance(make_handler(environ), Warmer)
