"""A file of rows, whatever its format: its columns, its rows one by one, and a digest of what it says."""

from __future__ import annotations

import codecs
import contextlib
import os
from abc import ABC, abstractmethod
from collections.abc import Generator, Iterator
from functools import partial
from hashlib import blake2b
from pathlib import Path
from typing import ClassVar, NamedTuple, TextIO

from console.errors import ConsoleError
from handlers.imports.faults import ENCODING_HINT, FileFaultError, check_beginning

BEGINNING_BYTES = 64
BLOCK_BYTES = 1 << 20
DIGEST_BYTES = 16
MOST_CHARACTERS = 3_000_000  # of a row in a file: a byte of its 390 KB may be written as six characters
ARRAY_HINT = "it is a JSON array: name it .json"
SQLITE_BEGINNING = b"SQLite format 3\0"
NULS = b"\0\0"  # no text in any encoding begins so


class FileRow(NamedTuple):
    """One row of a file.

    Attributes:
        place: its line, element or rowid.
        fields: its values by the file's names; None is no value.
        raw: what stands there, where that is no row.
        fault: why it is none.
    """

    place: int
    fields: dict[str, object]
    raw: object = None
    fault: str = ""


class Source(ABC):
    """A file of rows.

    Attributes:
        places: what a row's place is called.
        names: the file's columns.
        kinds: the kinds of values, from the narrowest to the one that takes everything.
        has_blanks: an empty text and no value are the same.
        total, position: how much there is to read, and how much has been read, in what is `counted`.
    """

    places: ClassVar[str]
    counted: ClassVar[str]
    kinds: ClassVar[tuple[str, ...]]
    has_blanks: ClassVar[bool] = False

    names: tuple[str, ...]
    total: int
    position: int

    @abstractmethod
    def rows(self) -> Iterator[FileRow]:
        """Yield the rows in order, from the first; the next call begins anew. Raises ConsoleError."""

    @abstractmethod
    def read(self, kind: str, value: object) -> object:
        """Return a value as a client of the API would send one of this kind. Raises ValueError where it is none."""

    @abstractmethod
    def digest(self) -> str:
        """Return a digest of the content."""

    @abstractmethod
    def check_unchanged(self) -> None:
        """Raise ConsoleError where the file is another one by now."""

    @abstractmethod
    def close(self) -> None:
        """Close the file."""

    def column(self, name: str) -> str:
        """Return a column as a complaint names it."""
        return f"column {name!r}"


class TextSource(Source):
    """A file of text in UTF-8, with or without a byte order mark.

    Raises ConsoleError where it cannot be read, or is no text.
    """

    def __init__(self, path: Path) -> None:
        check_text(path)
        self.path = path
        self._state = self._found()
        self.position = 0

    def digest(self) -> str:
        """Return a digest of the file's bytes."""
        digest = blake2b(digest_size=DIGEST_BYTES)
        for block in self.blocks():
            digest.update(block)
        return digest.hexdigest()

    def check_unchanged(self) -> None:
        """Compare the file's time and size with what they were."""
        if self._found() != self._state:
            raise ConsoleError(f"{self.path} has changed while it was read", "import it again, once it stays as it is")

    def close(self) -> None:
        """Do nothing: the file is open only while its rows are read."""

    def blocks(self) -> Iterator[bytes]:
        """Yield the file's bytes."""
        with readable(self.path), self.path.open("rb") as file:
            while block := file.read(BLOCK_BYTES):
                yield block

    def count_lines(self) -> int:
        """Return how many lines the file has; the last one needs no end."""
        count, last = 0, b""
        for block in self.blocks():
            count, last = count + block.count(b"\n"), block[-1:]
        return count + (last not in (b"", b"\n"))

    def lines(self) -> Iterator[str]:
        """Yield the lines, with their ends. Raises ConsoleError where one is longer than any row."""
        with self.opened() as file:
            for number, line in enumerate(iter(partial(file.readline, MOST_CHARACTERS + 1), ""), 1):
                if len(line) > MOST_CHARACTERS:
                    message = f"{self.path}, line {number}: it has over {MOST_CHARACTERS:,} characters, and no row has"
                    is_array = line.lstrip().startswith("[")
                    raise ConsoleError(message, ARRAY_HINT if is_array else "does each row begin on a line of its own?")
                yield line

    @contextlib.contextmanager
    def opened(self) -> Generator[TextIO]:
        """Open the file; its lines keep their ends. Raises ConsoleError where they are no UTF-8."""
        try:
            with readable(self.path), self.path.open(encoding="utf-8-sig", newline="") as file:
                yield file
        except UnicodeDecodeError as error:
            message = f"{self.path}, line {self._undecodable_line()}: this is not UTF-8 ({error.reason})"
            raise ConsoleError(message, ENCODING_HINT) from error

    def _undecodable_line(self) -> int:
        """Return the number of the first line that is no UTF-8: no other character's bytes hold a line's end."""
        decoder, number = codecs.getincrementaldecoder("utf-8")(), 1
        with self.path.open("rb") as file, contextlib.suppress(UnicodeDecodeError):
            while piece := file.readline(BLOCK_BYTES):
                decoder.decode(piece)
                number += piece.endswith(b"\n")
        return number

    def _found(self) -> tuple[int, int]:
        with readable(self.path):
            found = os.stat(self.path)
        return found.st_mtime_ns, found.st_size


def check_text(path: Path) -> None:
    """Raise ConsoleError where a file cannot be read, or its first bytes are those of something else than text."""
    with readable(path), path.open("rb") as file:
        beginning = file.read(BEGINNING_BYTES)
    if beginning.startswith(SQLITE_BEGINNING):
        raise ConsoleError(f"{path}: this is a SQLite database", "name it .sqlite")
    try:
        check_beginning(beginning)
    except FileFaultError as fault:
        raise ConsoleError(f"{path}: {fault.what}", fault.hint) from fault
    if beginning.startswith(NULS):
        raise ConsoleError(f"{path}: this is no text: it begins with bytes of 0", "write the file again")


@contextlib.contextmanager
def readable(path: Path) -> Generator[None]:
    """Raise what the disk complains about as a ConsoleError."""
    try:
        yield
    except OSError as error:
        raise ConsoleError(
            f"{path} cannot be read: {error.strerror}", "check the file's name and its rights"
        ) from error
