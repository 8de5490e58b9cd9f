"""Times and dates as SQLite's applications write them: texts of ISO 8601, with a space or a T, with or without an offset."""

from __future__ import annotations

import datetime as dt
import re

UTC = dt.timezone.utc
FORM = re.compile(
    r"(?P<date>\d{4}-\d\d-\d\d)"
    r"(?:[ T](?P<time>\d\d:\d\d(?::\d\d)?)(?:[.,](?P<fraction>\d+))?)?"
    r" ?(?P<offset>Z|z|UTC|[+-]\d\d(?::?\d\d)?)?",
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
        return dt.datetime(value.year, value.month, value.day)  # noqa: DTZ001
    if not isinstance(value, str):
        raise ValueError("is no text of a time; a rule `convert` says what a number means")
    found = FORM.fullmatch(value)
    if found is None or (found["offset"] and not found["time"]):
        raise ValueError("is no time such as 2026-01-31 23:59:59, with or without an offset")
    try:
        return _moment(found)
    except ValueError:
        raise ValueError("is no time that there is, in the years 1 to 9999") from None


def _moment(found: re.Match[str]) -> dt.datetime:
    fraction = (found["fraction"] or "").rstrip("0")
    if len(fraction) > 6:
        raise FractionError
    offset = found["offset"] or ""
    zone = "+00:00" if offset in ("Z", "z", "UTC") else offset
    return dt.datetime.fromisoformat(f"{found['date']}T{found['time'] or '00:00'}{zone}").replace(
        microsecond=int(fraction.ljust(6, "0"))
    )


def date_of(value: object) -> dt.date:
    """Return a text as a date.

    Raises:
        ValueError: it is none, or has a time that is not midnight.
    """
    moment = moment_of(value)
    if moment.tzinfo is not None or moment.time() != dt.time():
        raise ValueError("is a time, not a date")
    return moment.date()
