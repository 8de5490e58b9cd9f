from __future__ import annotations

import json
import math
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.domain.numbers import ALLOWED, is_storable
from handlers.domain.timestamps import EXACT_TIME_ALLOWED
from handlers.model.column import Column
from handlers.model.columns import Boolean, Integer, Json, Number, Text, Timestamp

COLUMNS = (
    Text("a", max_length=5),
    Text("b", min_length=2, max_length=40),
    Text("c", choices=("red", "green")),
    Number("d"),
    Number("e", minimum=-1, maximum=1),
    Number("f", minimum=10),
    Number("g", maximum=-10),
    Integer("h"),
    Integer("i", minimum=1, maximum=3),
    Boolean("j"),
    Timestamp("k"),
    Json("l", max_bytes=40),
)
NAMES = [column.name for column in COLUMNS]
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
NO_LIST: list[object] = []


def in_short(given: object) -> str:
    return given.kind if isinstance(given, Column) else repr(given)[:20]


@pytest.mark.parametrize(
    ("column", "given", "value"),
    [
        (Text("t"), "", ""),
        (Text("t"), 'a "b" \\ \n\x00💨', 'a "b" \\ \n\x00💨'),
        (Text("t", max_length=2), "💨💨", "💨💨"),
        (Text("t", choices=("a", "bb")), "bb", "bb"),
        (Number("n"), 0.42, 0.42),
        (Number("n"), 7, 7.0),
        (Number("n"), 1e-130, 1e-130),
        (Number("n"), -9.999e125, -9.999e125),
        (Number("n", minimum=0, maximum=1), 1, 1.0),
        (Number("n", minimum=0, maximum=1), 0, 0.0),
        (Integer("i"), 2**63 - 1, 2**63 - 1),
        (Integer("i"), -(2**63), -(2**63)),
        (Integer("i"), 5.0, 5),
        (Boolean("b"), True, 1),
        (Boolean("b"), False, 0),
        (Timestamp("t"), "2026-01-31T13:00:00.5+01:00", "2026-01-31T12:00:00.500000Z"),
        (Timestamp("t"), "2026-01-31t12:00:00.1234560z", "2026-01-31T12:00:00.123456Z"),
        (Json("j"), {"b": [1, None, "é"], "a": 1.5}, '{"b":[1,null,"é"],"a":1.5}'),
        (Json("j"), False, "false"),
        (Json("j", max_bytes=4), "é", '"é"'),
    ],
    ids=in_short,
)
def test_what_fits_is_kept(column: Column, given: object, value: object) -> None:
    stored = column.stored(given)
    assert (stored, type(stored)) == (value, type(value))


@pytest.mark.parametrize(
    ("column", "given"),
    [
        (Text("t"), 1),
        (Text("t"), ["a"]),
        (Text("t", max_length=2), "abc"),
        (Text("t", min_length=1), ""),
        (Text("t", choices=("a",)), "b"),
        (Text("t"), "\ud800"),
        *((Number("n"), wrong) for wrong in (True, "1", NO_LIST, math.inf, math.nan, 1e126, 1e-131, 5e-324, 10**400)),
        (Number("n", minimum=0), -1e-9),
        (Number("n", maximum=0), 1e-9),
        *((Integer("i"), wrong) for wrong in (True, "1", 1.5, math.inf, math.nan, 2**63, -(2**63) - 1, 1e300)),
        (Integer("i", minimum=1), 0),
        (Integer("i", maximum=1), 2),
        *((Boolean("b"), wrong) for wrong in (0, 1, "true", 1.0)),
        *((Timestamp("t"), wrong) for wrong in (0, "2026-01-31", "2026-01-31T12:00:00.1234567Z")),
        (Timestamp("t"), "9999-12-31T23:59:59-01:00"),
        (Json("j"), math.inf),
        (Json("j"), "\ud800"),
        (Json("j", max_bytes=3), "é"),
    ],
    ids=in_short,
)
def test_anything_else_is_refused(column: Column, given: object) -> None:
    with pytest.raises((ValueError, OverflowError)):
        column.stored(given)


def test_minus_zero_is_stored_as_zero() -> None:
    assert math.copysign(1, Number("n").stored(-0.0)) == 1
    assert math.copysign(1, Number("n").parse("-0.0")) == 1


def test_a_missing_value_is_the_default_or_null_or_wrong() -> None:
    with pytest.raises(ValueError, match="None"):
        Text("t").stored(None)
    optional, defaulted = Text("t", required=False), Boolean("b", default=True)
    assert (optional.stored(None), optional.required, optional.is_nullable) == (None, False, True)
    assert (defaulted.stored(None), defaulted.required, defaulted.is_nullable) == (1, False, False)
    with pytest.raises(ValueError, match="abc"):
        Text("t", max_length=2, default="abc")


