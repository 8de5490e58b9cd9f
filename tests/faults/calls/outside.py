"""Everything that leaves the process: calls to the file system, to SQLite and to the table, noted one by one.

`os`, `_sqlite3.connect` and the table in memory are wrapped once. A call is told by what it is, where it goes, the
place in the code that makes it, and how often that came before; so it can be found again in the next run, and one
of them can be made to fail.
"""

from __future__ import annotations

import _sqlite3
import inspect
import os
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, NamedTuple, Self

import pytest

import handlers
from tests.faults.calls import table
from tests.faults.calls.table import MemoryTable

ROOT = os.path.dirname(handlers.__file__)
PATH_CALLS = ("open", "stat", "lstat", "scandir", "listdir", "mkdir", "link", "unlink", "rename", "statvfs")
FILE_CALLS = ("readv", "pread", "fstat", "write", "fsync", "close")
STATEMENTS = ("execute", "executemany", "executescript")


class Site(NamedTuple):
    """A place in the code that makes a call: "snapshots/files.py", "FileCopy.step", "readv"."""

    file: str
    function: str
    name: str


class Call(NamedTuple):
    """One call of a run.

    Attributes:
        home: "efs", "tmp" or "table".
        name: of the function that is called; "create" for an open that makes a file, "select" for such a statement.
        site: where it stands.
        number: how many calls there were from this site to this home, with this one.
    """

    home: str
    name: str
    site: Site
    number: int

    def __str__(self) -> str:
        return f"{self.home} {self.name} in {self.site.file} {self.site.function}, no. {self.number}"


class Run:
    """A call that is about to be made.

    Args:
        make: makes it.
        begin: does the part of it that is done where it fails: half of a write, all of a close.
    """

    def __init__(self, make: Callable[[], Any], begin: Callable[[], object] = lambda: None) -> None:
        self.begin = begin
        self._make = make

    def __call__(self) -> Any:
        return self._make()


Meddle = Callable[[Call], Callable[[Run], Any] | None]


def _leave_alone(_call: Call) -> None:
    return None


class Outside:
    """The one who stands at the door. Until `watched`, and outside of it, nothing is noted."""

    def __init__(self) -> None:
        self._folder = ""
        self._homes: dict[int, str] = {}  # by descriptor
        self._seen: list[Call] | None = None
        self._counts: Counter[tuple[str, str, Site]] = Counter()
        self._meddle: Meddle = _leave_alone
        self._lock = threading.RLock()

    @contextmanager
    def watched(self, folder: Path, meddle: Meddle = _leave_alone) -> Generator[list[Call]]:
        """Note the calls to a folder's `efs` and `tmp…` and to the table.

        Args:
            meddle: told of each call before it is made; gives what is done with it instead, None: nothing.
        """
        self._folder, self._meddle = f"{folder}/", meddle
        self._counts.clear()
        self._seen = seen = list[Call]()
        try:
            yield seen
        finally:
            self._seen = None

    def home_of(self, target: object) -> str:
        """Return the home of a descriptor, a path or a URI; "" where it is none of ours."""
        if isinstance(target, int):
            return self._homes.get(target, "")
        if not self._folder:
            return ""
        _, _, rest = str(target).partition(self._folder)
        return rest[:3] if rest[:3] in ("efs", "tmp") else ""

    def make(self, home: str, name: str, run: Run, frame: FrameType | None, as_name: str = "") -> Any:
        """Make a call, or what is done with it instead."""
        fault = self._fault(home, name, frame, as_name) if home and self._seen is not None else None
        return run() if fault is None else fault(run)

    def opened(self, descriptor: int, home: str) -> None:
        if home:
            self._homes[descriptor] = home

    def closed(self, descriptor: int) -> None:
        self._homes.pop(descriptor, None)

    def _fault(self, home: str, name: str, frame: FrameType | None, as_name: str) -> Callable[[Run], Any] | None:
        site = site_of(frame, as_name or name)
        with self._lock:
            if self._seen is None:
                return None
            self._counts[home, name, site] += 1
            call = Call(home, name, site, self._counts[home, name, site])
            self._seen.append(call)
            return self._meddle(call)


OUTSIDE = Outside()


