from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from console.migration.kinds import Kind, canonical
from console.migration.targets.dynamodb.items import ItemFaultError, ItemForm, attribute_types
from tests.support.database.planned import column, table

UTC = dt.UTC
MIDNIGHT = dt.datetime(2026, 1, 31, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "value", "attribute"),
    [
        ("bigint", -(2**63), {"N": "-9223372036854775808"}),
        ("double precision", 1.5e-7, {"N": "1.5E-7"}),
        ("double precision", -0.0, {"N": "0"}),
        ("double precision", 0.1 + 0.2, {"N": "0.30000000000000004"}),
        (
            "numeric",
            Decimal("12345678901234567890.123456789012345678"),
            {"N": "12345678901234567890.123456789012345678"},
        ),
        ("numeric", Decimal("9" * 38 + "0" * 50), {"N": "9." + "9" * 37 + "E+87"}),
        ("boolean", False, {"BOOL": False}),
        ("timestamptz", MIDNIGHT, {"S": "2026-01-31T00:00:00.000000Z"}),
        ("timestamp", dt.datetime(1, 2, 3, 4, 5, 6, 7), {"S": "0001-02-03T04:05:06.000007"}),
        ("date", dt.date(26, 1, 31), {"S": "0026-01-31"}),
        ("text", "", {"S": ""}),
        ("bytea", b"\0", {"B": b"\0"}),
        ("jsonb", '{"a": 1}', {"S": '{"a": 1}'}),
        ("uuid", "00112233-4455-6677-8899-aabbccddeeff", {"S": "00112233-4455-6677-8899-aabbccddeeff"}),
    ],
)
def test_a_value_becomes_an_attribute_of_the_same_meaning(kind: Kind, value: Any, attribute: dict[str, Any]) -> None:
    planned = table("t", [], column("value", kind))
    assert ItemForm(planned).item((7, value)) == {"id": {"N": "7"}, "value": attribute}
    assert attribute_types(planned)["value"] == next(iter(attribute))
    ((_, written),) = attribute.items()
    back = Decimal(written) if "N" in attribute else written
    assert canonical(kind, back) == canonical(kind, value)


def test_null_has_no_attribute() -> None:
    assert ItemForm(table("t", [], column("value"))).item((7, None)) == {"id": {"N": "7"}}


@pytest.mark.parametrize(
    ("kind", "value", "seconds"),
    [
        ("bigint", 1_800_000_000, "1800000000"),
        ("double precision", 1.2, "2"),
        ("numeric", Decimal("3.0"), "3"),
        ("timestamptz", MIDNIGHT, "1769817600"),
        ("timestamptz", MIDNIGHT + dt.timedelta(microseconds=1), "1769817601"),
        ("timestamp", MIDNIGHT.replace(tzinfo=None), "1769817600"),
        ("date", MIDNIGHT.date(), "1769817600"),
    ],
)
def test_the_time_to_live_is_in_whole_seconds(kind: Kind, value: Any, seconds: str) -> None:
    planned = table("t", [], column("value", kind), ttl="value")
    assert ItemForm(planned).item((7, value))["value"] == {"N": seconds}
    assert attribute_types(planned)["value"] == "N"


@pytest.mark.parametrize(
    ("kind", "value", "reason"),
    [
        ("double precision", float("inf"), "inf is no number that DynamoDB has"),
        ("double precision", 1e126, "1e+126 is beyond what DynamoDB keeps"),
        ("double precision", 9e-131, "9e-131 is beyond what DynamoDB keeps"),
        ("numeric", Decimal("1." + "1" * 38), f"1.{'1' * 38} has more than the 38 digits that DynamoDB keeps"),
        ("text", "x" * 409_600, "would be an item of 409,608 bytes, of 409,600 at most"),
    ],
)
def test_a_value_that_dynamodb_does_not_keep_is_named(kind: Kind, value: Any, reason: str) -> None:
    form = ItemForm(table("t", [], column("value", kind)))
    where = "" if kind == "text" else ", column value"
    with pytest.raises(ItemFaultError) as raised:
        form.item((7, value))
    assert str(raised.value).startswith(f"table t, row id 7{where}: {reason}")


def test_an_item_of_the_greatest_size_is_one() -> None:
    form = ItemForm(table("t", [], column("value")))
    assert len(form.item((7, "x" * (409_600 - 8)))) == 2


@pytest.mark.parametrize("value", [10**12, -1, float("inf"), float("nan")])
def test_what_is_no_number_of_seconds_is_no_time_to_live(value: float) -> None:
    form = ItemForm(table("t", [], column("value", "double precision"), ttl="value"))
    with pytest.raises(ItemFaultError, match=r"^table t, row id 7, column value: "):
        form.item((7, value))


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ((None, b"1"), "row a None, b b'1', column a: is NULL, and part of the key"),
        (("", b"1"), "column a: is empty, and part of the key"),
        (("x", b""), "column b: is empty, and part of the key"),
        (("ä" * 1025, b"1"), "column a: has 2,050 bytes, and as a part of the key may have 2,048"),
        (("x", b"1" * 1025), "column b: has 1,025 bytes, and as a part of the key may have 1,024"),
    ],
)
def test_a_key_that_dynamodb_does_not_take_is_named(key: tuple[Any, Any], reason: str) -> None:
    form = ItemForm(table("t", [], column("a"), column("b", "bytea"), key=("a", "b")))
    assert form.item(("x" * 2048, b"1" * 1024))
    with pytest.raises(ItemFaultError) as raised:
        form.item(key)
    assert reason in str(raised.value)
