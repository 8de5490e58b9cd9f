"""A change of the columns: how rows of the model that another one replaces become its own, and its own become theirs.

Every item of the ledger says with which columns it was written; none: the first. Nothing is ever rewritten: old rows
are upgraded on each read, and whoever still runs with the columns before reads those of a new item that he knows.
"""

from __future__ import annotations

from handlers.model.column import ModelError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Any

    from handlers.model.column import Column
    from handlers.model.model import Draft, Model, Row

    Fields = dict[str, Any]
    Upgrade = Callable[[Fields], Mapping[str, object]]


class Change:
    """The step from one model to the one that replaces it. Raises ModelError where both cannot run side by side.

    Args:
        before: the model that is replaced.
        columns: those of the model that replaces it.
        upgrade: makes the new columns' values of an old row, as JSON has them; None: they are the defaults.

    Attributes:
        versions: of the rows that are older than the new columns.
    """

    def __init__(self, before: Model, columns: Sequence[Column], upgrade: Upgrade | None) -> None:
        wrong = [*_wrong_kept(before, columns), *_wrong_added(before, columns, has_upgrade=upgrade is not None)]
        if wrong:
            raise ModelError(f"{'; '.join(wrong)}: that takes an export and an import (docs/schema-change.md)")
        self.before = before
        self.upgrade = upgrade
        self._columns = columns
        own = ["seq", "id", *(column.name for column in columns), "created_at"]
        self._picked = [own.index(name) for name in before.names]
        places = {name: place for place, name in enumerate(before.names)}
        self._kept = [places.get(column.name) for column in columns]
        self._added = [place for place, kept in enumerate(self._kept) if kept is None]
        self.versions: set[int] = {before.rows_version} | (before.change.versions if before.change else set())

    def is_old(self, version: Mapping[str, str] | None) -> bool:
        """Tell whether an item with this version has to be upgraded; without one it is of the first model."""
        return version is None or int(version["N"]) in self.versions

    def rows_before(self, rows: Iterable[Row]) -> list[Row]:
        """Return the rows as the columns before show them."""
        return [tuple([row[place] for place in self._picked]) for row in rows]

    def draft_before(self, draft: Draft) -> Draft | None:
        """Return the draft for the columns before; None where that would lose a value."""
        if any(draft[place] != self._columns[place].default for place in self._added):
            return None
        return tuple([draft[place - 2] for place in self._picked[2:-1]])

    def upgraded(self, row: Row) -> Row:
        """Return an old row with our columns. Raises ValueError where `upgrade` gives what a client could not."""
        shown = self.before.shown(row)
        try:
            fields = dict(self.upgrade(dict(shown)) if self.upgrade else {})
            changed = [name for name in shown.keys() & fields.keys() if fields[name] != shown[name]]
            if changed:
                raise ValueError(f"it changes {', '.join(sorted(changed))}")
            values = [
                column.stored(fields.get(column.name)) if kept is None else row[kept]
                for column, kept in zip(self._columns, self._kept, strict=True)
            ]
        except Exception as error:  # whatever a function of somebody else's raises
            raise ValueError(f"the upgrade of row {row[0]}: {error!r}") from error
        return (row[0], row[1], *values, row[-1])


def _wrong_kept(before: Model, columns: Sequence[Column]) -> Iterable[str]:
    now = {column.name: column for column in columns}
    for old in before.columns:
        new = now.get(old.name)
        if new is None:
            yield f"{old.name} is left out"
        elif new.kind != old.kind or new.is_nullable != old.is_nullable:
            yield f"{old.name} was {_described(old)} and is {_described(new)}"
        elif not old.required and new.default != old.default:
            yield f"the default of {old.name} was {old.default!r} and is {new.default!r}"
    names = [next((c.name for c in each if c.is_statistics), "none") for each in (before.columns, columns)]
    if names[0] != names[1]:
        yield f"the statistics were about {names[0]} and are about {names[1]}"


def _wrong_added(before: Model, columns: Sequence[Column], *, has_upgrade: bool) -> Iterable[str]:
    for column in columns:
        if column.required and column.name not in before.names and not has_upgrade:
            yield f"{column.name} is new and required, and no upgrade gives it to old rows"


def _described(column: Column) -> str:
    return f"{column.kind}{', may be null' if column.is_nullable else ''}"
