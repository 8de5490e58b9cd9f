from __future__ import annotations

import json
from typing import Any

import pytest

from console.errors import ConsoleError
from console.rollout import schema
from console.rollout.schema import SchemaState, find_migrator, migrate
from handlers.aws.functions import FunctionError, InvocationError

ANSWER = {"bootstrap": {}, "migrate": {"applied": ["0002_b.sql"], "already_applied": ["0001_a.sql"], "missing": []}}


class Migrator:
    """The function, as it answers or fails."""

    def __init__(self, patch: pytest.MonkeyPatch, outcome: object) -> None:
        self.events: list[Any] = []
        self.names: list[str] = []
        self._outcome = outcome
        patch.setattr(schema, "make_invoke", self._make_invoke)

    def _make_invoke(self, name: str, _at_once: int, _timeout_s: float) -> Any:
        self.names.append(name)
        return self._invoke

    def _invoke(self, event: object) -> object:
        self.events.append(event)
        if isinstance(self._outcome, Exception):
            raise self._outcome
        return self._outcome


@pytest.mark.parametrize(("check", "event"), [(False, {}), (True, {"check": True})])
def test_the_function_is_asked_for_all_or_to_compare(
    monkeypatch: pytest.MonkeyPatch, event: dict[str, object], *, check: bool
) -> None:
    migrator = Migrator(monkeypatch, ANSWER)
    assert migrate("shop-dev-migrator", check=check) == SchemaState(["0002_b.sql"], [], ["0001_a.sql"], [])
    assert (migrator.names, migrator.events) == (["shop-dev-migrator"], [event])


@pytest.mark.parametrize(
    ("error", "hint"),
    [
        (FunctionError("m", json.dumps({"errorMessage": "0002_b.sql: no"}).encode()), "docs/database.md"),
        (InvocationError("m was not invoked"), "the function's name"),
    ],
    ids=["failed", "not invoked"],
)
def test_what_it_complains_of_is_told(monkeypatch: pytest.MonkeyPatch, error: Exception, hint: str) -> None:
    Migrator(monkeypatch, error)
    with pytest.raises(ConsoleError) as told:
        migrate("m", check=False)
    assert str(error) in str(told.value)
    assert hint in told.value.hint


def test_its_name_is_given_or_the_stacks(monkeypatch: pytest.MonkeyPatch) -> None:
    def outputs(stack: str) -> dict[str, str]:
        return {"migrator_function": "shop-prod-migrator"} if stack == "prod" else {}

    monkeypatch.setattr(schema, "stack_outputs", outputs)
    assert find_migrator("prod", "") == "shop-prod-migrator"
    assert find_migrator("prod", "mine") == "mine"
    with pytest.raises(ConsoleError, match="no stack says what migrates its database"):
        find_migrator("", "")
