"""The columns of a file, looked at in every row: their kind, their lengths and limits, how many values differ.

A kind is possible until a value comes that `import` could not read as that kind, and that a column would refuse.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

from console.imports.source import Source
from console.terminal import Advance
from handlers.domain.problem import shown
from handlers.imports.values import JSON_KINDS
from handlers.model.column import Column
from handlers.model.columns import Boolean, Integer, Json, Number, Text, Timestamp

MOST_DISTINCT = 20_000  # values of a column that are told apart, so that memory has a bound
MOST_CHOICES = 10
MOST_STRAYS = 3  # values of another kind than all others in their column
NARROW = {"integer": "integers", "number": "numbers", "timestamp": "times"}  # kinds that a stray value spoils
NO_LIMIT = 10**9
# Columns without limits, one of each kind: they say whether a value can be kept at all.
PROBES: dict[str, Column] = {
    column.kind: column
    for column in (
        Boolean("probe"),
        Integer("probe"),
        Number("probe"),
        Timestamp("probe"),
        Text("probe", max_length=NO_LIMIT),
        Json("probe", max_bytes=NO_LIMIT),
    )
}
ADVANCED_EVERY = 1000  # rows


@dataclass(frozen=True)
class Facts:
    """The facts about a column.

    Attributes:
        name: in the file.
        kind: the narrowest that takes every value; empty: none does.
        values, nulls: how many rows have one, and how many have none.
        distinct: how many values differ, up to `MOST_DISTINCT`.
        is_unique: of those that are told apart no two are the same.
        low, high: of numbers and times; of texts and JSON their lengths, in characters and bytes.
        choices: the values of a text that has few.
        is_flag: integers that are all 0 or 1.
        stray: says of which narrower kind all values but a few are, and what one of those is; empty: there is no such.
    """

    name: str
    kind: str
    values: int
    nulls: int
    distinct: int
    is_unique: bool
    low: Any
    high: Any
    choices: tuple[str, ...]
    is_flag: bool
    stray: str = ""


@dataclass(frozen=True)
class Surveyed:
    """A file that was looked at: its rows, those that are none, and its columns."""

    rows: int
    faulty: int
    columns: tuple[Facts, ...]


def survey(source: Source, advance: Advance) -> Surveyed:
    """Read all rows of a file. Raises ConsoleError."""
    seen = [_Seen(name, source) for name in source.names]
    rows, faulty, told = 0, 0, 0
    for row in source.rows():
        if row.fault:
            faulty += 1
            continue
        rows += 1
        for column in seen:
            column.add(row.fields.get(column.name))
        if rows % ADVANCED_EVERY == 0:
            advance(source.position - told)
            told = source.position
    return Surveyed(rows, faulty, tuple(column.facts() for column in seen))


class _Seen:
    """One column while its rows come in."""

    def __init__(self, name: str, source: Source) -> None:
        self.name = name
        self._source = source
        self._is_typed = source.kinds == JSON_KINDS
        self._kinds = list(source.kinds)
        self._strays: dict[str, list[object]] = {}  # by kind: what it does not take
        self._values = self._nulls = self._blanks = 0
        self._spans: dict[str, tuple[Any, Any]] = {}
        self._hashes: set[int] = set()
        self._is_unique = True
        self._choices: set[str] = set()
        self._has_words = False

    def add(self, value: object) -> None:
        """Take in the value of the next row."""
        if value is None:
            self._nulls += 1
            return
        self._values += 1
        if isinstance(value, str):
            self._add_choice(value)
            if not self._is_typed and not value.strip():
                self._blanks += 1
                self._takes("text", value)
                return
        self._has_words |= str(value) not in ("0", "1")
        for kind in [kind for kind in self._kinds if not self._takes(kind, value)]:
            self._strays.setdefault(kind, []).append(value)
            if len(self._strays[kind]) > MOST_STRAYS:
                self._kinds.remove(kind)
        self._tell_apart(value)

    def facts(self) -> Facts:
        """Return what was seen."""
        kinds = ["text"] if self._values == self._blanks else self._fitting()
        is_flag = kinds[:1] == ["boolean"] and not self._has_words
        kind = next(iter(kinds[is_flag:]), "")
        nulls = self._nulls + (0 if kind == "text" else self._blanks)
        low, high = self._spans.get(kind, (0, 0))
        choices = tuple(sorted(self._choices)) if kind == "text" and len(self._choices) <= MOST_CHOICES else ()
        values, distinct = self._values + self._nulls - nulls, len(self._hashes)
        stray = self._stray(kind)
        return Facts(self.name, kind, values, nulls, distinct, self._is_unique, low, high, choices, is_flag, stray)

    def _fitting(self) -> list[str]:
        """Return the kinds that take every value; where none does, text if it takes nearly all."""
        fitting = [kind for kind in self._kinds if kind not in self._strays]
        return fitting or [kind for kind in self._kinds if kind == "text" and self._is_nearly(kind)]

    def _is_nearly(self, kind: str) -> bool:
        return self._values >= 10 * len(self._strays[kind])

    def _stray(self, chosen: str) -> str:
        named = [kind for kind in self._kinds if kind in self._strays and (kind in NARROW or kind == chosen)]
        kind = min(named, key=lambda kind: len(self._strays[kind]), default="")
        if not kind or not self._is_nearly(kind):
            return ""
        strays = self._strays[kind]
        stray = "a BLOB" if isinstance(strays[0], bytes) else shown(strays[0])
        return f"All but {len(strays)} are {NARROW.get(kind, 'texts')}: {stray} is not"

    def _takes(self, kind: str, value: object) -> bool:
        """Tell whether a value is of a kind, and note how large it is."""
        try:
            read = self._source.read(kind, value)
            stored = PROBES[kind].check(read)
        except (ValueError, OverflowError):
            return False
        if kind == "integer" and isinstance(value, float):
            return False
        if kind == "json" and not self._is_typed and not isinstance(read, dict | list):
            return False
        size = len(stored) if kind == "text" else len(stored.encode()) if kind == "json" else stored
        low, high = self._spans.get(kind, (size, size))
        self._spans[kind] = min(low, size), max(high, size)
        return True

    def _tell_apart(self, value: object) -> None:
        if len(self._hashes) < MOST_DISTINCT:
            key = hash(value) if isinstance(value, Hashable) else hash(repr(value))
            self._is_unique &= key not in self._hashes
            self._hashes.add(key)

    def _add_choice(self, text: str) -> None:
        if len(self._choices) <= MOST_CHOICES:
            self._choices.add(text)
