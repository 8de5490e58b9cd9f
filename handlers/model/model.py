"""The data model, derived from its columns: everything that the project asks of a row.

A row is a plain tuple: its sequence number, its id, the columns in the order of their declaration, and the time when it
was appended. A draft is the part of it that a client gives. A row's JSON text is made here and nowhere else, which is
why all read paths give the same bytes. Many rows are worked on column by column, so that Python's C code has the loops.
"""

from __future__ import annotations

from itertools import repeat

from handlers.domain.problem import field_error
from handlers.model.column import ModelError, quoted
from handlers.model.filters import filters_of, range_of
from handlers.model.rules import check_model
from handlers.model.tables import ddl, indexes, number_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from random import Random
    from typing import Any

    from handlers.aws.dynamodb import Item
    from handlers.model.change import Change, Upgrade
    from handlers.model.column import Column

    Draft = tuple[Any, ...]
    Row = tuple[Any, ...]
else:
    Draft = Row = tuple

END = repeat('"}')  # of every row's JSON text
VERSION = "_v"  # the attribute with `rows_version`, unless that is the first's; no column's name begins so


class Model:
    """The data model. Raises ModelError where the declaration cannot work.

    Args:
        table: its name in SQLite.
        columns: those that a client gives.
        replaces: the model that this one takes the place of, while both may run side by side, and as long as `upgrade`
            is needed for its rows (docs/schema-change.md); None: it is the first one, or nobody knows another any more.
        upgrade: gives the new columns' values of an old row; None: they are the defaults.

    Attributes:
        change: the step from `replaces` to this one.
        sql_table: the table's name as SQL has it.
        names: of all of a row's columns: seq, id, those that a client gives, created_at.
        filterable: the columns that rows can be asked for by, by name.
        filters: the parameters that do so.
        range: a column, and the two parameters that ask for a range of it.
        statistics: the column of numbers that the statistics are about; None: only rows and times are counted.
        ddl, indexes: SQL that makes the table, and its indexes when the rows are in.
        schema_version: tells segments of this table and these indexes from others.
        rows_version: tells rows of these columns, and the statistics over them, from others.
    """

    def __init__(
        self, table: str, *columns: Column, replaces: Model | None = None, upgrade: Upgrade | None = None
    ) -> None:
        check_model(table, columns)
        self.table = table
        self.sql_table = quoted(table)
        self.columns = columns
        self.names = ("seq", "id", *(column.name for column in columns), "created_at")
        self.filterable = {column.name: column for column in columns if column.is_filterable}
        self.filters = filters_of(columns)
        self.range = range_of(columns)
        self.statistics = next((column for column in columns if column.is_statistics), None)
        self.ddl, self.indexes = ddl(table, columns), indexes(table, columns)
        # What a row without a value shows is part of it: a column may be younger than the row.
        forms = [(column.name, column.kind, column.is_nullable, column.default) for column in columns]
        self.schema_version = number_of((self.ddl, self.indexes, forms))
        self.rows_version = number_of((forms, self.statistics and self.statistics.name))
        self.replaces = replaces
        self.change = self._change(replaces, upgrade)
        self._statistics_at = self.names.index(self.statistics.name) if self.statistics else 0
        self._given = frozenset(column.name for column in columns)
        self._stores = [(column.name, column.attribute, column.store) for column in columns]
        self._shows = (str, *map(_shower, columns), str)
        # Between the texts of a row's columns, and around them.
        self._between = (
            '{"id":"',
            f'","{columns[0].name}":',
            *(f',"{c.name}":' for c in columns[1:]),
            ',"created_at":"',
        )

    def parse_draft(self, fields: Mapping[str, object], where: str) -> tuple[Draft | None, list[dict[str, str]]]:
        """Check what a client gave for one row.

        Args:
            fields: the JSON object.
            where: its place in the body ("items[3]."), put before each field's name in an error.

        Returns:
            The draft, or None and one error a wrong field.
        """
        errors = [] if fields.keys() <= self._given else self._unknown(fields, where)
        values: list[object] = []
        for column in self.columns:
            try:
                values.append(column.stored(fields.get(column.name)))
            except (ValueError, OverflowError):
                errors.append(field_error(where + column.name, fields.get(column.name), column.allowed))
        return (None, errors) if errors else (tuple(values), [])

    def draft_fields(self, draft: Draft) -> dict[str, object]:
        """Return the JSON object that gives this draft: what `parse_draft` reads; null is left out."""
        pairs = zip(self.columns, draft, strict=True)
        return {column.name: column.given(value) for column, value in pairs if value is not None}

    def random_draft(self, random: Random) -> Draft:
        """Return a draft of random content, with every column."""
        return tuple([column.sample(random) for column in self.columns])

    def row_of(self, seq: int, row_id: str, draft: Draft, created_at: str) -> Row:
        """Return the row that a draft becomes."""
        return (seq, row_id, *draft, created_at)

    def to_item(self, row: Row) -> Item:
        """Return the row's own attributes in the ledger; its sequence number is in the key, and null has none."""
        item: Item = {"id": {"S": row[1]}, "created_at": {"S": row[-1]}}
        if self.change is not None:
            item[VERSION] = {"N": str(self.rows_version)}
        for (name, attribute, store), value in zip(self._stores, row[2:-1], strict=True):
            if value is not None:
                item[name] = {attribute: store(value)}  # pyright: ignore[reportArgumentType] - S or N
        return item

    @property
    def read_attributes(self) -> tuple[str, ...]:
        """Return the attributes of an item that `rows_of` needs beside its sequence number."""
        return (*self.names[1:], VERSION) if self.has_upgrade else self.names[1:]

    @property
    def has_upgrade(self) -> bool:
        """Tell whether an old row's new columns are more than the defaults, or those of an older row were."""
        return self.change is not None and (self.change.upgrade is not None or self.change.before.has_upgrade)

    def rows_of(self, seqs: Sequence[int], items: Sequence[Mapping[str, Any]]) -> list[Row]:
        """Return the rows that `to_item` wrote, of this model or an older one, with their sequence numbers.

        Raises KeyError where an item lacks a column, ValueError where it cannot be upgraded.
        """
        if self.change is None or not self.has_upgrade:
            return self._rows_of(seqs, items)
        is_old = [self.change.is_old(item.get(VERSION)) for item in items]
        old = [(seq, item) for seq, item, is_ in zip(seqs, items, is_old, strict=True) if is_]
        new = [(seq, item) for seq, item, is_ in zip(seqs, items, is_old, strict=True) if not is_]
        before = iter(self.change.before.rows_of([seq for seq, _ in old], [item for _, item in old]))
        ours = iter(self._rows_of([seq for seq, _ in new], [item for _, item in new]))
        return [self.change.upgraded(next(before)) if is_ else next(ours) for is_ in is_old]

    def _rows_of(self, seqs: Sequence[int], items: Sequence[Mapping[str, Any]]) -> list[Row]:
        columns = (loaded(column, items) for column in self.columns)
        return list(
            zip(
                seqs,
                [item["id"]["S"] for item in items],
                *columns,
                [item["created_at"]["S"] for item in items],
                strict=True,
            )
        )

    def of_schema(self, schema_version: int) -> Model:
        """Return the model whose segments have this number: this one, or one that it replaces."""
        is_older = schema_version != self.schema_version and self.replaces is not None
        return self.replaces.of_schema(schema_version) if is_older else self  # pyright: ignore[reportOptionalMemberAccess]

    @property
    def counterpart(self) -> Model | None:
        """Return the model that this one replaces, where the same rows have other texts there, and another hash."""
        return self.replaces if self.replaces and self.replaces.rows_version != self.rows_version else None

    def texts_in(self, rows_version: int, rows: Sequence[Row]) -> list[str]:
        """Return our rows' texts as the columns of a version show them: ours, or those that they replace."""
        if rows_version == self.rows_version or self.change is None:
            return self.json_texts(rows)
        return self.change.before.json_texts(self.change.rows_before(rows))

    def meaning(self, draft: Draft) -> dict[str, object]:
        """Return the JSON object that a draft means, the same for a model and the ones that it replaces."""
        before = self.change and self.change.draft_before(draft)
        return self.draft_fields(draft) if not self.change or before is None else self.change.before.meaning(before)

    def shown(self, row: Row) -> dict[str, Any]:
        """Return a row as the API shows it: the JSON object, its nulls included."""
        values = zip(self.columns, row[2:-1], strict=True)
        own = {column.name: None if value is None else column.given(value) for column, value in values}
        return {"id": row[1], **own, "created_at": row[-1]}

    def json_texts(self, rows: Iterable[Row]) -> list[str]:
        """Return the rows as every read path shows them."""
        columns = list(zip(*rows, strict=True))[1:]
        if not columns:
            return []
        pieces: list[Iterable[str]] = []
        for between, show, column in zip(self._between, self._shows, columns, strict=False):
            pieces += [repeat(between), column if show is str else map(show, column)]
        return list(map("".join, zip(*pieces, END, strict=False)))

    def json_text(self, row: Row) -> str:
        """Return one row as every read path shows it."""
        return self.json_texts((row,))[0]

    def _change(self, replaces: Model | None, upgrade: Upgrade | None) -> Change | None:
        if replaces is None:
            if upgrade is not None:
                raise ModelError("upgrade makes rows of those that `replaces` declares, and it declares nothing")
            return None
        if replaces.schema_version == self.schema_version:
            raise ModelError(f"{self.table} replaces a model with the same table, columns and filters: leave it out")
        from handlers.model.change import Change  # noqa: PLC0415 - most models replace nothing

        return Change(replaces, self.columns, upgrade)

    def _unknown(self, fields: Mapping[str, object], where: str) -> list[dict[str, str]]:
        allowed = f"only {', '.join(self.names[2:-1])}"
        return [field_error(where + name, fields[name], allowed) for name in fields if name not in self._given]

    def numbers_of(self, rows: Sequence[Row]) -> list[float]:
        """Return the values of the statistics' column; none where there is no such column."""
        return [row[self._statistics_at] for row in rows] if self._statistics_at else []


def times_of(rows: Sequence[Row]) -> list[str]:
    """Return when rows were appended."""
    return [row[-1] for row in rows]


def _shower(column: Column) -> Callable[[Any], str]:
    if not column.is_nullable:
        return column.show
    return lambda value: "null" if value is None else column.show(value)


def loaded(column: Column, items: Sequence[Mapping[str, Any]]) -> Sequence[Any]:
    """Return a column of the items. Raises KeyError where a required value is missing."""
    name, attribute, load = column.name, column.attribute, column.load
    if not column.required:
        found = [item.get(name) for item in items]
        return [column.default if value is None else load(value[attribute]) for value in found]
    texts = [item[name][attribute] for item in items]
    return texts if load is str else list(map(load, texts))
