"""Files of JSON objects: one a line (NDJSON), or all in one array, which is read element by element."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO, cast

from console.errors import ConsoleError
from console.imports.source import ARRAY_HINT, MOST_CHARACTERS, FileRow, TextSource
from console.wording import visible
from handlers.imports.values import JSON_KINDS, load_json, read_json

MOST_NAMES = 1000
BLOCK_CHARACTERS = 1 << 16
BLANK = " \t\r\n"

_decoder = json.JSONDecoder()


class JsonSource(TextSource):
    """Objects, whose names are the columns: all names of all objects, so the file is read to its end once.

    Raises ConsoleError where it cannot be read, or has no objects.
    """

    kinds = JSON_KINDS
    hint = "check the file"  # where it has no row

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        names: dict[str, None] = {}
        for row in self.rows():
            names.update(dict.fromkeys(row.fields))
            if len(names) > MOST_NAMES:
                raise ConsoleError(f"{path} has more than {MOST_NAMES:,} names of columns", "is each object a row?")
        if not names:
            raise ConsoleError(f"{path} has no row: no JSON object with a name in it", self.hint)
        self.names = tuple(names)
        self.total = self.position

    def rows(self) -> Iterator[FileRow]:
        """Yield the rows."""
        for place, text in self.texts():
            try:
                value = load_json(text)
            except ValueError as error:
                yield FileRow(place, {}, text, f"is not JSON: {error}")
                continue
            if isinstance(value, dict):
                yield FileRow(place, cast("dict[str, object]", value))
            else:
                yield FileRow(place, {}, value, "is no JSON object")

    def read(self, kind: str, value: object) -> object:
        """Return a member as a value of a kind."""
        return read_json(kind, value)

    @abstractmethod
    def texts(self) -> Iterator[tuple[int, str]]:
        """Yield the JSON text of each row, and its place."""


class LinesSource(JsonSource):
    """A JSON object a line; blank lines are passed over."""

    places = "line"
    counted = "lines"

    def texts(self) -> Iterator[tuple[int, str]]:
        """Yield the lines."""
        is_first = True
        for number, line in enumerate(self.lines(), 1):
            self.position = number
            if text := line.strip(BLANK):
                if is_first and text.startswith("["):
                    self._suspect(text)
                yield number, text
                is_first = False

    def _suspect(self, text: str) -> None:
        """Take the first line for the beginning of an array, unless it is a value of its own. Raises ConsoleError."""
        self.hint = ARRAY_HINT
        if not text.endswith("]"):
            raise ConsoleError(f"{self.path} is no NDJSON: its first line begins an array", ARRAY_HINT)


class ArraySource(JsonSource):
    """A JSON array. Of the file, one element and what was read with it are in memory at a time."""

    places = "element"
    counted = "elements"

    def texts(self) -> Iterator[tuple[int, str]]:
        """Yield the elements."""
        with self.opened() as file:
            window = Window(self.path, file)
            window.take("[")
            self.position = 0
            if window.peek() == "]":
                window.take("]")
            else:
                yield from self._elements(window)
            if window.peek():
                raise window.error(f"after the array stands {window.peek()!r}")

    def _elements(self, window: Window) -> Iterator[tuple[int, str]]:
        while True:
            self.position += 1
            yield self.position, window.element(self.position)
            if window.take(",]") == "]":
                return


class Window:
    """The part of a JSON text that is looked at; it moves on to the end."""

    def __init__(self, path: Path, file: TextIO) -> None:
        self._path = path
        self._file = file
        self._text = ""
        self._start = 0

    def peek(self) -> str:
        """Return the next character that is not blank; empty at the end."""
        while True:
            while self._start < len(self._text) and self._text[self._start] in BLANK:
                self._start += 1
            if self._start < len(self._text):
                return self._text[self._start]
            if not self._more():
                return ""

    def take(self, wanted: str) -> str:
        """Take the next character, one of those wanted. Raises ConsoleError."""
        found = self.peek()
        if not found or found not in wanted:
            raise self.error(f"{' or '.join(wanted)} is wanted, found {visible(found) or 'its end'}")
        self._start += 1
        return found

    def element(self, number: int) -> str:
        """Take a value; returns its text. Raises ConsoleError."""
        self.peek()
        end = self._end(number)
        while end == len(self._text) and self._more():  # a number may go on
            end = self._end(number)
        text = self._text[self._start : end]
        self._start = end
        return text

    def error(self, what: str) -> ConsoleError:
        """Make the error for a file that is no array of JSON objects."""
        return ConsoleError(f"{self._path} is no JSON array: {what}", "is it NDJSON? Then call it .ndjson")

    def _end(self, number: int) -> int:
        """Return where the value ends; reads on as far as that needs."""
        while True:
            try:
                return _decoder.raw_decode(self._text, self._start)[1]
            except (ValueError, RecursionError) as error:
                is_long = len(self._text) - self._start > MOST_CHARACTERS
                if is_long or isinstance(error, RecursionError) or not self._more():
                    raise self.error(f"element {number} cannot be read: {error}") from None

    def _more(self) -> bool:
        """Read on: as much as there is already, so that a long element is looked at few times."""
        rest = self._text[self._start :]
        block = self._file.read(max(BLOCK_CHARACTERS, len(rest)))
        if block:
            self._text, self._start = rest + block, 0
        return bool(block)
