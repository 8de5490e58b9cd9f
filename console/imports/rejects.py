"""The rows that were refused, in a file of their own: a JSON object a line, with every reason and the row as it was."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Self, TextIO

from console.errors import ConsoleError
from console.imports.checking import Checked

MOST_SHOWN = 10


class Rejects:
    """A file that is made when the first row is refused; also a context manager.

    Args:
        places: what a row's place is called.

    Attributes:
        count: how many rows were refused.
        shown: the reasons of the first ones, each with its place.
    """

    def __init__(self, path: Path, places: str) -> None:
        self.path = path
        self.count = 0
        self.shown: list[str] = []
        self._places = places
        self._file: TextIO | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def add(self, refused: Checked) -> None:
        """Write a row. Raises ConsoleError."""
        row = refused.row
        self.count += 1
        self.shown += [f"{self._places} {row.place}: {reason}" for reason in refused.reasons]
        del self.shown[MOST_SHOWN:]
        content = {self._places: row.place, "reasons": refused.reasons, "row": row.raw if row.fault else row.fields}
        try:
            if self._file is None:
                self._file = self.path.open("w", encoding="utf-8")
            self._file.write(json.dumps(content, default=repr) + "\n")
        except OSError as error:
            message = f"{self.path} cannot be written: {error.strerror}"
            raise ConsoleError(message, "choose another file with --rejects") from error


def rejects_of(path: Path) -> Path:
    """Return where a file's refused rows go, unless another place is asked for."""
    return path.with_name(f"{path.name}.rejects.ndjson")
