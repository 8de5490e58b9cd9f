"""The copy of a SQLite file that everything is read from: made by the backup API while others go on writing."""

from __future__ import annotations

import os
import shutil
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from console.errors import ConsoleError
from console.terminal import Advance
from console.wording import megabytes

MAGIC = b"SQLite format 3\0"
STEP_PAGES = 2_000
PATIENCE_S = 30.0  # with whoever has locked the file
MOST_RESTARTS = 3  # a writer makes the copy begin again, unless the file is in WAL mode
WAITING = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def copy_database(path: Path, target: Path, advance: Advance) -> None:
    """Copy a database that others may use, under a temporary name first; the copy can be read by its owner alone.

    Args:
        advance: called with the number of bytes just copied.

    Raises:
        ConsoleError: it is no database, or locked for too long, or there is no room for it.
    """
    _check_source(path)
    _check_target(path, target)
    partial = target.with_name(f".{target.name}.partial")
    partial.unlink(missing_ok=True)
    try:
        os.close(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        with closing(open_read_only(path)) as source, closing(sqlite3.connect(partial)) as copy:
            _copy(source, copy, path, advance)
            copy.execute("PRAGMA journal_mode = DELETE")
        partial.replace(target)
    except (sqlite3.Error, OSError) as error:
        raise ConsoleError(
            f"{path} cannot be copied to {target}: {error}", "see that it is a whole database"
        ) from error
    finally:
        partial.unlink(missing_ok=True)


def open_read_only(path: Path) -> sqlite3.Connection:
    """Open a file without the right to change it."""
    address = f"file:{quote(os.path.abspath(path))}?mode=ro"
    return sqlite3.connect(address, uri=True, isolation_level=None, timeout=PATIENCE_S)


def database_bytes(path: Path) -> int:
    """Return the size of a database with its write-ahead log."""
    log = path.with_name(f"{path.name}-wal")
    return path.stat().st_size + (log.stat().st_size if log.exists() else 0)


def _check_source(path: Path) -> None:
    if not path.is_file():
        raise ConsoleError(f"{path} is no file", "name the application's SQLite file", 2)
    try:
        with path.open("rb") as file:
            start = file.read(len(MAGIC))
    except OSError as error:
        raise ConsoleError(f"{path} cannot be read: {error.strerror}", "see who may read it") from error
    if start not in (MAGIC, b""):
        raise ConsoleError(
            f"{path} is no SQLite file: it begins with {start!r}", "name one; an encrypted one cannot be read"
        )


def _check_target(path: Path, target: Path) -> None:
    if target.exists():
        raise ConsoleError(f"{target} exists", "name a file for the backup that does not", 2)
    if not target.parent.is_dir():
        raise ConsoleError(f"{target.parent} is no folder", "make it first", 2)
    needed, free = database_bytes(path), shutil.disk_usage(target.parent).free
    if needed > free:
        said = f"the copy of {path} needs {megabytes(needed)}, and {target.parent} has {megabytes(free)}"
        raise ConsoleError(
            said, "make room, or let --backup name a file on another disk; TMPDIR moves what is temporary"
        )


def _copy(source: sqlite3.Connection, copy: sqlite3.Connection, path: Path, advance: Advance) -> None:
    """Copy page by page; a writer cannot make it begin again for ever, as from some point on none is let in."""
    page_bytes = source.execute("PRAGMA page_size").fetchone()[0]
    (mode,) = source.execute("PRAGMA journal_mode").fetchone()
    restarts = 0
    while True:
        if restarts == MOST_RESTARTS or mode == "wal":
            source.execute(f"PRAGMA busy_timeout = {PATIENCE_S * 1_000:.0f}")
            source.execute("BEGIN")
            source.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        source.execute("PRAGMA busy_timeout = 0")  # from here on it is the watch that waits
        watch = _Watch(path, page_bytes, advance, may_restart=source.in_transaction)
        try:
            source.backup(copy, pages=STEP_PAGES, progress=watch.look, sleep=0.05)
        except _RestartedError:
            advance(-watch.done_bytes)
            restarts += 1
        else:
            return


class _RestartedError(Exception):
    """Somebody has written meanwhile, and the copy begins again."""


class _Watch:
    """The progress of a copy, and an end to one that makes none."""

    def __init__(self, path: Path, page_bytes: int, advance: Advance, *, may_restart: bool) -> None:
        self._path = path
        self._page_bytes = page_bytes
        self._advance = advance
        self._may_restart = may_restart
        self._moved_at = time.monotonic()
        self.done_bytes = 0

    def look(self, status: int, remaining: int, total: int) -> None:
        if status in WAITING:
            if time.monotonic() - self._moved_at > PATIENCE_S:
                said = f"{self._path} has been locked for {PATIENCE_S:.0f} s"
                raise ConsoleError(said, "end the transaction that another program holds open")
            return
        done = (total - remaining) * self._page_bytes
        if done <= self.done_bytes and self.done_bytes and not self._may_restart:
            raise _RestartedError
        self._advance(done - self.done_bytes)
        self.done_bytes, self._moved_at = done, time.monotonic()
