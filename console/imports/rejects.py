"""The rows that were refused, in a file of their own: a JSON object a line, with every reason and the row as it was."""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Generator
from pathlib import Path
from typing import Self, TextIO

from console.errors import ConsoleError
from console.imports.checking import Checked
from console.imports.files import check_target, temporary_for

MOST_SHOWN = 10
OPTION = "--rejects"
OWN = re.compile(r'\{"(line|element|rowid)": -?\d+, "reasons": \[')  # how each line begins
OWN_CHARACTERS = 100


class Rejects:
    """A file that is there, as a whole, once all rows are checked and some were refused; also a context manager.

    One of an earlier check is removed when this one begins. What is no such file is never written over.

    Args:
        source: the file that is checked.
        places: what a row's place is called.

    Attributes:
        count: how many rows were refused.
        shown: the reasons of the first ones, each with its place.
    """

    def __init__(self, path: Path, source: Path, places: str) -> None:
        self.path = path
        self.count = 0
        self.shown: list[str] = []
        self._source = source
        self._places = places
        self._file: TextIO | None = None

    def __enter__(self) -> Self:
        check_target(OPTION, self.path, self._source)
        with self._explained():
            if self.path.exists():
                _check_ours(self.path)
                self._place.unlink()
        return self

    def __exit__(self, error: type[BaseException] | None, *_: object) -> None:
        if self._file is None:
            return
        with self._explained():
            self._file.close()
            if error is None:
                os.replace(self._file.name, self._place)
            else:
                os.unlink(self._file.name)

    def add(self, refused: Checked) -> None:
        """Write a row. Raises ConsoleError."""
        row = refused.row
        self.count += 1
        self.shown += [f"{self._places} {row.place}: {reason}" for reason in refused.reasons]
        del self.shown[MOST_SHOWN:]
        content = {self._places: row.place, "reasons": refused.reasons, "row": row.raw if row.fault else row.fields}
        with self._explained():
            if self._file is None:
                self._file = temporary_for(self._place).open("x", encoding="utf-8")
            self._file.write(json.dumps(content, default=repr) + "\n")

    @property
    def _place(self) -> Path:
        """Return where the file really is: a symbolic link stays one."""
        return self.path.resolve()

    @contextlib.contextmanager
    def _explained(self) -> Generator[None]:
        try:
            yield
        except OSError as error:
            message = f"{self.path} cannot be written: {error.strerror}"
            raise ConsoleError(message, f"choose another file with {OPTION}") from error


def rejects_of(path: Path) -> Path:
    """Return where a file's refused rows go, unless another place is asked for."""
    return path.with_name(f"{path.name}.rejects.ndjson")


def _check_ours(path: Path) -> None:
    """Raise ConsoleError where a file holds anything but refused rows; an empty one holds nothing."""
    with path.open(encoding="utf-8", errors="replace") as file:
        beginning = file.read(OWN_CHARACTERS)
    if beginning and not OWN.match(beginning):
        raise ConsoleError(f"{path} is there, and holds no refused rows", f"choose another file with {OPTION}", 2)
