from __future__ import annotations

from typing import Any

import pytest

from handlers.imports.values import load_json, read_json, read_sqlite, read_text

NONE = object()  # of that kind


def read(reader: Any, kind: str, value: object) -> object:
    try:
        return reader(kind, value)
    except ValueError:
        return NONE


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        *[("boolean", text, True) for text in ("true", "TRUE", "yes", "1", " Yes ")],
        *[("boolean", text, False) for text in ("false", "no", "0")],
        *[("boolean", text, NONE) for text in ("y", "t", "2", "on")],
        *[("integer", text, int(text)) for text in ("0", "-0", "12", " 12 ", "-9223372036854775808", "9" * 30)],
        *[("integer", text, NONE) for text in ("007", "+1", "1.0", "1e3", "1,000", "٣", "0x1", "9" * 5000, "--1")],
        *[
            ("number", text, float(text))
            for text in ("0", "1", "1.", ".5", "-.5", "1e3", "1.50E-7", "9007199254740992")
        ],
        *[
            ("number", text, NONE)
            for text in ("007", "+1", "1,5", "nan", "inf", "9007199254740993", "1e", ".", "-", "٣")
        ],
        ("timestamp", "2026-01-31T12:00:00Z", "2026-01-31T12:00:00Z"),
        ("timestamp", "2026-01-31 12:00", "2026-01-31T12:00:00Z"),
        ("timestamp", "2026-01-31 12:00:00.25", "2026-01-31T12:00:00.25Z"),
        ("timestamp", "2026-01-31 12:00:00 UTC", "2026-01-31T12:00:00Z"),
        ("timestamp", "2026-01-31 12:00:00+02", "2026-01-31T12:00:00+02:00"),
        ("timestamp", "2026-01-31t12:00:00-0230", "2026-01-31T12:00:00-02:30"),
        *[("timestamp", text, NONE) for text in ("2026-01-31", "31.01.2026 12:00", "1769860800", "12:00")],
        ("json", ' {"a": [1]} ', {"a": [1]}),
        *[("json", text, NONE) for text in ("{", "NaN", '{"a": 1, "a": 2}', "[" * 100_000)],
        ("text", " as it is ", " as it is "),
        ("text", "", ""),
        *[(kind, " \t", None) for kind in ("boolean", "integer", "number", "timestamp", "json")],
    ],
)
def test_a_cell_is_read_as_a_kind_or_is_none_of_it(kind: str, text: str, value: object) -> None:
    found = read(read_text, kind, text)
    assert found is NONE if value is NONE else found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("kind", "stored", "value"),
    [
        ("boolean", 1, True),
        ("boolean", 0, False),
        ("boolean", 2, 2),  # for the column to refuse
        ("boolean", "yes", True),
        ("integer", "12", 12),
        ("integer", 12, 12),
        ("number", 2**53 + 1, NONE),
        ("number", 1, 1),
        ("text", 7, "7"),
        ("text", 0.1, "0.1"),
        ("json", 7, 7),
        ("json", '{"a": 1}', {"a": 1}),
        ("timestamp", "2026-01-31 12:00:00", "2026-01-31T12:00:00Z"),
        ("text", b"x", NONE),
    ],
)
def test_what_sqlite_holds_is_read_as_a_kind(kind: str, stored: object, value: object) -> None:
    found = read(read_sqlite, kind, stored)
    assert found is NONE if value is NONE else found == value
    assert type(found) is type(value)


def test_json_is_taken_as_it_is_but_for_times() -> None:
    assert read_json("integer", "12") == "12"
    assert read_json("json", "{") == "{"
    assert read_json("timestamp", "2026-01-31 12:00") == "2026-01-31T12:00:00Z"
    assert read_json("timestamp", 5) == 5
    assert read(read_json, "number", -(2**53) - 1) is NONE


def test_what_is_wrong_with_json_is_said() -> None:
    for text, said in (("NaN", "NaN is no"), ('{"a":1,"a":1}', "twice"), ("[" * 100_000, "nested too deeply")):
        with pytest.raises(ValueError, match=said.replace("is no", "is not")):
            load_json(text)