@pytest.mark.parametrize(
    ("column", "allowed"),
    [
        (Text("t", max_length=40), "a text of 0 to 40 characters"),
        (Text("t", choices=("a", "b")), "one of a, b"),
        (Number("n"), ALLOWED),
        (Number("n", minimum=0, maximum=9.5), f"{ALLOWED}, at least 0, at most 9.5"),
        (Integer("i", maximum=3), "an integer of 64 bits, at most 3"),
        (Boolean("b"), "true or false"),
        (Timestamp("t"), EXACT_TIME_ALLOWED),
        (Json("j", max_bytes=7), "JSON of at most 7 bytes, nested at most 100 deep"),
    ],
    ids=in_short,
)
def test_it_says_what_can_be_given(column: Column, allowed: str) -> None:
    assert column.allowed == allowed


@pytest.mark.parametrize("column", COLUMNS, ids=NAMES)
@given(seed=st.integers(0, 10**6))
def test_every_form_of_a_random_value_means_the_same(column: Column, seed: int) -> None:
    value = column.sample(Random(seed))
    given_value = column.given(value)
    assert column.stored(given_value) == value
    assert column.load(column.store(value)) == value
    assert json.loads(column.show(value)) == given_value
    assert stored_bytes(column, column.store(value)) <= column.most_bytes


def stored_bytes(column: Column, text: str) -> int:
    """A value's size in DynamoDB: of a number, a byte for two significant digits, one more, one for a sign."""
    if column.attribute == "S":
        return len(text.encode())
    digits = text.lower().partition("e")[0].replace(".", "").lstrip("-0").rstrip("0")
    return (len(digits) + 1) // 2 + 1 + text.startswith("-")


@given(TEXTS)
def test_any_text_is_shown_as_json_has_it(text: str) -> None:
    column = Text("t", max_length=10**6)
    assert json.loads(column.show(column.stored(text))) == text


@given(st.floats(allow_nan=False, allow_infinity=False).filter(is_storable))
def test_a_number_is_the_same_in_every_form(number: float) -> None:
    column = Number("n")
    value = column.stored(number)
    assert column.load(column.store(value)) == float(column.show(value)) == number


@pytest.mark.parametrize(
    ("column", "text", "value"),
    [
        (Text("t", max_length=1), "longer", "longer"),
        (Number("n"), "-2.5E+3", -2500.0),
        (Integer("i"), "-9223372036854775808", -(2**63)),
        (Boolean("b"), "true", 1),
        (Boolean("b"), "false", 0),
        (Timestamp("t"), "2026-01-01T00:00:00Z", "2026-01-01T00:00:00.000000Z"),
    ],
    ids=in_short,
)
def test_a_filter_asks_for_a_value(column: Column, text: str, value: object) -> None:
    assert column.parse(text) == value


@pytest.mark.parametrize(
    ("column", "text"),
    [
        (Number("n"), "1e999"),
        (Number("n"), "\u0663"),
        (Integer("i"), "1.0"),
        (Integer("i"), "9223372036854775808"),
        (Integer("i"), "+1"),
        (Boolean("b"), "1"),
        (Boolean("b"), "True"),
        (Timestamp("t"), "2026-01-01"),
    ],
    ids=in_short,
)
def test_a_filter_asks_for_nothing_else(column: Column, text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        column.parse(text)


@pytest.mark.parametrize(
    ("operator", "value", "conditions"),
    [
        (">=", 0.5, [(">=", "0.5")]),
        ("<=", 0.5, [("<=", "0.5")]),
        ("=", 0.5, [(">=", "0.5"), ("<=", "0.5")]),
        ("=", 1e-200, [(">=", "1e-130"), ("<=", "0")]),
        ("=", 1e300, [(">=", "9" * 38 + "E+88"), ("<=", "9" * 38 + "E+88")]),
    ],
)
def test_a_number_is_asked_for_by_what_dynamodb_can_hold(
    operator: str, value: float, conditions: list[tuple[str, str]]
) -> None:
    assert Number("n").conditions(operator, value) == conditions


def test_others_are_asked_for_as_they_are() -> None:
    assert Text("t").conditions("=", "a") == [("=", "a")]
    assert Integer("i").conditions("=", 2**63 - 1) == [("=", str(2**63 - 1))]
    assert Boolean("b").conditions("=", 1) == [("=", "1")]


def test_a_column_of_no_type_has_no_values() -> None:
    with pytest.raises(NotImplementedError):
        Column("a").check(1)
    with pytest.raises(NotImplementedError):
        Column("a").sample(Random(1))


def nested(depth: int) -> object:
    value: object = 1
    for _ in range(depth):
        value = [value] if _ % 2 else {"a": value}
    return value


def test_json_is_nested_a_hundred_deep_at_most() -> None:
    assert Json("j").check(nested(100))
    with pytest.raises(ValueError, match="deep"):
        Json("j").check(nested(101))


@pytest.mark.parametrize(
    "column", [Integer("i", minimum=2**63 - 1), Integer("i", maximum=-(2**63)), Integer("i", minimum=5, maximum=5)]
)
def test_a_random_integer_has_64_bits(column: Integer) -> None:
    assert column.check(column.sample(Random(1))) in (2**63 - 1, -(2**63), 5)
