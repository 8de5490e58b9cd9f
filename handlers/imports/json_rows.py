"""Rows of NDJSON: a JSON object a line, whose names are the columns."""

from __future__ import annotations

import functools
import itertools
from typing import TYPE_CHECKING, cast

from handlers.imports.drafts import DraftMaker, Made
from handlers.imports.faults import ARRAY_HINT, FileFaultError
from handlers.imports.lines import BEGINNING
from handlers.imports.names import Matched, match_names, named_twice
from handlers.imports.read_row import ReadRow
from handlers.imports.values import load_json, read_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from handlers.imports.lines import FileLines
    from handlers.model.model import Model

BLANK = " \t\r\n"
SHOWN_NAMES = 20  # names of a row that are complained about one by one


def read_ndjson(lines: FileLines, model: Model) -> Iterator[ReadRow]:
    """Yield the rows, and blank lines.

    Raises:
        FileFaultError: it cannot be read on.
    """
    objects = _Objects(model)
    is_first = lines.position == BEGINNING
    line = lines.begin_record()
    for text in lines:
        stripped = text.strip(BLANK)
        if is_first and stripped:
            is_first = False
            _check_first(stripped, line)
        yield ReadRow.from_record(line, lines, objects.make(stripped) if stripped else Made(None))
        line = lines.begin_record()


class _Objects:
    """Makes drafts of JSON texts."""

    def __init__(self, model: Model) -> None:
        columns = {column.name: column for column in model.columns}
        self._own = columns.keys()
        self._maker = DraftMaker(model, columns, read_json)

        @functools.lru_cache(maxsize=1)  # the rows of most files have the same names
        def match(names: tuple[str, ...]) -> Matched:
            return match_names(names, model)

        self._match = match

    def make(self, text: str) -> Made:
        """Make a draft."""
        try:
            value = load_json(text)
        except ValueError as error:
            return Made(None, reasons=(f"is not JSON: {error}",))
        if not isinstance(value, dict):
            return Made(None, reasons=("is no JSON object",))
        fields = cast("dict[str, object]", value)
        return self._maker.make(fields) if fields.keys() <= self._own else self._make_matched(fields)

    def _make_matched(self, fields: dict[str, object]) -> Made:
        """Make a draft of an object that has other names than the model."""
        matched = self._match(tuple(fields))
        twice = named_twice(matched.columns)
        if twice is not None:
            return Made(None, reasons=(f"{' and '.join(map(repr, twice[1]))} are both {twice[0]}",))
        values = {ours: fields[theirs] for theirs, ours in matched.columns.items()}
        made = self._maker.make(values, {name: fields[name] for name in itertools.islice(matched.others, SHOWN_NAMES)})
        more = len(matched.others) - SHOWN_NAMES
        return made if more <= 0 else Made(None, reasons=(*made.reasons, f"{more:,} more names match no column"))


def _check_first(text: str, line: int) -> None:
    if text.startswith("["):
        raise FileFaultError("this is no NDJSON: it begins an array", ARRAY_HINT, line)
