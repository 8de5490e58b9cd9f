"""The normal forms of a row's columns, by which both sides are compared: of PostgreSQL's rows, and of items."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple, Protocol

from console.migration.checksum import hash_of
from console.migration.kinds import Kind, TargetValue, canonical
from console.migration.plan import PlannedTable
from console.migration.targets.dynamodb.items import WIDE, ItemForm

ABSENT = b"-"  # as `canonical` has NULL


class NormalRow(NamedTuple):
    """A row as it is compared.

    Attributes:
        forms: of its columns, in the order of the plan.
        shown: its values, to be shown.
        others: names of what it has beside these columns.
    """

    forms: tuple[bytes, ...]
    shown: tuple[object, ...]
    others: tuple[str, ...] = ()


class Forms(Protocol):
    """The normal forms of one table's rows."""

    def of_source(self, row: Sequence[TargetValue]) -> NormalRow:
        """Return the form of a source's row. Raises ValueError."""
        ...

    def of_target(self, row: Any) -> NormalRow:  # noqa: ANN401 - a row, or an item
        """Return the form of what the target has, whatever that is."""
        ...


class RowForms:
    """Forms of rows in PostgreSQL: each value by its column's kind."""

    def __init__(self, table: PlannedTable) -> None:
        self._kinds: tuple[Kind, ...] = tuple(column.kind for column in table.columns)

    def of_source(self, row: Sequence[TargetValue]) -> NormalRow:
        """Return the form of a row. Raises ValueError."""
        forms = tuple([canonical(kind, value) for kind, value in zip(self._kinds, row, strict=True)])
        return NormalRow(forms, tuple(row))

    def of_target(self, row: Sequence[object]) -> NormalRow:
        """Return the form of a row; a value that no source's row can have gets one of its own."""
        forms = tuple([_target_form(kind, value) for kind, value in zip(self._kinds, row, strict=True)])
        return NormalRow(forms, tuple(row))


class ItemForms:
    """Forms of items in DynamoDB: each attribute as the row's item has it.

    Raises ItemFaultError for a row that can be none.
    """

    def __init__(self, table: PlannedTable) -> None:
        self._item_form = ItemForm(table)
        self._names = tuple(column.target for column in table.columns)
        self._known = frozenset(self._names)

    def of_source(self, row: Sequence[TargetValue]) -> NormalRow:
        """Return the form of the item that a row becomes."""
        return self.of_target(self.item(row))

    def item(self, row: Sequence[TargetValue]) -> Mapping[str, Any]:
        """Return the item that a row becomes."""
        return self._item_form.item(row)

    def of_target(self, row: Mapping[str, Any]) -> NormalRow:
        """Return the form of an item."""
        attributes = [row.get(name) for name in self._names]
        others = tuple(sorted(row.keys() - self._known))
        shown = tuple([None if each is None else next(iter(each.values())) for each in attributes])
        return NormalRow(tuple([_attribute_form(each) for each in attributes]), shown, others)


class HashedRow(NamedTuple):
    """The hashes of a row: of its key, and of the whole."""

    key: int
    row: int


class Hashing:
    """Hashes rows by their forms. Rows without a key are known by all their columns."""

    def __init__(self, table: PlannedTable) -> None:
        names = [column.target for column in table.columns]
        self._places = [names.index(name) for name in table.key] or list(range(len(names)))

    def hashed(self, row: NormalRow) -> HashedRow:
        """Return a row's hashes."""
        others = tuple(name.encode() for name in row.others)
        return HashedRow(hash_of(self.key_forms(row)), hash_of((*row.forms, *others)))

    def key_forms(self, row: NormalRow) -> tuple[bytes, ...]:
        """Return the forms of the key's columns."""
        return tuple([row.forms[place] for place in self._places])

    def key_shown(self, row: NormalRow) -> tuple[object, ...]:
        """Return the key, to be shown."""
        return tuple([row.shown[place] for place in self._places])


def _target_form(kind: Kind, value: object) -> bytes:
    try:
        return canonical(kind, value)
    except (ValueError, ArithmeticError):
        return b"?%b %b" % (type(value).__name__.encode(), str(value).encode("utf-8", "surrogatepass"))


def _attribute_form(attribute: Mapping[str, Any] | None) -> bytes:
    if attribute is None:
        return ABSENT
    ((kind, value),) = attribute.items()
    if kind == "N":
        number = Decimal(value).normalize(WIDE)
        return b"=N%b" % (str(number) if number else "0").encode()
    return b"=%b%b" % (kind.encode(), bytes(value) if kind == "B" else str(value).encode())
