"""The kinds of columns that there are where the rows go: a value made one of its kind, and its normal form.

A SQLite value is a whole number, a number, a text, bytes or NULL. Bytes of a text that are no UTF-8 stand in it as
`surrogateescape` has them. As the target's values: `bigint` int, `double precision` float, `numeric` Decimal,
`boolean` bool, `timestamptz` a datetime in UTC, `timestamp` a datetime without a zone, `date` a date, `text` str,
`bytea` bytes, `jsonb` its text as str, `uuid` its text as str. NULL is None in every kind.
"""

from __future__ import annotations

import datetime as dt
import math
import re
import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Literal

from console.migration.forms.json_text import check_json, normal_json
from console.migration.forms.moments import UTC, date_of, moment_of
from console.migration.forms.numbers import check_digits, normal_number

Kind = Literal[
    "bigint",
    "double precision",
    "numeric",
    "boolean",
    "timestamptz",
    "timestamp",
    "date",
    "text",
    "bytea",
    "jsonb",
    "uuid",
]
SourceValue = int | float | str | bytes | None
TargetValue = int | float | Decimal | bool | dt.datetime | dt.date | str | bytes | None
AnyValue = object

BIGGEST = 2**63 - 1
BYTES = (bytes, bytearray)
NUMBER_FORM = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,9})?", re.ASCII)
UUID_FORM = re.compile(r"[0-9a-fA-F]{32}|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII)
TRUE = frozenset({"true", "t", "yes", "y", "on", "1"})
FALSE = frozenset({"false", "f", "no", "n", "off", "0"})


def convert(kind: Kind, value: AnyValue) -> TargetValue:
    """Return a value as the target has it: of SQLite, or of any target.

    Raises:
        ValueError: it is none of this kind; the text says why.
    """
    return None if value is None else CONVERTERS[kind](value)


def canonical(kind: Kind, value: AnyValue) -> bytes:
    """Return the normal form of a value: the same for every value that means the same, in SQLite or a target.

    Raises:
        ValueError: it is none of this kind.
    """
    made = convert(kind, value)
    if made is None:
        return b"-"
    return b"=" + (normal_json(str(made)) if kind == "jsonb" else FORMS[type(made)](made))


def _bigint(value: AnyValue) -> int:
    if isinstance(value, bool | int) or (isinstance(value, Decimal) and value == value.to_integral_value()):
        number = int(value)
        if -BIGGEST - 1 <= number <= BIGGEST:
            return number
        raise ValueError("is beyond 64 bits")
    raise _refusal(value, "a whole number")


def _double(value: AnyValue) -> float:
    if isinstance(value, float):
        return value
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return _exact_double(value)
    raise _refusal(value, "a number")


def _exact_double(value: int | Decimal) -> float:
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if isinstance(value, int) and (math.isinf(number) or int(number) != value):
        raise ValueError("is a whole number with more digits than double precision keeps")
    return number


def _numeric(value: AnyValue) -> Decimal:
    if isinstance(value, bool | bytes) or not isinstance(value, int | float | str | Decimal):
        raise _refusal(value, "a number")
    if isinstance(value, str) and not NUMBER_FORM.fullmatch(value):
        raise ValueError("is a text that is no number")
    number = Decimal(repr(value) if isinstance(value, float) else value)
    check_digits(number)
    return number


def _boolean(value: AnyValue) -> bool:
    if isinstance(value, str):
        word = value.lower()
        if word in TRUE or word in FALSE:
            return word in TRUE
    elif isinstance(value, int | float | Decimal) and value in (0, 1):
        return bool(value)
    raise ValueError("is neither true nor false (0, 1, true, false, t, f, yes, no, y, n, on, off)")


def _timestamptz(value: AnyValue) -> dt.datetime:
    moment = moment_of(value)
    if moment.tzinfo is None:
        raise ValueError("is a time without an offset from UTC")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("is a time beyond the years 1 to 9999") from None


def _timestamp(value: AnyValue) -> dt.datetime:
    moment = moment_of(value)
    if moment.tzinfo is not None:
        raise ValueError("is a time with an offset from UTC")
    return moment


def _text(value: AnyValue) -> str:
    if not isinstance(value, str):
        raise _refusal(value, "a text")
    if "\0" in value:
        raise ValueError("has a NUL character, which a text in PostgreSQL cannot have")
    if not value.isascii():
        _check_unicode(value)
    return value


def _check_unicode(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        found = text[error.start : error.end].encode("utf-8", "surrogateescape").hex(" ")
        at = len(text[: error.start].encode())
        raise ValueError(f"is no UTF-8: bytes {found} at byte {at}") from None


def _bytea(value: AnyValue) -> bytes:
    if isinstance(value, bytes | bytearray):
        return bytes(value)
    raise _refusal(value, "bytes")


def _jsonb(value: AnyValue) -> str:
    if isinstance(value, bool | bytes) or not isinstance(value, int | float | str):
        raise _refusal(value, "a text of JSON")
    text = _text(value) if isinstance(value, str) else repr(value)
    check_json(text)
    return text


def _uuid(value: AnyValue) -> str:
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, bytes) and len(value) == 16:
        return str(uuid.UUID(bytes=value))
    if isinstance(value, str) and UUID_FORM.fullmatch(value):
        return str(uuid.UUID(value))
    raise ValueError("is no UUID")


def named(value: AnyValue) -> str:
    """Return what a value is, in words."""
    names: tuple[tuple[type | tuple[type, ...], str], ...] = (
        (bool, "a boolean"),
        (int, "a whole number"),
        ((float, Decimal), "a number"),
        (str, "a text"),
        (BYTES, "bytes"),
    )
    return next((name for types, name in names if isinstance(value, types)), type(value).__name__)


def _refusal(value: AnyValue, wanted: str) -> ValueError:
    return ValueError(f"is {named(value)}, not {wanted}")


def _float_form(value: float) -> bytes:
    return b"0" if value == 0 else repr(value).encode()


CONVERTERS: dict[Kind, Callable[[AnyValue], TargetValue]] = {
    "bigint": _bigint,
    "double precision": _double,
    "numeric": _numeric,
    "boolean": _boolean,
    "timestamptz": _timestamptz,
    "timestamp": _timestamp,
    "date": date_of,
    "text": _text,
    "bytea": _bytea,
    "jsonb": _jsonb,
    "uuid": _uuid,
}
FORMS: dict[type, Callable[[Any], bytes]] = {
    int: lambda value: b"%d" % value,
    float: _float_form,
    Decimal: lambda value: normal_number(value).encode(),
    bool: lambda value: b"1" if value else b"0",
    dt.datetime: lambda value: value.isoformat(timespec="microseconds").encode(),
    dt.date: lambda value: value.isoformat().encode(),
    str: str.encode,
    bytes: bytes,
}
KINDS: tuple[Kind, ...] = tuple(CONVERTERS)
