"""Rows of a file that was uploaded, in order, each a draft of the data model or refused; and chunks of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from handlers.imports.csv_rows import read_csv
from handlers.imports.cutting import cut
from handlers.imports.formats import CSV
from handlers.imports.json_rows import read_ndjson
from handlers.imports.lines import BEGINNING, FileLines, Position

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from handlers.imports.lines import Readable
    from handlers.imports.read_row import ReadRow
    from handlers.model.model import Draft, Model


class Chunk(NamedTuple):
    """Rows that one append takes, and those refused among them.

    Attributes:
        end: the place after them: the file, read on from there, gives the chunks that follow.
    """

    drafts: tuple[Draft, ...]
    refused: tuple[ReadRow, ...]
    end: Position


def read_rows(
    file: Readable,
    file_format: str,
    model: Model,
    start: Position = BEGINNING,
    names: Sequence[str] = (),
) -> Iterator[ReadRow]:
    """Yield the rows of a file, and its blank lines; in memory is one row and a block.

    Args:
        file: its bytes from the start on. Whoever makes it sees to it that an end too early is an error of `read`.
        file_format: one of `FORMATS`.
        start: the beginning, or the end of any row.
        names: of the columns of CSV that is not read from its beginning: `read_names` has them.

    Raises:
        FileFaultError: the file cannot be read on.
    """
    lines = FileLines(file, start)
    return read_csv(lines, model, names) if file_format == CSV else read_ndjson(lines, model)


def chunks(rows: Iterable[ReadRow]) -> Iterator[Chunk]:
    """Yield the rows in chunks, which are always the same from one of their ends on.

    A chunk has no more rows and blank lines than a request has rows, and no more bytes of the file than a body, unless
    one row alone has more: so none takes long, whatever the file is.
    """
    for part in cut(rows):
        drafts = tuple(row.draft for row in part if row.draft is not None)
        yield Chunk(drafts, tuple(row for row in part if row.reasons), part[-1].end)
