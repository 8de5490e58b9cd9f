"""The end of a code: a time, or how long from now."""

from __future__ import annotations

import re
import time

from console.errors import ConsoleError
from handlers.domain.timestamps import parse_time, utc_text

SECONDS = {"m": 60, "h": 3600, "d": 86400}
SPAN = r"([0-9]{1,6})([mhd])"


def expiry_of(text: str) -> str:
    """Return the time that an option names; empty where it names none. Raises ConsoleError.

    Args:
        text: an RFC 3339 time, or a span from now, such as 30m, 12h or 7d.
    """
    span = re.fullmatch(SPAN, text)
    if span:
        return utc_text(time.time() + int(span[1]) * SECONDS[span[2]])
    try:
        return text and parse_time(text)
    except (ValueError, OverflowError):
        hint = "30m, 12h or 7d from now, or a time such as 2026-01-31T12:00:00Z"
        raise ConsoleError(f"--expires {text!r} is no time", hint, 2) from None
