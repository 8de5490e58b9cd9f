"""Values of an application's rows as people see them: cut, with nothing that steers the terminal, or not at all."""

from __future__ import annotations

from collections.abc import Sequence

from console.migration.kinds import SourceValue, named
from console.wording import visible

MOST_CHARACTERS = 60


def shown_value(value: SourceValue, *, is_hidden: bool = False) -> str:
    """Return a value on one line, at most 60 characters of it; hidden, only what it is and how long."""
    if value is None:
        return "NULL"
    if is_hidden:
        return f"({named(value)}{f' of length {len(value):,}' if isinstance(value, str | bytes) else ''})"
    text = f"x'{value[:MOST_CHARACTERS].hex()}'" if isinstance(value, bytes) else _one_line(value)
    return text if len(text) <= MOST_CHARACTERS else f"{text[: MOST_CHARACTERS - 1]}…"


def shown_key(key: Sequence[SourceValue], *, is_hidden: bool = False) -> str:
    """Return the key of a row."""
    return ", ".join(shown_value(value, is_hidden=is_hidden and not isinstance(value, int)) for value in key) or "?"


def _one_line(value: float | str) -> str:
    if not isinstance(value, str):
        return repr(value)
    escaped = value[: MOST_CHARACTERS + 1].encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return f"'{visible(escaped)}'"
