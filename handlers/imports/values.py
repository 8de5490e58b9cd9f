"""Values of a file, read as a column's kind: every import reads with this, and `console model` finds types with it.

So a column that `model` calls an integer is one that `import` reads as integers. Each kind of file has a function that
takes a value to what a client of the API would send. It raises ValueError where the value is not of that kind; whether
it is within a column's limits is for the column to say.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable

# From the narrowest kind to the one that takes everything, which differs: a file of JSON knows what is a text.
TEXT_KINDS = ("boolean", "integer", "number", "timestamp", "json", "text")
JSON_KINDS = ("boolean", "integer", "number", "timestamp", "text", "json")

BOOLEANS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
# No leading zeros and no plus: 007 and +49 are names of something, which a number would lose.
INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,399})")
NUMBER = re.compile(r"-?(?:(?:0|[1-9][0-9]{0,399})(?:\.[0-9]{0,399})?|\.[0-9]{1,399})(?:[eE][+-]?[0-9]{1,4})?")
TIME = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}:[0-9]{2})(:[0-9]{2}(?:\.[0-9]+)?)?"
    r" ?(?:([Zz]|UTC)|([+-][0-9]{2})(?::?([0-9]{2}))?)?"
)
EXACT = 2**53  # up to here every integer is a double


def read_text(kind: str, value: object) -> object:
    """Return the value of a cell of CSV; one that holds nothing but spaces is None, unless it is a text."""
    text = str(value)
    if kind == "text":
        return text
    stripped = text.strip()
    return _READERS[kind](stripped) if stripped else None


def read_json(kind: str, value: object) -> object:
    """Return the value of a JSON object's member: it is typed already, but for times, which are texts."""
    if kind == "timestamp" and isinstance(value, str):
        return _time(value)
    if kind == "number":
        _check_exact(value)
    return value


def read_sqlite(kind: str, value: object) -> object:
    """Return the value of a SQLite column, where a boolean is 0 or 1, and times and JSON are texts."""
    if isinstance(value, bytes):
        raise ValueError("a BLOB")  # noqa: TRY004 - as for every other value that is not of the kind
    if isinstance(value, str):
        return read_text(kind, value)
    if kind == "boolean" and isinstance(value, int) and value in (0, 1):
        return bool(value)
    return str(value) if kind == "text" else read_json(kind, value)


def load_json(text: str) -> object:
    """Return what a JSON text says. Raises ValueError, also for NaN, a name twice, and what is nested too deeply."""
    try:
        return _decoder.decode(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _boolean(text: str) -> bool:
    try:
        return BOOLEANS[text.lower()]
    except KeyError:
        raise ValueError(text) from None


def _integer(text: str) -> int:
    if not INTEGER.fullmatch(text):
        raise ValueError(text)
    return int(text)


def _number(text: str) -> float:
    if not NUMBER.fullmatch(text):
        raise ValueError(text)
    if INTEGER.fullmatch(text):
        _check_exact(int(text))
    return float(text)


def _check_exact(value: object) -> None:
    """Raise ValueError for an integer of which a double would lose digits."""
    if isinstance(value, int) and not -EXACT <= value <= EXACT:
        raise ValueError(value)


def _time(text: str) -> str:
    """Return a time as RFC 3339 writes it; without an offset it is UTC, as SQLite's own are."""
    match = TIME.fullmatch(text)
    if match is None:
        raise ValueError(text)
    day, minute, second, _, hours, minutes = match.groups()
    offset = f"{hours}:{minutes or '00'}" if hours else "Z"
    return f"{day}T{minute}{second or ':00'}{offset}"


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is not a JSON number")


def _without_repeats(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return members


_READERS: dict[str, Callable[[str], object]] = {
    "boolean": _boolean,
    "integer": _integer,
    "number": _number,
    "timestamp": _time,
    "json": load_json,
}

# Made once: `json.loads` would make another for each text.
_decoder = json.JSONDecoder(parse_constant=_no_constant, object_pairs_hook=_without_repeats)
