"""The files of one run, in one folder and named by when it began: the result, its raw data, its report."""

from __future__ import annotations

import contextlib
import csv
from collections.abc import Generator
from datetime import datetime
from pathlib import Path
from typing import NoReturn, TextIO

from console.benchmark.samples import COLUMNS
from console.errors import ConsoleError

SUFFIX = "-benchmark"
OUT = Path("docs/benchmarks")


@contextlib.contextmanager
def raw_data(out: Path, started: datetime) -> Generator[tuple[TextIO, Path]]:
    """Open the file for the raw data, so that a folder that cannot be written is found before anything is measured.

    Yields:
        the file, with its heading, and its path; it is removed again if nothing was added.

    Raises:
        ConsoleError: it cannot be written.
    """
    path = out / f"{started:%Y%m%d-%H%M%S}{SUFFIX}.csv"
    make_folder(out)
    try:
        raw = path.open("x", encoding="utf-8", newline="", buffering=1)
    except OSError as error:
        cannot_write(path, error)
    with raw:
        csv.writer(raw, lineterminator="\n").writerow(COLUMNS)
        heading_bytes = raw.tell()
        try:
            yield raw, path
        finally:
            if raw.tell() == heading_bytes:
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
