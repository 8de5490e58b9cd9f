"""Rows of CSV (RFC 4180): a line of names, then a row a line, where a quoted cell may hold lines' ends."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from handlers.imports.drafts import DraftMaker, Made
from handlers.imports.faults import FileFaultError
from handlers.imports.lines import MOST_RECORD_BYTES, FileLines
from handlers.imports.names import (
    check_header,
    likely_delimiter,
    match_names,
    missing_names,
    named_twice,
)
from handlers.imports.read_row import ReadRow
from handlers.imports.values import read_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from handlers.imports.lines import Readable
    from handlers.model.model import Model

MOST_BLANK_LINES = 1000  # before the names
SHOWN_NAMES = 10


def read_names(file: Readable) -> tuple[str, ...]:
    """Return the names of the columns, which a file's beginning has. Raises FileFaultError."""
    return _names(_records(FileLines(file)))


def read_csv(lines: FileLines, model: Model, names: Sequence[str] = ()) -> Iterator[ReadRow]:
    """Yield the rows, and blank lines. An empty cell is no value.

    Args:
        names: of the columns; none: the first line has them.

    Raises:
        FileFaultError: it cannot be read on, or its columns are not the model's.
    """
    records = _records(lines)
    names = names or _names(records)
    maker = _maker(names, model)
    for line, cells in records:
        if not cells:
            made = Made(None)
        elif len(cells) == len(names):
            made = maker.make({name: cell or None for name, cell in zip(names, cells, strict=True)})
        else:
            made = Made(None, reasons=(f"has {len(cells)} cells, the line of names has {len(names)}",))
        yield ReadRow.from_record(line, lines, made)


def _records(lines: FileLines) -> Iterator[tuple[int, list[str]]]:
    """Yield the cells of each row, none of a blank line, and the line in which it begins."""
    csv.field_size_limit(MOST_RECORD_BYTES)  # the lines have the same limit
    line = lines.begin_record()
    try:
        for cells in csv.reader(lines, strict=True):
            yield line, cells
            line = lines.begin_record()
    except csv.Error as error:
        hint = "mend the quotes of the row that begins there"
        raise FileFaultError(f"this is not CSV: {error}", hint, line) from None


def _names(records: Iterator[tuple[int, list[str]]]) -> tuple[str, ...]:
    names: tuple[str, ...] = ()
    for blank, (_, cells) in enumerate(records):
        if blank > MOST_BLANK_LINES:
            raise FileFaultError(f"it begins with over {MOST_BLANK_LINES:,} blank lines", "remove them")
        if cells:
            names = tuple(cells)
            break
    check_header(names)
    return names


def _maker(names: Sequence[str], model: Model) -> DraftMaker:
    """Match the columns with the model's. Raises FileFaultError that names every one at fault."""
    matched = match_names(names, model)
    ours = ", ".join(column.name for column in model.columns)
    if matched.others:
        delimiter = likely_delimiter(names)
        hint = f"write commas between the cells, not {delimiter!r}" if delimiter else f"rename or remove them: {ours}"
        shown = ", ".join(f"column {names.index(name) + 1} {name[:80]!r}" for name in matched.others[:SHOWN_NAMES])
        raise FileFaultError(f"its columns match none of the data model's: {shown}", hint, 1)
    twice = named_twice(matched.columns)
    if twice is not None:
        raise FileFaultError(f"{' and '.join(map(repr, twice[1]))} are both {twice[0]}", "leave one out", 1)
    missing = missing_names(matched.columns, model)
    if missing:
        raise FileFaultError(f"it has no column for {', '.join(missing)}, which every row needs", "add it", 1)
    own = {column.name: column for column in model.columns}
    columns = {theirs: own[name] for theirs, name in matched.columns.items()}
    places = {name: f"column {name!r} ({number})" for number, name in enumerate(names, 1)}
    return DraftMaker(model, columns, read_text, places.__getitem__, has_blanks=True)
