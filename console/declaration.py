"""A wrong handlers/rows.py: every verb loads it, so what is wrong in it is said without a traceback."""

from __future__ import annotations

import traceback
from pathlib import Path

DECLARATION = "handlers/rows.py"
MODULE = "handlers.rows"
HINT = f"mend it (docs/your-data.md), or: git checkout {DECLARATION}"


def fault_of(error: Exception) -> str | None:
    """Return what is wrong with the declaration, and in which line; None where it did not raise the error."""
    if isinstance(error, SyntaxError):
        return _at(error.lineno, error.msg) if _is_declaration(error.filename or "") else None
    if isinstance(error, ImportError) and error.name == MODULE:
        return f"{DECLARATION}: {error.msg}"
    # Each file that is being loaded has a frame of this name: the last one is at fault.
    loading = [(f, line) for f, line in traceback.walk_tb(error.__traceback__) if f.f_code.co_name == "<module>"]
    if not loading or not _is_declaration(loading[-1][0].f_code.co_filename):
        return None
    said = str(error).removeprefix(f"{DECLARATION}: ")  # as a ModelError begins
    return _at(loading[-1][1], said or type(error).__name__)


def _is_declaration(file: str) -> bool:
    return Path(file).match(DECLARATION)


def _at(line: int | None, said: str) -> str:
    return f"{DECLARATION}, line {line}: {said}"
