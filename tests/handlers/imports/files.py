"""A data model, and files of its rows that are read bit by bit."""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterable

import pytest

from handlers.imports.faults import FileFaultError
from handlers.imports.lines import BEGINNING, Position
from handlers.imports.read_row import ReadRow
from handlers.imports.rows import read_rows
from handlers.model.columns import Boolean, Integer, Json, Number, Text
from handlers.model.model import Model

MODEL = Model(
    "things",
    Text("name"),
    Integer("stock", default=7),
    Number("unit_price", required=False),
    Boolean("in_stock", required=False),
    Json("tags", required=False),
)


class Dripping:
    """A file that gives as many bytes at a time as it likes, as a connection does; and counts them."""

    def __init__(self, content: bytes, sizes: Iterable[int] = (1,)) -> None:
        self._file = io.BytesIO(content)
        self._sizes = itertools.cycle(sizes)

    def read(self, size: int, /) -> bytes:
        return self._file.read(min(size, next(self._sizes)))


class Endless:
    """A file that gives the same block for ever."""

    def __init__(self, block: bytes) -> None:
        self._block = block
        self.given_bytes = 0

    def read(self, size: int, /) -> bytes:
        block = (self._block * (size // len(self._block) + 1))[:size]
        self.given_bytes += len(block)
        return block


def rows_of(content: str | bytes, file_format: str, start: Position = BEGINNING) -> list[ReadRow]:
    """All rows and blank lines of a file."""
    raw = content if isinstance(content, bytes) else content.encode()
    names = ("name", "stock") if start.offset_bytes else ()
    return list(read_rows(io.BytesIO(raw[start.offset_bytes :]), file_format, MODEL, start, names))


def said(rows: Iterable[ReadRow]) -> list[str]:
    """The reasons of rows, each with its line."""
    return [f"{row.line}: {reason}" for row in rows for reason in row.reasons]


def fault(content: str | bytes, file_format: str) -> str:
    """Why a file cannot be read."""
    with pytest.raises(FileFaultError) as error:
        rows_of(content, file_format)
    return str(error.value)
