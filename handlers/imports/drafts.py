"""Drafts of the data model, made of a row's values as a file has them; or every reason why there is none."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from handlers.domain.problem import field_error

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from handlers.model.column import Column
    from handlers.model.model import Draft, Model

_encoder = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))  # one for all: `json.dumps` makes its own
NOTHING: Mapping[str, object] = {}


class Made(NamedTuple):
    """A draft of a row's values, or none.

    Attributes:
        draft: None: the row is refused.
        size_bytes: how large it is in a body.
        reasons: what is wrong with it.
    """

    draft: Draft | None
    size_bytes: int = 0
    reasons: tuple[str, ...] = ()


class DraftMaker:
    """Makes drafts. The model has the last word.

    Args:
        columns: the model's columns by the file's names.
        read: takes a value of the file to what a client of the API would send of a kind. Raises ValueError.
        has_blanks: an empty text and no value are the same in the file.
        place: names a column of the file in a reason.
    """

    def __init__(
        self,
        model: Model,
        columns: Mapping[str, Column],
        read: Callable[[str, object], object],
        place: Callable[[str], str] = "column {!r}".format,
        *,
        has_blanks: bool = False,
    ) -> None:
        self._model = model
        self._read = read
        self._place = place
        self._names = {column.name: name for name, column in columns.items()}
        self._columns = [
            (name, column, "" if has_blanks and column.kind == "text" and column.required else None)
            for name, column in columns.items()
        ]

    def make(self, values: Mapping[str, object], unknown: Mapping[str, object] = NOTHING) -> Made:
        """Make a draft.

        Args:
            values: by the file's names; None is no value.
            unknown: those that are no column's.
        """
        fields: dict[str, object] = {**unknown}
        errors: dict[str, dict[str, str]] = {}
        for name, column, blank in self._columns:
            value = values.get(name)
            try:
                fields[column.name] = blank if value is None else self._read(column.kind, value)
            except ValueError:
                errors[column.name] = field_error(column.name, value, column.allowed)
        draft, refused = self._model.parse_draft(fields, "")
        errors |= {error["field"]: error for error in refused if error["field"] not in errors}
        if draft is None or errors:
            return Made(None, reasons=tuple(map(self._reason, errors.values())))
        return Made(draft, len(_encoder.encode(self._model.draft_fields(draft)).encode()))

    def _reason(self, error: dict[str, str]) -> str:
        name = self._names.get(error["field"])
        where = self._place(name) if name is not None else error["field"]
        return f"{where}: got {error['got']}, allowed: {error['allowed']}"
