"""The body of a request for SQL, checked."""

from __future__ import annotations

from typing import Any

import pytest

from handlers.sql.statement import MAX_SQL_CHARACTERS, NamedParameters, Statement

SQL = {"sql": "SELECT 1"}


def errors_of(body: dict[str, Any]) -> list[str]:
    errors: list[dict[str, str]] = []
    Statement(body, errors)
    return [error["field"] for error in errors]


def test_a_statement_alone_has_no_parameters_and_a_limit() -> None:
    statement = Statement({**SQL}, [])
    assert (statement.sql, statement.parameters, statement.limit) == ("SELECT 1", [], 100)


def test_values_are_what_sqlite_stores() -> None:
    given = [None, True, False, 1, -(2**63), 2**63 - 1, 0.5, "", "é\0"]
    statement = Statement({**SQL, "parameters": given, "limit": 1000}, [])
    values = list(statement.parameters)
    assert values == [None, 1, 0, *given[3:]]
    assert [type(value) for value in values[1:3]] == [int, int]


def test_parameters_by_name_know_which_are_used() -> None:
    parameters = Statement({**SQL, "parameters": {"a": 1, "b": 2}}, []).parameters
    assert isinstance(parameters, NamedParameters)
    assert parameters["a"] == 1
    assert parameters.unused() == ["b"]


WRONG: list[tuple[dict[str, Any], list[str]]] = [
    ({}, ["sql"]),
    ({"sql": ""}, ["sql"]),
    ({"sql": 1}, ["sql"]),
    ({"sql": "SELECT 1\0"}, ["sql"]),
    ({"sql": " " * (MAX_SQL_CHARACTERS + 1)}, ["sql"]),
    ({**SQL, "parameters": None}, ["parameters"]),
    ({**SQL, "parameters": "text"}, ["parameters"]),
    ({**SQL, "parameters": [1, [], {}]}, ["parameters[1]", "parameters[2]"]),
    ({**SQL, "parameters": [2**63, -(2**63) - 1, float("inf")]}, [f"parameters[{number}]" for number in range(3)]),
    ({**SQL, "parameters": {"a": []}}, ["parameters.a"]),
    *(({**SQL, "limit": limit}, ["limit"]) for limit in (0, 1001, 1.0, True, None, "1")),
    ({"sql": 1, "limit": 0, "offset": 3, "parameters": [[]]}, ["offset", "sql", "parameters[0]", "limit"]),
]


@pytest.mark.parametrize(
    ("body", "fields"), WRONG, ids=[str(fields) + str(number) for number, (_, fields) in enumerate(WRONG)]
)
def test_everything_wrong_is_named(body: dict[str, Any], fields: list[str]) -> None:
    assert errors_of(body) == fields
