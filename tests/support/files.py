"""The file side without a gateway: a ledger in memory, publishers and readers on real folders, and faults on demand."""

from __future__ import annotations

import _sqlite3
import gc
import os
import sqlite3
import stat
import warnings
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self, cast

import pytest

from handlers.aws.dynamodb import Deadline
from handlers.domain.bookmark import NOTHING, Bookmark
from handlers.ledger.head import Head
from handlers.ledger.ledger import Ledger, Range
from handlers.model.model import Row
from handlers.reads.page import PageQuery
from handlers.reads.sqlite_efs import SqliteReader
from handlers.reads.sqlite_tmp import CopyingReader
from handlers.rows import MODEL
from handlers.settings import Settings
from handlers.snapshots.catalog import Catalog
from handlers.snapshots.names import Name, snapshots_dir
from handlers.snapshots.publish import Publisher
from handlers.snapshots.published import Proof, Published
from handlers.snapshots.rebuild import Rebuild
from handlers.telemetry.usage import Usage
from tests.support.drafts import draft, with_value

EPOCH = 1000
ALL = {"limit": "1000", "order": "asc"}


def make_row(seq: int, value: float | None = None) -> Row:
    """A row whose content follows from its sequence number."""
    created_at = f"2026-01-01T{seq // 3600 % 24:02d}:{seq // 60 % 60:02d}:{seq % 60:02d}.000Z"
    row = MODEL.row_of(seq, f"id-{seq:08d}", draft(seq), created_at)
    return with_value(row, (seq * 0.618034) % 1 if value is None else value)


def make_rows(count: int, first: int = 1) -> list[Row]:
    return [make_row(seq) for seq in range(first, first + count)]


class MemoryLedger(Ledger):
    """The ledger's reading side, in memory."""

    def __init__(self, count: int = 0, epoch: int = EPOCH) -> None:
        self.epoch = epoch
        self.stored = make_rows(count)
        self.spans: list[Range] = []
        self._branches: dict[int, Head] = {}
        self._heads: dict[int, Head] = {}
        self._hashed: list[Row] = []

    @property
    def bookmark(self) -> Bookmark:
        return Bookmark(self.epoch, len(self.stored))

    def grow(self, count: int) -> Bookmark:
        """Append rows; those of a branch are others than those of the history it left."""
        for row in make_rows(count, len(self.stored) + 1):
            is_branch = self.epoch in self._branches
            self.stored.append(make_row(row[0], row[0] * self.epoch * 0.618034 % 1) if is_branch else row)
        return self.bookmark

    def branch(self, epoch: int, seq: int) -> None:
        """Go on from the first so many rows as a new epoch."""
        roots = MemoryLedger.head(self, Deadline()).roots
        self.stored = self.stored[:seq]
        self._branches[epoch] = replace(Head.new(self.epoch).plus(self.stored), roots=roots).branch(epoch)
        self.epoch = epoch

    def head(self, deadline: Deadline) -> Head:
        begun = self._branches.get(self.epoch, Head.new(self.epoch))
        known = self._heads.get(self.epoch, begun)
        if known.seq > len(self.stored) or self.stored[: known.seq] != self._hashed:
            known = begun
        self._heads[self.epoch] = known = known.plus(self.stored[known.seq :])
        self._hashed = list(self.stored)
        return known

    def rows(self, span: Range, deadline: Deadline) -> Iterator[list[Row]]:
        self.spans.append(span)
        for part in span.parts():
            yield self.stored[part.first - 1 : part.last]


class Place:
    """Folders as one sandbox sees them: the shared file system, and a disk of its own."""

    def __init__(self, folder: Path, efs: Path | None = None, **environ: str) -> None:
        self.efs = efs or folder / "efs"
        self.tmp = folder / "tmp"
        for made in (self.efs, self.tmp):
            made.mkdir(parents=True, exist_ok=True)
        variables = {"EFS_DIR": str(self.efs), "TMP_DIR": str(self.tmp), "CHECK_INTERVAL_MS": "0"}
        self.settings = Settings(variables | environ)
        self.snapshots = self.efs / "snapshots"
        self.staging = self.efs / "staging"
        self.quarantine = self.efs / "quarantine"

    def catalog(self) -> Catalog:
        return Catalog(snapshots_dir(str(self.efs)), self.settings.check_interval_s)

    def publisher(self, ledger: Ledger) -> Publisher:
        return Publisher(ledger, self.settings)

    def on_efs(self) -> SqliteReader:
        return SqliteReader(self.catalog(), self.settings)

    def in_tmp(self) -> CopyingReader:
        return CopyingReader(self.catalog(), self.settings)

    def publish(self, ledger: MemoryLedger, *, compact: bool = False) -> Published:
        """By a publisher that starts cold."""
        return publish(self.publisher(ledger), ledger, compact=compact)

    def publish_parts(self, ledger: MemoryLedger, *counts: int) -> Published:
        """So many rows at a time; a segment each where each is 200 rows, or 8 times the next ones, or more."""
        publisher = self.publisher(ledger)
        return [publish(publisher, ledger) for count in counts if ledger.grow(count)][-1]

    def rebuild(self, ledger: MemoryLedger) -> Published:
        """By a publisher that starts cold."""
        return Rebuild(self.publisher(ledger), self.settings).go_on(ledger.bookmark, Usage())

    def path(self, published: Published | Name) -> Path:
        """The newest segment's file."""
        return self.snapshots / (published.chain[0] if isinstance(published, Published) else published)

    def plant(self, content: bytes, bookmark: Bookmark, digest: str = "0123456789abcdef", first: int = 1) -> Path:
        """A file with a well-formed name and any content."""
        self.snapshots.mkdir(exist_ok=True)
        path = self.snapshots / Name.of(bookmark, first, digest)
        path.write_bytes(content)
        return path


