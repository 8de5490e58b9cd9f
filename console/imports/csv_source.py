"""CSV (RFC 4180): a line of names, then a row a line, where a quoted cell may hold line breaks."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Iterator
from pathlib import Path

from console.errors import ConsoleError
from console.imports.source import FileRow, TextSource
from handlers.imports.faults import FileFaultError
from handlers.imports.names import check_header
from handlers.imports.values import TEXT_KINDS, read_text

MOST_CELL_CHARACTERS = 1_000_000  # more than a row can hold


class CsvSource(TextSource):
    """A CSV file. An empty cell is no value.

    Args:
        delimiter: between two cells.

    Raises:
        ConsoleError: it cannot be read, or has no line of names.
    """

    places = "line"
    counted = "lines"
    kinds = TEXT_KINDS
    has_blanks = True

    def __init__(self, path: Path, delimiter: str) -> None:
        super().__init__(path)
        self._delimiter = delimiter
        csv.field_size_limit(MOST_CELL_CHARACTERS)
        header = [name for _, names in itertools.islice(self._lines(), 1) for name in names]
        self.names = tuple(name if name.strip() else f"column {number}" for number, name in enumerate(header, 1))
        try:
            check_header(self.names)
        except FileFaultError as fault:
            raise ConsoleError(f"{path}: {fault.what}", fault.hint) from fault
        self.total = self.count_lines()

    def rows(self) -> Iterator[FileRow]:
        """Yield the rows, each with the line in which it begins."""
        lines = self._lines()
        next(lines, None)
        for line, cells in lines:
            if len(cells) == len(self.names):
                yield FileRow(line, {name: cell or None for name, cell in zip(self.names, cells, strict=True)})
            else:
                yield FileRow(line, {}, cells, f"has {len(cells)} cells, the line of names has {len(self.names)}")

    def read(self, kind: str, value: object) -> object:
        """Return a cell as a value of a kind."""
        return read_text(kind, value)

    def column(self, name: str) -> str:
        """Return a column by its name and its number."""
        return f"column {name!r} ({self.names.index(name) + 1})"

    def _lines(self) -> Iterator[tuple[int, list[str]]]:
        """Yield the cells of each row that is not blank, and the line in which it begins."""
        reader = csv.reader(self.lines(), delimiter=self._delimiter, strict=True)
        begun = 1
        try:
            for cells in reader:
                self.position = reader.line_num
                if cells:
                    yield begun, cells
                begun = reader.line_num + 1
        except csv.Error as error:
            message = f"{self.path}, line {begun}: this is not CSV: {error}"
            raise ConsoleError(message, "mend the quotes of the row that begins there") from error
