"""Rules of the language of state machines that emulators do not enforce and AWS does."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, cast

from tests.infra.program import EVERYTHING, graph

INNER = {"ItemProcessor", "Branches"}  # of a Map, of a Parallel: scopes of their own


def machines() -> dict[str, dict[str, Any]]:
    """Every definition, by the machine's name."""
    return {node.at("name"): json.loads(node.at("definition")) for node in graph(EVERYTHING).of("StateMachine")}


def assigned(part: object) -> set[str]:
    """The names that are assigned in a scope, those of scopes within it aside."""
    if isinstance(part, list):
        return {name for each in cast("list[object]", part) for name in assigned(each)}
    if not isinstance(part, dict):
        return set()
    members = cast("Mapping[str, object]", part)
    own = set(cast("Mapping[str, object]", members.get("Assign", {})))
    return own.union(*(assigned(value) for key, value in members.items() if key not in {*INNER, "Assign"}))


def scopes(part: object) -> Iterator[object]:
    """The scopes directly within a scope."""
    values = cast("list[object]", part) if isinstance(part, list) else []
    for key, value in cast("Mapping[str, object]", part).items() if isinstance(part, dict) else ():
        if key in INNER:
            yield from cast("list[object]", value) if isinstance(value, list) else [value]
        else:
            values = [*values, value]
    for value in values:
        yield from scopes(value)


def twice(scope: object, outside: set[str]) -> Iterator[str]:
    """The names that are assigned in a scope, or in one within it, and outside of it too."""
    own = assigned(scope)
    yield from own & outside
    for inner in scopes(scope):
        yield from twice(inner, own | outside)


def test_no_variable_is_assigned_in_a_scope_and_outside_of_it() -> None:
    """AWS refuses such a definition (AWS Step Functions, "Passing data between states with variables")."""
    found = machines()
    assert {*found} == {"lambda-sqlite-everything-rebuild", "lambda-sqlite-everything-rollout"}
    assert {name: sorted(twice(machine, set())) for name, machine in found.items()} == {name: [] for name in found}
    assert [*scopes(found["lambda-sqlite-everything-rebuild"])] != []


def test_a_name_that_is_assigned_twice_is_found() -> None:
    inner = {"States": {"In": {"Type": "Task", "Catch": [{"Assign": {"error": 1, "row": 1}}]}}}
    outer = {"States": {"Out": {"Type": "Map", "ItemProcessor": inner, "Catch": [{"Assign": {"error": 2}}]}}}
    assert [*twice(outer, set())] == ["error"]
    branches = {"States": {"Out": {"Type": "Parallel", "Branches": [inner], "Assign": {"row": 2}}}}
    assert [*twice(branches, set())] == ["row"]
