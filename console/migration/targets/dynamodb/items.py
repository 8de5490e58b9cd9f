"""Rows as items: an attribute a column, none where the value is NULL.

Whole numbers, numbers and `numeric` are N; booleans BOOL; texts, UUIDs and JSON S; bytes B. Times are S in ISO 8601,
always as long, so that they sort: `2026-01-31T23:59:59.000000Z`, without the Z where they have no zone. The column by
whose time items are forgotten is N instead: whole seconds since 1970, as DynamoDB wants it, rounded up.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context, Decimal
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from console.migration.kinds import Kind, TargetValue
from console.migration.plan import PlannedColumn, PlannedTable
from console.wording import visible

if TYPE_CHECKING:
    from handlers.aws.dynamodb import Item

MOST_ITEM_BYTES = 400 * 1024
MOST_KEY_BYTES = (2048, 1024)  # of the partition key, and of the sort key
MOST_DIGITS = 38
MOST_EXPONENT = 125
LEAST_EXPONENT = -130
KEY_DIGEST_BYTES = 10
MOST_SECONDS = 100_000_000_000  # until the year 5138: more are milliseconds
MOST_SHOWN = 80  # characters of a value
EPOCH, SECOND = dt.datetime(1970, 1, 1, tzinfo=dt.UTC), dt.timedelta(seconds=1)
UTC_OFFSET = "+00:00"
WIDE = Context(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN)  # loses nothing

TYPES: dict[Kind, str] = {
    "bigint": "N",
    "double precision": "N",
    "numeric": "N",
    "boolean": "BOOL",
    "timestamptz": "S",
    "timestamp": "S",
    "date": "S",
    "text": "S",
    "bytea": "B",
    "jsonb": "S",
    "uuid": "S",
}


def attribute_types(table: PlannedTable) -> dict[str, str]:
    """Return the types of the attributes, by their names."""
    types = {column.target: TYPES[column.kind] for column in table.columns}
    return types if table.ttl is None else types | {table.ttl: "N"}


class ItemFaultError(Exception):
    """A row that can be no item; names table, row and column."""


class ItemForm:
    """The form that a table's rows have as items."""

    def __init__(self, table: PlannedTable) -> None:
        self._table = table
        self._key = frozenset(table.key)
        types = attribute_types(table)
        self._writers = [(column, types[column.target], self._writer(column)) for column in table.columns]

    def items(self, rows: Iterable[Sequence[TargetValue]]) -> Iterator[Item]:
        """Yield the rows as items. Raises ItemFaultError."""
        return map(self.item, rows)

    def item(self, row: Sequence[TargetValue]) -> Item:
        """Return a row as an item. Raises ItemFaultError."""
        item: dict[str, Any] = {}
        size_bytes = 0
        for (column, kind, write), value in zip(self._writers, row, strict=True):
            if value is None:
                if column.target in self._key:
                    raise self.fault(row, column, "is NULL, and part of the key")
                continue
            try:
                written = write(value)
            except (ValueError, OverflowError) as error:
                raise self.fault(row, column, f"{_shown(value)} {error}") from None
            item[column.target] = {kind: written}
            length = _size(written)
            if column.target in self._key:
                self._check_key(row, column, length)
            size_bytes += len(column.target.encode()) + length
        if size_bytes > MOST_ITEM_BYTES:
            raise self.fault(row, None, f"would be an item of {size_bytes:,} bytes, of {MOST_ITEM_BYTES:,} at most")
        return item

    def key_digest(self, item: Item) -> bytes:
        """Return a digest of an item's key: many of them need little room."""
        return blake2b(repr([item[name] for name in self._table.key]).encode(), digest_size=KEY_DIGEST_BYTES).digest()

    def fault(self, row: Sequence[TargetValue], column: PlannedColumn | None, reason: str) -> ItemFaultError:
        """Make the error for a row."""
        places = {each.target: number for number, each in enumerate(self._table.columns)}
        key = ", ".join(f"{name} {_shown(row[places[name]])}" for name in self._table.key)
        where = f", column {visible(column.name)}" if column else ""
        return ItemFaultError(f"table {visible(self._table.name)}, row {key}{where}: {reason}")

    def _writer(self, column: PlannedColumn) -> Callable[[Any], Any]:
        return SECONDS[column.kind] if column.target == self._table.ttl else WRITERS[column.kind]

    def _check_key(self, row: Sequence[TargetValue], column: PlannedColumn, length: int) -> None:
        most = MOST_KEY_BYTES[self._table.key.index(column.target)]
        if length == 0:
            raise self.fault(row, column, "is empty, and part of the key")
        if length > most:
            raise self.fault(row, column, f"has {length:,} bytes, and as a part of the key may have {most:,}")


def _number(value: float | Decimal) -> str:
    """Return a number as DynamoDB takes it. Raises ValueError where it would not, or would round it."""
    exact = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    if not exact.is_finite():
        raise ValueError("is no number that DynamoDB has")
    digits = exact.normalize(WIDE)
    if len(digits.as_tuple().digits) > MOST_DIGITS:
        raise ValueError(f"has more than the {MOST_DIGITS} digits that DynamoDB keeps")
    if exact and not LEAST_EXPONENT <= exact.adjusted() <= MOST_EXPONENT:
        raise ValueError("is beyond what DynamoDB keeps, 1E-130 to 9.9E+125")
    return str(digits) if digits else "0"


def _moment(value: dt.datetime) -> str:
    return value.isoformat(timespec="microseconds").replace(UTC_OFFSET, "Z")


def _seconds(value: float | Decimal) -> str:
    number = math.ceil(value)
    if not 0 <= number < MOST_SECONDS:
        raise ValueError("is no number of seconds since 1970")
    return str(number)


def _seconds_of_moment(value: dt.datetime) -> str:
    return _seconds(-((EPOCH - value.replace(tzinfo=value.tzinfo or dt.UTC)) // SECOND))


def _seconds_of_date(value: dt.date) -> str:
    return _seconds_of_moment(dt.datetime.combine(value, dt.time.min))


WRITERS: dict[Kind, Callable[[Any], Any]] = {
    "bigint": str,
    "double precision": _number,
    "numeric": _number,
    "boolean": bool,
    "timestamptz": _moment,
    "timestamp": _moment,
    "date": dt.date.isoformat,
    "text": str,
    "bytea": bytes,
    "jsonb": str,
    "uuid": str,
}
SECONDS: dict[Kind, Callable[[Any], str]] = {
    "bigint": _seconds,
    "double precision": _seconds,
    "numeric": _seconds,
    "timestamptz": _seconds_of_moment,
    "timestamp": _seconds_of_moment,
    "date": _seconds_of_date,
}


def _size(written: bool | str | bytes) -> int:
    if isinstance(written, bool):
        return 1
    return len(written) if isinstance(written, bytes) else len(written.encode())


def _shown(value: TargetValue) -> str:
    text = visible(value) if isinstance(value, str) else str(value)
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}…"