class WatchedConnection(sqlite3.Connection):
    """A connection whose statements are calls to the outside."""

    home = ""

    def execute(self, *arguments: Any) -> Any:
        make = super().execute
        name = "select" if arguments[0].startswith("SELECT") else "execute"
        return OUTSIDE.make(self.home, name, Run(lambda: make(*arguments)), frame_of_caller(), "execute")

    def executemany(self, *arguments: Any) -> Any:
        make = super().executemany
        return OUTSIDE.make(self.home, "execute", Run(lambda: make(*arguments)), frame_of_caller(), "executemany")

    def executescript(self, *arguments: Any) -> Any:
        make = super().executescript
        return OUTSIDE.make(self.home, "execute", Run(lambda: make(*arguments)), frame_of_caller(), "executescript")


class WatchedEntry:
    """An entry of a listing: its `stat` is a call, its name and inode are there already."""

    def __init__(self, entry: os.DirEntry[str], home: str) -> None:
        self.name, self.path, self.inode = entry.name, entry.path, entry.inode
        self._entry = entry
        self._home = home

    def stat(self, *, follow_symlinks: bool = True) -> os.stat_result:
        run = Run(lambda: self._entry.stat(follow_symlinks=follow_symlinks))
        return OUTSIDE.make(self._home, "lstat", run, frame_of_caller(), "stat")


class WatchedEntries:
    """A listing: what comes out of it is read when it is gone through."""

    def __init__(self, entries: Any, home: str) -> None:
        self._entries = entries
        self._home = home

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._entries.close()

    def __iter__(self) -> Iterator[WatchedEntry]:
        found = OUTSIDE.make(self._home, "readdir", Run(lambda: list(self._entries)), frame_of_caller(), "scandir")
        return iter([WatchedEntry(entry, self._home) for entry in found])


@contextmanager
def doors() -> Generator[Outside]:
    """Wrap all calls."""
    with pytest.MonkeyPatch.context() as patch:
        for name in (*PATH_CALLS, *FILE_CALLS):
            patch.setattr(os, name, _wrapped(name, getattr(os, name)))
        patch.setattr(_sqlite3, "connect", _connecting(_sqlite3.connect))
        for original in table.CALLS:
            patch.setattr(MemoryTable, original.__name__, _asking(original))
        yield OUTSIDE


def frame_of_caller() -> FrameType | None:
    """Return the frame that called the function that asks."""
    asking = inspect.currentframe()
    return asking.f_back.f_back if asking is not None and asking.f_back is not None else None


def site_of(frame: FrameType | None, name: str) -> Site:
    """Return the innermost place in `handlers/` that a frame was called from."""
    while frame is not None:
        file = frame.f_code.co_filename
        if file.startswith(ROOT):
            return Site(file[len(ROOT) + 1 :], frame.f_code.co_qualname.partition(".<locals>")[0], name)
        frame = frame.f_back
    raise AssertionError(f"{name} was called by nobody of ours")


def _wrapped(name: str, original: Callable[..., Any]) -> Callable[..., Any]:
    def wrapper(*arguments: Any, **options: Any) -> Any:
        target = arguments[0] if arguments else "."
        home = OUTSIDE.home_of(target)
        if not home:
            return original(*arguments, **options)
        is_new = name == "open" and arguments[1] & os.O_CREAT
        run = Run(lambda: original(*arguments, **options), _beginning(name, original, arguments))
        result = OUTSIDE.make(home, "create" if is_new else name, run, frame_of_caller(), name)
        if name == "open":
            OUTSIDE.opened(result, home)
        return WatchedEntries(result, home) if name == "scandir" else result

    return wrapper


def _beginning(name: str, original: Callable[..., Any], arguments: tuple[Any, ...]) -> Callable[[], object]:
    """Return what a call has done once it has failed."""
    if name == "write":
        return lambda: original(arguments[0], arguments[1][: len(arguments[1]) // 2])
    if name == "close":
        OUTSIDE.closed(arguments[0])
        return lambda: original(*arguments)
    return lambda: None


def _connecting(original: Callable[..., Any]) -> Callable[..., Any]:
    def connect(database: str, **options: Any) -> Any:
        home = OUTSIDE.home_of(database)

        def run() -> Any:
            connection = original(database, **options, factory=WatchedConnection)
            connection.home = home
            return connection

        return OUTSIDE.make(home, "connect", Run(run), frame_of_caller())

    return connect


def _asking(original: Callable[..., Any]) -> Callable[..., Any]:
    def ask(client: MemoryTable, **arguments: Any) -> Any:
        run = Run(lambda: original(client, **arguments))
        return OUTSIDE.make("table", original.__name__, run, frame_of_caller())

    return ask
