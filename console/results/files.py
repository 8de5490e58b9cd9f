"""The files of one run, in one folder and named by when it began: the result, its raw data, its report."""

from __future__ import annotations

import contextlib
import csv
from collections.abc import Generator, Sequence
from datetime import datetime
from pathlib import Path
from typing import NoReturn

from console.errors import ConsoleError

SUFFIX = "-benchmark"
OUT = Path("docs/benchmarks")


class Lines:
    """A file that each line is written to at once, unbuffered: after an error closing has nothing left to trip on.

    Args:
        path: is made; it must not be there.

    Raises:
        OSError: it cannot be made.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = 0
        self._file = path.open("xb", buffering=0)

    def write(self, line: str) -> None:
        """Add a line, with its end. Raises OSError; the file may then end with a part of it."""
        self.count += 1
        rest = line.encode()
        while rest:
            rest = rest[self._file.write(rest) :]

    def close(self) -> None:
        """Close the file: nothing can be added any more."""
        self._file.close()


@contextlib.contextmanager
def raw_data(out: Path, started: datetime, columns: Sequence[str]) -> Generator[Lines]:
    """Make the file for the raw data, so that a folder that cannot be written is found before anything is measured.

    Yields:
        the file, with its heading; it is removed again if nothing was added.

    Raises:
        ConsoleError: it cannot be written.
    """
    path = out / f"{started:%Y%m%d-%H%M%S}{SUFFIX}.csv"
    make_folder(out)
    try:
        lines = Lines(path)
    except OSError as error:
        cannot_write(path, error)
    with contextlib.closing(lines):
        try:
            _write_heading(lines, columns)
            yield lines
        finally:
            if lines.count == 1:
                path.unlink()


def make_folder(folder: Path) -> None:
    """Make a folder if it is not there. Raises ConsoleError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        cannot_write(folder, error)


def cannot_write(path: Path, error: OSError) -> NoReturn:
    """Raises ConsoleError."""
    raise ConsoleError(f"{path} cannot be written: {error.strerror}", "another folder with --out") from error


def _write_heading(lines: Lines, columns: Sequence[str]) -> None:
    try:
        csv.writer(lines, lineterminator="\n").writerow(columns)
    except OSError as error:
        cannot_write(lines.path, error)
