"""Rows of a file made drafts, or refused with every reason; and drafts in batches that the API takes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from console.imports.mapping import Mapping
from console.imports.source import FileRow, Source
from handlers.domain.problem import field_error
from handlers.model.model import Draft, Model
from handlers.routes import MAX_INSERT_ROWS

MOST_BATCH_BYTES = 900_000  # of a body: the API takes 1 MB, and no row is larger than 585 KB, escapes included


class Checked(NamedTuple):
    """A row of a file that was looked at.

    Attributes:
        draft: what to send; None: it is refused.
        size_bytes: how large it is in a body.
        reasons: what is wrong with it.
    """

    row: FileRow
    draft: Draft | None
    size_bytes: int = 0
    reasons: tuple[str, ...] = ()


class Checker:
    """Reads a file's rows as the data model's. The model has the last word."""

    def __init__(self, source: Source, mapping: Mapping, model: Model) -> None:
        self._source = source
        self._mapping = mapping
        self._model = model
        self._names = {column.name: name for name, column in mapping.columns.items()}
        self._blank = {
            name
            for name, column in mapping.columns.items()
            if source.has_blanks and column.kind == "text" and column.required
        }

    def rows(self) -> Iterator[Checked]:
        """Yield the file's rows, checked."""
        return map(self._check, self._source.rows())

    def _check(self, row: FileRow) -> Checked:
        if row.fault:
            return Checked(row, None, reasons=(row.fault,))
        fields, errors = self._fields(row)
        draft, refused = self._model.parse_draft(fields, "")
        errors |= {error["field"]: error for error in refused if error["field"] not in errors}
        if draft is None or errors:
            return Checked(row, None, reasons=tuple(map(self._reason, errors.values())))
        return Checked(row, draft, len(_json_text(self._model.draft_fields(draft)).encode()))

    def _fields(self, row: FileRow) -> tuple[dict[str, object], dict[str, dict[str, str]]]:
        """Return what a client would send for a row, and an error for each value that cannot be read."""
        fields: dict[str, object] = {}
        errors: dict[str, dict[str, str]] = {}
        for name, column in self._mapping.columns.items():
            value = row.fields.get(name)
            if value is None:
                fields[column.name] = "" if name in self._blank else None
                continue
            try:
                fields[column.name] = self._source.read(column.kind, value)
            except ValueError:
                errors[column.name] = field_error(column.name, value, column.allowed)
        return fields, errors

    def _reason(self, error: dict[str, str]) -> str:
        name = self._names.get(error["field"])
        where = self._source.column(name) if name is not None else error["field"]
        return f"{where}: got {error['got']}, allowed: {error['allowed']}"


def batches(checked: Iterable[Checked]) -> Iterator[list[Draft]]:
    """Yield the drafts of the rows that are right, as many at a time as a request holds: always the same ones."""
    batch: list[Draft] = []
    size_bytes = 0
    for each in checked:
        if each.draft is None:
            continue
        if len(batch) == MAX_INSERT_ROWS or (batch and size_bytes + each.size_bytes + 1 > MOST_BATCH_BYTES):
            yield batch
            batch, size_bytes = [], 0
        batch.append(each.draft)
        size_bytes += each.size_bytes + 1
    if batch:
        yield batch


def _json_text(fields: dict[str, object]) -> str:
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"))
