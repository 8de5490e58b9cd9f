"""The size of a page: one rule for rows, jobs, codes and sessions."""

from __future__ import annotations

DEFAULT_LIMIT = 100
MAX_LIMIT = 1000
LIMIT_ALLOWED = f"an integer from 1 to {MAX_LIMIT}"


def limit_of(text: str) -> int:
    """Return the parameter `limit`. Raises ValueError."""
    if not (text.isascii() and text.isdigit() and len(text) <= 9 and 1 <= int(text) <= MAX_LIMIT):
        raise ValueError(text)
    return int(text)
