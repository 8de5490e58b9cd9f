"""Times and dates as applications write them into SQLite: ISO 8601 with a space or a T, with or without an offset."""

from __future__ import annotations

import datetime as dt
import re

UTC = dt.UTC
NO_TEXT = "is no text of a time; a rule's `convert` says what such a value means"
FORM = re.compile(
    r"(?P<date>\d{4}-\d\d-\d\d)"
    r"(?:[ T](?P<time>\d\d:\d\d(?::\d\d)?)(?:[.,](?P<fraction>\d+))?"
    r" ?(?P<offset>Z|z|UTC|[+-]\d\d(?::?\d\d)?)?)?",
    re.ASCII,
)


def moment_of(value: object) -> dt.datetime:
    """Return a text as a time, with its offset if it has one; a date is its midnight.

    Raises:
        ValueError: it is none; the text says why.
    """
    if isinstance(value, dt.datetime):
        return value
    if isinstance(value, dt.date):
        return dt.datetime(value.year, value.month, value.day)
    if not isinstance(value, str):
        raise ValueError(NO_TEXT)  # noqa: TRY004 - as of every value that does not fit
    found = FORM.fullmatch(value)
    if found is None:
        raise ValueError("is no time such as 2026-01-31 23:59:59, with or without an offset")
    if len((found["fraction"] or "").rstrip("0")) > 6:
        raise ValueError('has a fraction below microseconds, which would be lost; `convert = "microseconds"` cuts it')
    try:
        return _moment(found)
    except ValueError:
        raise ValueError("is no time that there is, in the years 1 to 9999") from None


def _moment(found: re.Match[str]) -> dt.datetime:
    offset = found["offset"] or ""
    zone = "+00:00" if offset in ("Z", "z", "UTC") else offset
    second = dt.datetime.fromisoformat(f"{found['date']}T{found['time'] or '00:00'}{zone}")
    return second.replace(microsecond=int((found["fraction"] or "")[:6].ljust(6, "0")))


def date_of(value: object) -> dt.date:
    """Return a text as a date.

    Raises:
        ValueError: it is none, or a time that is not midnight.
    """
    moment = moment_of(value)
    if moment.tzinfo is not None or moment.time() != dt.time():
        raise ValueError("is a time, not a date")
    return moment.date()
