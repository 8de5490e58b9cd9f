"""The limit of SQLite's memory while a statement runs.

It is one for all of SQLite in the process, which runs one statement at a time. It has to go when that is over: the
next read may build a segment in memory. SQLite's PRAGMA can only lower it; the library's own function, which the PRAGMA
calls, lifts it.
"""

from __future__ import annotations

import _sqlite3 as sqlite3  # as snapshots/segment.py has it
import contextlib
import functools

from handlers.snapshots.segment import connect

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator


@contextlib.contextmanager
def heap_limited(more_bytes: int) -> Generator[None]:
    """Let SQLite take so many bytes more than it has; beyond that it raises MemoryError.

    Where the library's functions can't be called (some builds of Python hide them), it gets as many bytes in all, and
    the limit stays.
    """
    set_limit = limit_setter()
    if set_limit is None:
        _lower_for_good(more_bytes)
        yield
        return
    set_limit(more_bytes)
    try:
        yield
    finally:
        set_limit(None)


@functools.cache
def limit_setter(path: str | None = getattr(sqlite3, "__file__", None)) -> Callable[[int | None], None] | None:
    """Return a function that sets the limit beyond what SQLite has now, or with None lifts it.

    Args:
        path: of a library that is, or is linked with, the SQLite in use; None: this program.

    Returns:
        None where that library shows none of SQLite's functions.
    """
    import ctypes  # noqa: PLC0415 - only statements need it, no cold start should wait for it

    library = ctypes.CDLL(path)
    try:
        hard, soft, used = (
            library.sqlite3_hard_heap_limit64,
            library.sqlite3_soft_heap_limit64,
            library.sqlite3_memory_used,
        )
    except AttributeError:
        return None
    hard.argtypes = soft.argtypes = [ctypes.c_int64]
    hard.restype = soft.restype = used.restype = ctypes.c_int64

    def set_limit(more_bytes: int | None) -> None:
        hard(0 if more_bytes is None else used() + more_bytes)
        if more_bytes is None:
            soft(0)  # else page caches go on as if memory were short

    return set_limit


def _lower_for_good(all_bytes: int) -> None:
    connection = connect(":memory:")
    try:
        connection.execute(f"PRAGMA hard_heap_limit = {all_bytes}")
    finally:
        connection.close()
