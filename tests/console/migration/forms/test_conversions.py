from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from console.migration.forms.conversions import conversion_of

UTC = dt.UTC


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("unixepoch", 0, dt.datetime(1970, 1, 1, tzinfo=UTC)),
        ("unixepoch", -1.5, dt.datetime(1969, 12, 31, 23, 59, 58, 500_000, UTC)),
        ("unixepoch", "1700000000.123456", dt.datetime(2023, 11, 14, 22, 13, 20, 123_456, UTC)),
        ("unixepoch_ms", 1_700_000_000_123, dt.datetime(2023, 11, 14, 22, 13, 20, 123_000, UTC)),
        ("julianday", 2_460_310.5, dt.datetime(2024, 1, 1, tzinfo=UTC)),
        ("julianday", 2_460_310.75, dt.datetime(2024, 1, 1, 6, tzinfo=UTC)),
        ("local:Europe/Berlin", "2024-07-01 12:00:00", dt.datetime(2024, 7, 1, 10, tzinfo=UTC)),
        ("local:Europe/Berlin", "2024-10-27 02:30:00", dt.datetime(2024, 10, 27, 0, 30, tzinfo=UTC)),
        ("local:Europe/Berlin", "2024-07-01T12:00:00Z", dt.datetime(2024, 7, 1, 12, tzinfo=UTC)),
        ("microseconds", "2024-01-01 10:00:00.123456789Z", "2024-01-01 10:00:00.123456Z"),
        ("trim", " a\n", "a"),
        ("trim", 1, 1),
        ("lower", "A\u00c4", "a\u00e4"),
        ("empty_to_null", "", None),
        ("empty_to_null", b"", None),
        ("empty_to_null", 0, 0),
        ("text", 1, "1"),
        ("text", 0.1, "0.1"),
        ("text", b"a\xff", "a\udcff"),
    ],
    ids=lambda each: ascii(each).replace("\\", ""),
)
def test_a_conversion_makes_of_a_value_what_it_meant(name: str, value: Any, expected: Any) -> None:
    assert conversion_of(name)(value) == expected


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("unixepoch", "soon", "is no number"),
        ("unixepoch", 10**12, "beyond the years 1 to 9999"),
        ("unixepoch", float("inf"), "beyond the years 1 to 9999"),
        ("julianday", 1e12, "beyond the years 1 to 9999"),
        ("local:Europe/Berlin", "2024-03-31 02:30:00", "the clocks were put forward over it"),
    ],
)
def test_a_value_without_that_meaning_is_refused(name: str, value: Any, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        conversion_of(name)(value)


@pytest.mark.parametrize("name", ["local:Europe/Atlantis", "local:", "local:../etc/passwd"])
def test_a_zone_that_nobody_knows_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="knows no such time zone"):
        conversion_of(name)


def test_another_name_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(
        ValueError, match="'epoch' is none of unixepoch, unixepoch_ms, julianday, .*, local:Europe/Berlin"
    ):
        conversion_of("epoch")
