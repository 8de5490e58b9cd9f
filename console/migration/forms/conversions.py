"""The conversions that a rule can ask for: from what an application wrote to what it meant."""

from __future__ import annotations

import datetime as dt
import re
import zoneinfo
from collections.abc import Callable
from decimal import Decimal

from console.migration.forms.moments import UTC, moment_of
from console.migration.kinds import AnyValue

EPOCH = dt.datetime(1970, 1, 1, tzinfo=UTC)
JULIAN_DAY_OF_EPOCH = 2_440_587.5
LOCAL = "local:"
BELOW_MICROSECONDS = re.compile(r"([.,]\d{6})\d+")

Conversion = Callable[[AnyValue], AnyValue]


def conversion_of(name: str) -> Conversion:
    """Return the conversion that a rule names.

    Raises:
        ValueError: there is none; the text says which there are.
    """
    if name.startswith(LOCAL):
        return _local(name.removeprefix(LOCAL))
    if name not in CONVERSIONS:
        allowed = ", ".join([*CONVERSIONS, f"{LOCAL}Europe/Berlin (or any other zone)"])
        raise ValueError(f"convert = {name!r} is none of {allowed}")
    return CONVERSIONS[name]


def _local(zone_name: str) -> Conversion:
    try:
        zone = zoneinfo.ZoneInfo(zone_name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"convert = 'local:{zone_name}': this machine knows no such time zone") from None

    def local(value: AnyValue) -> AnyValue:
        moment = moment_of(value)
        if moment.tzinfo is not None:
            return moment
        made = moment.replace(tzinfo=zone)
        if made.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != moment:
            raise ValueError(f"is a time that there was not in {zone_name}: the clocks were put forward over it")
        return made.astimezone(UTC)

    return local


def _number(value: AnyValue) -> int | Decimal | float:
    if isinstance(value, int | float):
        return value
    if isinstance(value, str) and re.fullmatch(r"-?\d{1,20}(\.\d{1,9})?", value, re.ASCII):
        return Decimal(value)
    raise ValueError("is no number")


def _since_epoch(value: AnyValue, a_second: int) -> dt.datetime:
    number = _number(value)
    try:
        return EPOCH + dt.timedelta(microseconds=round(number * (1_000_000 // a_second)))
    except (OverflowError, ValueError):
        raise ValueError("is a time beyond the years 1 to 9999") from None


def _julian_day(value: AnyValue) -> dt.datetime:
    days = float(_number(value)) - JULIAN_DAY_OF_EPOCH
    try:
        return EPOCH + dt.timedelta(milliseconds=round(days * 86_400_000))
    except (OverflowError, ValueError):
        raise ValueError("is a time beyond the years 1 to 9999") from None


def _on_text(change: Callable[[str], str]) -> Conversion:
    return lambda value: change(value) if isinstance(value, str) else value


def _text(value: AnyValue) -> AnyValue:
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    return repr(value) if isinstance(value, float) else str(value)


CONVERSIONS: dict[str, Conversion] = {
    "unixepoch": lambda value: _since_epoch(value, 1),
    "unixepoch_ms": lambda value: _since_epoch(value, 1_000),
    "julianday": _julian_day,
    "microseconds": _on_text(lambda text: BELOW_MICROSECONDS.sub(r"\1", text)),
    "trim": _on_text(str.strip),
    "lower": _on_text(str.lower),
    "empty_to_null": lambda value: None if value in ("", b"") else value,
    "text": _text,
}