def publish(publisher: Publisher, ledger: MemoryLedger, *, compact: bool = False) -> Published:
    proof = Proof.WHOLLY if compact else Proof.UNCHANGED
    return publisher.publish(ledger.bookmark, Usage(), compact=compact, proof=proof)


def texts_of(text: str, count: int) -> list[str]:
    """The rows of a page's text, which has to be as many as it says."""
    texts = ["{" + part for part in text.split("{")[1:]]
    assert len(texts) == count
    return [part.removesuffix(",") for part in texts]


def page(reader: SqliteReader, at_least: Bookmark = NOTHING, **parameters: str) -> list[str]:
    """A page's rows, oldest first and as many as there can be unless told otherwise."""
    query = PageQuery(ALL | parameters)
    text, count, _ = reader.read(at_least, Usage(), lambda view: view.page(query))
    return texts_of(text, count)


def served(reader: SqliteReader, at_least: Bookmark = NOTHING) -> Bookmark:
    return reader.read(at_least, Usage(), lambda view: view.bookmark)


def count_of(reader: SqliteReader) -> int:
    """How many rows a page gives; it must be as many as the bookmark says."""
    count = len(page(reader))
    assert served(reader).seq == count
    return count


def contents(path: Path) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    """All rows and the meta row, read by nothing of ours."""
    connection = sqlite3.connect(path)
    try:
        rows = connection.execute(f"SELECT * FROM {MODEL.sql_table} ORDER BY seq").fetchall()
        return rows, connection.execute("SELECT * FROM segment").fetchall()
    finally:
        connection.close()


def flip_bit(path: Path, bit: int) -> None:
    """Damage a file. Its time moves on by a second: the file system's clock may not have ticked since it was made."""
    before = path.stat()
    content = bytearray(path.read_bytes())
    content[bit // 8] ^= 1 << bit % 8
    path.write_bytes(content)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + 1_000_000_000))


def names_in(folder: Path) -> list[str]:
    return sorted(os.listdir(folder)) if folder.exists() else []


def descriptors() -> int:
    """How many files and folders are open here; not sockets and pipes, which other threads open and close at will."""
    gc.collect()
    return sum(map(_is_file, os.listdir("/dev/fd")))


def _is_file(descriptor: str) -> bool:
    try:
        mode = os.fstat(int(descriptor)).st_mode
    except OSError:  # the one by which the directory was listed
        return False
    return stat.S_ISREG(mode) or stat.S_ISDIR(mode)


@contextmanager
def without_flushing() -> Generator[None]:
    """`fsync` does nothing: no test cuts the power, and a real one takes longer than all the rest of a publish."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", int)
        yield


PATH_CALLS = ("open", "stat", "lstat", "scandir", "listdir", "mkdir", "link", "unlink", "rename", "statvfs")
FILE_CALLS = ("readv", "pread", "fstat", "write", "fsync", "close")


class Calls:
    """Records the calls of `os` (and the databases opened) under a folder, and lets one of them strike.

    Args:
        folder: calls elsewhere are let through unseen.
        at: the number of the call, from 1, that strikes; 0: none.
        strike: what happens then. A write writes its first half before, a close closes.
    """

    def __init__(self, folder: Path, at: int = 0, strike: Callable[[], None] = lambda: None) -> None:
        self.seen: list[str] = []
        self._root = str(folder)
        self._at = at
        self._strike = strike
        self._files: set[int] = set()
        self._patch = pytest.MonkeyPatch()

    @property
    def has_struck(self) -> bool:
        return 0 < self._at <= len(self.seen)

    def __enter__(self) -> Self:
        for name in (*PATH_CALLS, *FILE_CALLS):
            self._patch.setattr(os, name, self._wrapped(name, getattr(os, name)))
        self._patch.setattr(_sqlite3, "connect", self._wrapped("connect", _sqlite3.connect))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._patch.undo()

    def _wrapped(self, name: str, original: Callable[..., object]) -> Callable[..., object]:
        def wrapper(*arguments: object, **options: object) -> object:
            if not self._concerns(arguments[0] if arguments else "."):
                return original(*arguments, **options)
            self.seen.append(name)
            if len(self.seen) == self._at:
                self._before(name, original, arguments)
                self._strike()
            result = original(*arguments, **options)
            if name == "open" and isinstance(result, int):
                self._files.add(result)
            if name == "close":
                self._files.discard(cast("int", arguments[0]))
            return result

        return wrapper

    def _concerns(self, target: object) -> bool:
        if isinstance(target, int):
            return target in self._files
        return str(target).removeprefix("file:").startswith(self._root)

    def _before(self, name: str, original: Callable[..., object], arguments: Sequence[object]) -> None:
        if name == "write":
            content = bytes(cast("memoryview[int]", arguments[1]))
            original(arguments[0], content[: len(content) // 2])
        if name == "close":
            original(*arguments)


def failing(code: int) -> Callable[..., None]:
    """A strike: the call fails with this errno."""

    def fail(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    return fail


def in_child(run: Callable[[], object]) -> int:
    """Run in a forked process that never comes back here. Returns its exit code: minus the signal that killed it."""
    return wait(start(run))


def start(run: Callable[[], object]) -> int:
    """Fork. Returns the child's process id."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # a forked child with threads elsewhere: it takes no lock
        child = os.fork()
    if child:
        return child
    code = 1
    try:
        run()
        code = 0
    finally:
        os._exit(code)


def wait(child: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
