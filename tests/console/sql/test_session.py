from __future__ import annotations

from typing import Any

import pytest

from console.errors import ConsoleError
from console.sql.session import read_parameters, read_value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1), ("-0.5", -0.5), ("true", True), ("null", None), ('"1"', "1"), ("2026-01-01", "2026-01-01"),
        ("", ""), ("[1]", "[1]"), ("{}", "{}"), ("é", "é"),
    ],
)  # fmt: skip
def test_a_value_is_json_or_text(text: str, value: object) -> None:
    assert read_value(text) == value
    assert type(read_value(text)) is type(value)


@pytest.mark.parametrize(
    ("texts", "parameters"),
    [
        ([], []),
        (["1", "a"], [1, "a"]),
        (["a=1", "b=x=y", "c="], {"a": 1, "b": "x=y", "c": ""}),
        (['"a=1"', "1=2"], ["a=1", "1=2"]),
    ],
)
def test_parameters_are_by_name_or_by_position(texts: list[str], parameters: Any) -> None:
    assert read_parameters(texts) == parameters


def test_a_mixture_is_refused() -> None:
    with pytest.raises(ConsoleError, match="with a name and without one"):
        read_parameters(["a=1", "2"])
