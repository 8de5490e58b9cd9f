"""Rows that SQLite tells apart and the target would not: found on disk, however many rows there are."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from hashlib import blake2b

from console.migration.kinds import SourceValue, TargetValue, canonical
from console.migration.plan import PlannedColumn, PlannedIndex, PlannedTable
from console.migration.planning.misfits import Misfits
from console.migration.shown import shown_key
from console.migration.sqlite.introspection import quoted

FOLDS: dict[str, Callable[[str], str]] = {"lower": str.lower, "upper": str.upper}
# Two different values of SQLite stay different in these.
ONE_TO_ONE = ("bigint", "text", "bytea", "double precision")


@dataclass(frozen=True)
class _Constraint:
    numbers: tuple[int, ...]  # of the columns
    names: str
    folds: Mapping[int, Callable[[str], str]]


class Duplicates:
    """The unique columns of a table whose values change on their way, or that SQLite did not hold unique."""

    def __init__(self, table: PlannedTable, *, is_new_key: bool) -> None:
        self._table = table
        self._constraints = tuple(_constraints(table, is_new_key=is_new_key))
        self._seen = sqlite3.connect("", isolation_level=None)  # a file of its own that SQLite removes
        self._seen.execute(
            "CREATE TABLE seen (number INTEGER, hash BLOB, row TEXT, PRIMARY KEY (number, hash)) WITHOUT ROWID"
        )

    def close(self) -> None:
        """Remove what was noted."""
        self._seen.close()

    def look(
        self, keys: Sequence[tuple[SourceValue, ...]], columns: Sequence[Sequence[TargetValue]], misfits: Misfits
    ) -> None:
        """Look at rows, by columns, of which the values are the target's."""
        for number, constraint in enumerate(self._constraints):
            for at, key in enumerate(keys):
                values = [columns[column][at] for column in constraint.numbers]
                if None not in values and not self._is_new(number, constraint, values, key):
                    first = self._row(number, self._hash(constraint, values))
                    reason = f"is there twice where it is to be unique: in row {first} as well"
                    misfits.add(self._table.name, constraint.names, key, _text(values), reason)

    def _is_new(
        self, number: int, constraint: _Constraint, values: Sequence[TargetValue], key: Sequence[SourceValue]
    ) -> bool:
        row = (number, self._hash(constraint, values), shown_key(key))
        with closing(self._seen.execute("INSERT OR IGNORE INTO seen VALUES (?, ?, ?)", row)) as inserted:
            return inserted.rowcount == 1

    def _row(self, number: int, digest: bytes) -> str:
        found = self._seen.execute("SELECT row FROM seen WHERE (number, hash) = (?, ?)", (number, digest))
        return str(found.fetchone()[0])

    def _hash(self, constraint: _Constraint, values: Sequence[TargetValue]) -> bytes:
        made = blake2b(digest_size=16)
        for column, value in zip(constraint.numbers, values, strict=True):
            fold = constraint.folds.get(column)
            folded = fold(value) if fold and isinstance(value, str) else value
            form = canonical(self._table.columns[column].kind, folded)
            made.update(b"%d:" % len(form) + form)
        return made.digest()


def _constraints(table: PlannedTable, *, is_new_key: bool) -> Iterator[_Constraint]:
    numbers = {column.target: number for number, column in enumerate(table.columns)}
    for names in dict.fromkeys([table.key, *table.uniques]):
        used = tuple(numbers[name] for name in names)
        if any(_changes(table.columns[number]) for number in used) or (names and names == table.key and is_new_key):
            yield _Constraint(used, ", ".join(table.columns[number].name for number in used), {})
    for index in table.indexes:
        if index.is_unique and index.where is None and (found := _folded(index, numbers)) is not None:
            used, folded = found
            if folded or any(_changes(table.columns[number]) for number in used):
                yield _Constraint(used, ", ".join(table.columns[number].name for number in used), folded)


def _changes(column: PlannedColumn) -> bool:
    return bool(column.convert) or column.kind not in ONE_TO_ONE or bool(column.expression)


def _folded(
    index: PlannedIndex, numbers: dict[str, int]
) -> tuple[tuple[int, ...], Mapping[int, Callable[[str], str]]] | None:
    """Return the columns of an index, and what it makes of some of them; None where it has other terms."""
    terms = {quoted(name): (number, "") for name, number in numbers.items()}
    terms |= {f"{fold}({quoted(name)})": (number, fold) for name, number in numbers.items() for fold in FOLDS}
    found = [terms.get(term.removesuffix(" DESC")) for term in index.terms]
    if None in found:
        return None
    known = [each for each in found if each]
    return tuple(number for number, _ in known), {number: FOLDS[fold] for number, fold in known if fold}


def _text(values: Sequence[TargetValue]) -> str:
    return ", ".join(map(str, values))
