"""The body of a request for SQL: the statement, its parameters, how many rows are wanted."""

from __future__ import annotations

import math

from handlers.domain.paging import DEFAULT_LIMIT, MAX_LIMIT
from handlers.domain.problem import field_error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    Parameter = str | int | float | None

MAX_SQL_CHARACTERS = 100_000
MEMBERS = ("sql", "parameters", "limit")
VALUE_ALLOWED = "null, a boolean, an integer of 64 bits, a finite number or a string"
INTEGERS = range(-(2**63), 2**63)


class Statement:
    """A statement that was asked for; what is wrong with it is added to `errors`.

    Attributes:
        sql: its text.
        parameters: the values of its parameters, by position or by name.
        limit: how many rows are wanted.
    """

    __slots__ = ("limit", "parameters", "sql")

    def __init__(self, body: dict[str, object], errors: list[dict[str, str]]) -> None:
        errors += [field_error(name, body[name], "only " + ", ".join(MEMBERS)) for name in body if name not in MEMBERS]
        self.sql = _text(body.get("sql"), errors)
        self.parameters = _parameters(body.get("parameters", []), errors)
        self.limit = _limit(body.get("limit", DEFAULT_LIMIT), errors)


class NamedParameters(dict[str, "Parameter"]):
    """Parameters by name that remember which of them the statement has."""

    def __init__(self, values: Iterable[tuple[str, Parameter]]) -> None:
        super().__init__(values)
        self._used: set[str] = set()

    def __getitem__(self, name: str) -> Parameter:
        self._used.add(name)
        return super().__getitem__(name)

    def unused(self) -> list[str]:
        """Return the names that no statement has asked for."""
        return [name for name in self if name not in self._used]


def _text(got: object, errors: list[dict[str, str]]) -> str:
    if isinstance(got, str) and 0 < len(got) <= MAX_SQL_CHARACTERS and "\0" not in got:
        return got
    errors.append(
        field_error("sql", got, f"a statement of 1 to {MAX_SQL_CHARACTERS} characters, U+0000 not among them")
    )
    return ""


def _parameters(got: Any, errors: list[dict[str, str]]) -> list[Parameter] | NamedParameters:  # noqa: ANN401 - JSON
    if isinstance(got, dict):
        values: dict[str, object] = got  # pyright: ignore[reportUnknownVariableType] - JSON objects have string keys
        return NamedParameters((name, _value(f"parameters.{name}", values[name], errors)) for name in values)
    if isinstance(got, list):
        listed: list[object] = got  # pyright: ignore[reportUnknownVariableType] - JSON
        return [_value(f"parameters[{number}]", value, errors) for number, value in enumerate(listed)]
    errors.append(field_error("parameters", got, "an array of values, or an object with a value for each name"))
    return []


def _value(field: str, got: object, errors: list[dict[str, str]]) -> Parameter:
    if isinstance(got, int) and got in INTEGERS:
        return int(got)  # of true, 1
    if got is None or isinstance(got, str) or (isinstance(got, float) and math.isfinite(got)):
        return got
    errors.append(field_error(field, got, VALUE_ALLOWED))
    return None


def _limit(got: object, errors: list[dict[str, str]]) -> int:
    if isinstance(got, int) and not isinstance(got, bool) and 1 <= got <= MAX_LIMIT:
        return got
    errors.append(field_error("limit", got, f"an integer from 1 to {MAX_LIMIT}"))
    return DEFAULT_LIMIT
