"""Rows of a file made drafts, or refused with every reason; and drafts in batches that the API takes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from console.imports.mapping import Mapping
from console.imports.source import FileRow, Source
from handlers.imports.cutting import cut
from handlers.imports.drafts import DraftMaker
from handlers.model.model import Draft, Model


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
        self._maker = DraftMaker(model, mapping.columns, source.read, source.column, has_blanks=source.has_blanks)

    def rows(self) -> Iterator[Checked]:
        """Yield the file's rows, checked."""
        return map(self._check, self._source.rows())

    def _check(self, row: FileRow) -> Checked:
        return Checked(row, None, reasons=(row.fault,)) if row.fault else Checked(row, *self._maker.make(row.fields))


def batches(checked: Iterable[Checked]) -> Iterator[list[Draft]]:
    """Yield the drafts of the rows that are right, as many at a time as a request holds: always the same ones."""
    for batch in cut(each for each in checked if each.draft is not None):
        yield [each.draft for each in batch if each.draft is not None]
