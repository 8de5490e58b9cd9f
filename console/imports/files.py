"""The files that can be read, by their suffix."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Generator
from pathlib import Path

from console.data.export_formats import CSV_SUFFIXES, LINES_SUFFIXES, SQLITE_SUFFIXES
from console.errors import ConsoleError
from console.imports.csv_source import CsvSource
from console.imports.json_source import ArraySource, LinesSource
from console.imports.source import Source, check_text, readable
from console.imports.sqlite_source import SqliteSource

DELIMITERS = dict.fromkeys(CSV_SUFFIXES, ",") | {".tsv": "\t"}
ARRAY_SUFFIXES = (".json",)
SUFFIXES = (*DELIMITERS, *LINES_SUFFIXES, *ARRAY_SUFFIXES, *SQLITE_SUFFIXES)
TAB = "\\t"  # as it is typed


@contextlib.contextmanager
def open_source(path: Path, table: str = "", delimiter: str = "") -> Generator[Source]:
    """Open a file of rows.

    Args:
        table: which table of a SQLite file; empty where there is one alone.
        delimiter: between the cells of CSV; empty: a comma, in a .tsv file a tab.

    Raises:
        ConsoleError: it cannot be read, or an option does not fit it.
    """
    source = _opened(path, table, delimiter)
    with contextlib.closing(source):
        yield source


def check_target(option: str, target: Path, source: Path) -> None:
    """Check that a file to be written is not the one that is read, nor something else than a file.

    Args:
        option: which names the target.

    Raises:
        ConsoleError: it is; also by another name, a symbolic or a hard link.
    """
    with readable(target):
        if not target.exists():
            return
        is_source = os.path.samefile(target, source)
    if is_source:
        raise ConsoleError(f"{option} {target} is the file that is read", "choose another one", 2)
    if not target.is_file():
        raise ConsoleError(f"{option} {target} is no file", "choose another name", 2)


def temporary_for(target: Path) -> Path:
    """Return a file to write to, which then takes the target's name; opened as a new one, it is nobody else's."""
    return target.with_name(f".{target.name}.{os.getpid()}.tmp")


def _opened(path: Path, table: str, delimiter: str) -> Source:
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        check_text(path)  # what it is, such as gzip, says more than its suffix
        raise ConsoleError(f"{path}: this suffix is no kind of file that is known", f"one of {' '.join(SUFFIXES)}", 2)
    if table and suffix not in SQLITE_SUFFIXES:
        raise ConsoleError(f"--table {table}: {path} has no tables", "leave it out", 2)
    if delimiter and suffix not in DELIMITERS:
        raise ConsoleError(f"--delimiter {delimiter}: {path} is no CSV", "leave it out", 2)
    if suffix in SQLITE_SUFFIXES:
        return SqliteSource(path, table)
    if suffix in DELIMITERS:
        return CsvSource(path, _character(delimiter) or DELIMITERS[suffix])
    return (LinesSource if suffix in LINES_SUFFIXES else ArraySource)(path)


def _character(delimiter: str) -> str:
    character = "\t" if delimiter == TAB else delimiter
    if len(character) > 1 or character in ('"', "\n", "\r"):
        raise ConsoleError(f"--delimiter {delimiter} is no single character", "such as --delimiter ';'", 2)
    return character
