from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from console.migration.kinds import KINDS, Kind, canonical, convert

UTC = dt.UTC
CLEAN = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
MOMENTS = st.datetimes(dt.datetime(1, 1, 2), dt.datetime(9999, 12, 30))
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | CLEAN,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(CLEAN, inner, max_size=3),
    max_leaves=6,
)


def offset_text(moment: dt.datetime, minutes: int) -> str:
    return moment.replace(tzinfo=dt.timezone(dt.timedelta(minutes=minutes))).isoformat(" ")


def json_text(value: Any) -> str:
    import json

    return json.dumps(value, indent=1)


SOURCES: dict[Kind, st.SearchStrategy[Any]] = {
    "bigint": st.integers(-(2**63), 2**63 - 1),
    "double precision": st.floats(allow_nan=False) | st.integers(-(2**53), 2**53),
    "numeric": st.floats(allow_nan=False, allow_infinity=False)
    | st.integers(-(2**63), 2**63 - 1)
    | st.decimals(allow_nan=False, allow_infinity=False, places=4).map(str),
    "boolean": st.sampled_from([0, 1, 0.0, 1.0, "true", "FALSE", "t", "f", "Yes", "n", "on", "off", "1", "0"]),
    "timestamptz": st.builds(offset_text, MOMENTS, st.integers(-14 * 60, 14 * 60)),
    "timestamp": MOMENTS.map(lambda moment: moment.isoformat(" ")),
    "date": st.dates().map(str),
    "text": CLEAN,
    "bytea": st.binary(max_size=20),
    "jsonb": JSON_VALUES.map(json_text),
    "uuid": st.uuids().map(str) | st.uuids().map(lambda each: each.hex.upper()),
}


@pytest.fixture
def connection(database_url: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(database_url, autocommit=True) as opened:
        yield opened


@pytest.mark.parametrize("kind", KINDS)
def test_postgresql_gives_back_a_value_of_the_same_normal_form(kind: Kind, connection: psycopg.Connection[Any]) -> None:
    back = "::text" if kind == "jsonb" else ""

    @settings(suppress_health_check=[HealthCheck.nested_given])
    @given(st.lists(SOURCES[kind], min_size=1, max_size=5))
    def hold(values: list[Any]) -> None:
        for value in values:
            query = f"SELECT %s::{kind}{back}".encode()
            ((stored,),) = connection.execute(query, (convert(kind, value),)).fetchall()
            assert canonical(kind, stored) == canonical(kind, value)
            assert convert(kind, convert(kind, value)) == convert(kind, value)

    hold()


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        ("bigint", 7, Decimal("7.00")),
        ("numeric", 1, Decimal("1.00")),
        ("numeric", 1.0, "1e0"),
        ("numeric", 0, "-0.00"),
        ("numeric", "120", "1.2e2"),
        ("double precision", -0.0, 0),
        ("double precision", 1, Decimal("1.0")),
        ("boolean", "T", 1),
        ("boolean", True, 1.0),
        ("timestamptz", "2024-05-01T12:00:00Z", "2024-05-01 14:00+0200"),
        ("timestamptz", "2024-05-01T12:00:00.500 UTC", dt.datetime(2024, 5, 1, 12, 0, 0, 500_000, UTC)),
        ("timestamp", "2024-05-01", "2024-05-01 00:00:00,000000000"),
        ("date", "2024-05-01", dt.date(2024, 5, 1)),
        ("bytea", b"\0", bytearray(1)),
        ("jsonb", '{"b": 1.0, "a": [100]}', '{"a":[1e2],"b":1}'),
        ("jsonb", 1.5, "1.50"),
        ("uuid", "6F9619FF8B86D011B42D00C04FC964FF", uuid.UUID("6f9619ff-8b86-d011-b42d-00c04fc964ff")),
        ("uuid", b"\1" * 16, "01010101-0101-0101-0101-010101010101"),
    ],
    ids=lambda each: repr(each).replace("\\", ""),
)
def test_values_that_mean_the_same_have_one_normal_form(kind: Kind, one: Any, other: Any) -> None:
    assert canonical(kind, one) == canonical(kind, other)


@pytest.mark.parametrize("kind", KINDS)
def test_null_is_null_in_every_kind_and_like_no_value(kind: Kind) -> None:
    assert convert(kind, None) is None
    assert canonical(kind, None) != canonical("text", "")


def test_different_values_have_different_normal_forms() -> None:
    assert canonical("numeric", "12") != canonical("numeric", "120")
    assert canonical("numeric", "-12") != canonical("numeric", "12")
    assert canonical("jsonb", "[1]") != canonical("jsonb", '["1"]')
    assert canonical("timestamp", "2024-05-01 00:00:00.000001") != canonical("timestamp", "2024-05-01")
    assert canonical("boolean", 0) != canonical("boolean", 1)


@pytest.mark.parametrize(
    ("kind", "value", "reason"),
    [
        ("bigint", "7", "is a text, not a whole number"),
        ("bigint", 7.5, "is a number, not a whole number"),
        ("bigint", Decimal("7.5"), "is a number, not a whole number"),
        ("bigint", 2**63, "is beyond 64 bits"),
        ("bigint", -(2**63) - 1, "is beyond 64 bits"),
        ("double precision", "1", "is a text, not a number"),
        ("double precision", True, "is a boolean, not a number"),
        ("double precision", 2**53 + 1, "is a whole number with more digits than double precision keeps"),
        ("double precision", 10**400, "is a whole number with more digits than double precision keeps"),
        ("numeric", "12,5", "is a text that is no number"),
        ("numeric", " 1", "is a text that is no number"),
        ("numeric", "1_0", "is a text that is no number"),
        ("numeric", "\u0661", "is a text that is no number"),
        ("numeric", b"1", "is bytes, not a number"),
        ("numeric", float("inf"), "is infinite or no number"),
        ("numeric", "1e131072", "has more digits than numeric keeps"),
        ("numeric", "1e-16384", "has more digits than numeric keeps"),
        ("boolean", 2, "is neither true nor false"),
        ("boolean", "maybe", "is neither true nor false"),
        ("boolean", b"1", "is neither true nor false"),
        ("timestamptz", "2024-05-01 12:00:00", "is a time without an offset from UTC"),
        ("timestamptz", "0001-01-01 00:00:00+01:00", "is a time beyond the years 1 to 9999"),
        ("timestamp", "2024-05-01T12:00:00Z", "is a time with an offset from UTC"),
        ("text", b"a", "is bytes, not a text"),
        ("text", 1, "is a whole number, not a text"),
        ("text", "a\0b", "has a NUL character"),
        ("text", "\u00fc\udcff\udcfeb", "is no UTF-8: bytes ff fe at byte 2"),
        ("bytea", "a", "is a text, not bytes"),
        ("jsonb", b"{}", "is bytes, not a text of JSON"),
        ("jsonb", "\udcff", "is no UTF-8: bytes ff at byte 0"),
        ("jsonb", float("inf"), "is no JSON"),
        ("uuid", "6f9619ff", "is no UUID"),
        ("uuid", "6f96_9ff8b86d011b42d00c04fc964ff", "is no UUID"),
        ("uuid", b"1", "is no UUID"),
        ("bytea", dt.date(2024, 5, 1), "is date, not bytes"),
    ],
    ids=lambda each: ascii(each)[:40].replace("\\", ""),
)
def test_a_value_of_another_kind_is_refused_with_the_reason(kind: Kind, value: Any, reason: str) -> None:
    with pytest.raises(ValueError, match=".") as refused:
        convert(kind, value)
    assert str(refused.value).startswith(reason)
