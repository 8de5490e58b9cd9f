"""Texts of JSON as PostgreSQL's jsonb takes them, and their normal form."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any, Never

from console.migration.forms.numbers import check_digits, normal_number


def check_json(text: str) -> None:
    """Hold a text against what jsonb keeps.

    Raises:
        ValueError: it is no JSON, or something in it would be lost.
    """
    try:
        parsed = _parsed(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"is no JSON: {error.msg} at character {error.pos}") from None
    except RecursionError:
        raise ValueError("is JSON nested too deep") from None
    _check(parsed)


def normal_json(text: str) -> bytes:
    """Return the normal form of a text that is JSON: keys in order, numbers by their value, no spaces."""
    return _normal(_parsed(text)).encode()


def _parsed(text: str) -> Any:  # noqa: ANN401 - JSON
    return json.loads(
        text, parse_float=_number, parse_int=_number, parse_constant=_refuse_constant, object_pairs_hook=_object
    )


def _number(text: str) -> Decimal:
    number = Decimal(text)
    check_digits(number)
    return number


def _refuse_constant(name: str) -> Never:
    raise ValueError(f"is no JSON: it has {name}")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        twice = next(key for number, (key, _) in enumerate(pairs) if any(key == other for other, _ in pairs[:number]))
        raise ValueError(f"is JSON with the key {twice!r} twice in one object, of which jsonb keeps the last")
    return made


def _check(value: Any) -> None:  # noqa: ANN401 - JSON
    if isinstance(value, dict):
        for key, each in value.items():  # pyright: ignore[reportUnknownVariableType] - JSON
            _check(key)
            _check(each)
    elif isinstance(value, list):
        for each in value:  # pyright: ignore[reportUnknownVariableType] - JSON
            _check(each)
    elif isinstance(value, str) and ("\0" in value or any("\ud800" <= character <= "\udfff" for character in value)):
        raise ValueError("is JSON with an escaped NUL or half a surrogate pair, which jsonb cannot have")


def _normal(value: Any) -> str:  # noqa: ANN401 - JSON
    if isinstance(value, dict):
        pairs: list[tuple[str, Any]] = sorted(value.items())  # pyright: ignore[reportUnknownArgumentType] - JSON
        return "{" + ",".join(f"{json.dumps(key)}:{_normal(each)}" for key, each in pairs) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_normal, value)) + "]"  # pyright: ignore[reportUnknownArgumentType] - JSON
    return normal_number(value) if isinstance(value, Decimal) else json.dumps(value)
