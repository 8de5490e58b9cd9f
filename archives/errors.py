"""The error of all who put archives together."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager


class ArchiveError(Exception):
    """An archive cannot be put together; the message names the file that is at fault."""


@contextmanager
def syntax_errors_of(name: str) -> Generator[None]:
    """Raise ArchiveError, which names the file, in place of SyntaxError."""
    try:
        yield
    except SyntaxError as error:
        line = f", line {error.lineno}" if error.lineno else ""
        raise ArchiveError(f"{name}{line}: {error.msg}") from error
