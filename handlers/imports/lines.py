"""Lines of a stream of bytes that can begin at the end of any of its rows; in memory are a block and a line.

A line ends with a line feed, a carriage return or both, and keeps its end, so that the bytes of all lines are the file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from handlers.imports.faults import ARRAY_HINT, ENCODING_HINT, FileFaultError, check_beginning

if TYPE_CHECKING:
    from collections.abc import Iterator

BLOCK_BYTES = 1 << 18
MOST_RECORD_BYTES = 3_000_000  # of a row in a file: a byte of its 390 KB may be written as six


class Readable(Protocol):
    """A file, or as much of one: the body of an answer of S3."""

    def read(self, size: int, /) -> bytes:
        """Return at most so many bytes; none at the end, and there alone."""
        ...


class Position(NamedTuple):
    """The end of the bytes that were read: how many they are, and how many lines."""

    offset_bytes: int = 0
    lines: int = 0


BEGINNING = Position()


class FileLines:
    """The lines of a file from a place on; to be iterated over once.

    Args:
        file: its bytes from that place on.

    Raises:
        FileFaultError: they are no UTF-8, or a record is longer than any row can be.
    """

    def __init__(self, file: Readable, start: Position = BEGINNING) -> None:
        self._file = file
        self._offset_bytes, self._count = self._record = start

    @property
    def position(self) -> Position:
        """Return where the last line ends that was given."""
        return Position(self._offset_bytes, self._count)

    @property
    def record_bytes(self) -> int:
        """Return how long the record at hand is so far."""
        return self._offset_bytes - self._record.offset_bytes

    def begin_record(self) -> int:
        """Take what comes for another record. Returns the number of the line in which it begins."""
        self._record = Position(self._offset_bytes, self._count)
        return self._count + 1

    def __iter__(self) -> Iterator[str]:
        for line in self._split():
            text = self._decoded(line)
            self._offset_bytes += len(line)
            self._count += 1
            self._check_size(self._offset_bytes)
            yield text

    def _split(self) -> Iterator[bytes]:
        """Yield the lines as bytes; a carriage return at a block's end may be half of a line's end."""
        rest = b""
        while block := self._file.read(BLOCK_BYTES):
            lines = (rest + block).splitlines(keepends=True)
            rest = b"" if lines[-1].endswith(b"\n") else lines.pop()
            yield from lines
            self._check_size(self._offset_bytes + len(rest), rest)
        if rest:
            yield rest

    def _decoded(self, line: bytes) -> str:
        if not self._offset_bytes:
            check_beginning(line)
        try:
            return line.decode("utf-8" if self._offset_bytes else "utf-8-sig")
        except UnicodeDecodeError as error:
            raise FileFaultError(f"this is not UTF-8 ({error.reason})", ENCODING_HINT, self._count + 1) from None

    def _check_size(self, end_bytes: int, rest: bytes = b"") -> None:
        if end_bytes - self._record.offset_bytes <= MOST_RECORD_BYTES:
            return
        if not self._offset_bytes:
            check_beginning(rest)
        said = f"the row that begins there has over {MOST_RECORD_BYTES:,} bytes, and no row has"
        hint = ARRAY_HINT if rest.lstrip().startswith(b"[") else "has each row its own line, and each quote its end?"
        raise FileFaultError(said, hint, self._record.lines + 1)
