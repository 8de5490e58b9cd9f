"""Times as text (UTC, ISO 8601, milliseconds, Z: they sort as time does), and the clock for intervals and deadlines."""

from __future__ import annotations

import re
import time
from functools import partial

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime

TIME = (  # compiled when it is first used: no cold start pays for it
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt]([0-9]{2}):([0-9]{2}):([0-9]{2})(\.[0-9]+)?"
    r"([Zz]|([+-])([0-9]{2}):([0-9]{2}))"
)
EXACT_TIME_ALLOWED = (
    "an RFC 3339 time with Z or an offset, to the microsecond at most, such as 2026-01-31T12:00:00Z "
    "(in a URL, + is written %2B)"
)
TIME_ALLOWED = "an RFC 3339 time with Z or an offset, such as 2026-01-31T12:00:00Z (in a URL, + is written %2B)"


# Seconds since the machine started: it goes on while a sandbox is frozen, and never back. Where CLOCK_BOOTTIME is not
# known (macOS), nothing freezes a sandbox either.
boottime_s = partial(time.clock_gettime, time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic


def utc_text(seconds: float) -> str:
    """Return the text of a moment given in seconds since 1970."""
    from datetime import datetime, timedelta  # noqa: PLC0415 - 1 ms of a cold start

    # Naive on purpose: all moments here are UTC.
    return time_text(datetime(1970, 1, 1) + timedelta(milliseconds=int(seconds * 1000)))


def time_text(moment: datetime) -> str:
    """Return the text of a naive UTC moment."""
    return moment.isoformat(timespec="milliseconds") + "Z"


def seconds_of(text: str) -> float:
    """Return the seconds since 1970 of a text that `utc_text` made."""
    from datetime import datetime  # noqa: PLC0415 - 1 ms of a cold start

    return datetime.fromisoformat(text).timestamp()


def parse_time(text: str) -> str:
    """Return an RFC 3339 time as such a text; between two milliseconds the later one, for a bound is the same there.

    Raises ValueError or OverflowError (outside the years 1 to 9999).
    """
    from datetime import timedelta  # noqa: PLC0415 - 1 ms of a cold start

    moment, digits = _utc(text)
    milliseconds = int(digits[:3].ljust(3, "0")) + bool(digits[3:].strip("0"))
    return time_text(moment + timedelta(milliseconds=milliseconds))


def parse_exact_time(text: str) -> str:
    """Return an RFC 3339 time as text in UTC with microseconds: such texts sort as time does.

    Raises ValueError (also for a finer time) or OverflowError (outside the years 1 to 9999).
    """
    moment, digits = _utc(text)
    if digits[6:].strip("0"):
        raise ValueError(text)
    return f"{moment.isoformat()}.{digits[:6].ljust(6, '0')}Z"


def _utc(text: str) -> tuple[datetime, str]:
    """Return the naive UTC moment of an RFC 3339 time, to the second, and the digits of its fraction."""
    from datetime import datetime, timedelta  # noqa: PLC0415 - 1 ms of a cold start

    match = re.fullmatch(TIME, text)
    if match is None:
        raise ValueError(text)
    year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
    fraction, _, sign, offset_hours, offset_minutes = match.groups()[6:]
    offset = timedelta(hours=int(offset_hours or 0), minutes=int(offset_minutes or 0))
    if offset >= timedelta(days=1) or int(offset_minutes or 0) > 59:
        raise ValueError(text)
    moment = datetime(year, month, day, hour, minute, second)
    return (moment + offset if sign == "-" else moment - offset), (fraction or ".")[1:]
