"""The calls of `os` and SQLite that lead to the simulated file system, while there is a world; others go through."""

from __future__ import annotations

import _sqlite3
import os
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest

from tests.simulation.surroundings.disk import MOUNT, Inode, Status
from tests.simulation.surroundings.mount import Mount
from tests.simulation.surroundings.world import World

ROOM = SimpleNamespace(f_bavail=2**20, f_frsize=2**12)  # of every disk
open_file, read_into, read_at, write_to = os.open, os.readv, os.pread, os.write
close_file, seek_in, remove_name, connect_to = os.close, os.lseek, os.unlink, _sqlite3.connect


class OpenFile(NamedTuple):
    """A file that a process has open."""

    inode: Inode
    mount: Mount


class Connection(_sqlite3.Connection):
    """A connection to a published file: each query may find out that it is gone."""

    world: World
    opened: OpenFile | None = None

    def execute(self, *arguments: Any) -> Any:
        if self.opened is not None:
            try:
                self.world.file_call("select", str(self.opened.inode.number))
                self.opened.mount.check_read(self.opened.inode)
            except OSError as error:
                raise sqlite_error("disk I/O error", _sqlite3.SQLITE_IOERR) from error
        return super().execute(*arguments)

    def close(self) -> None:
        super().close()
        if self.opened is not None:
            self.opened.mount.close(self.opened.inode)
            self.opened = None


@dataclass(frozen=True)
class Entry:
    """An entry of a listing."""

    name: str
    path: str
    _status: Status

    def inode(self) -> int:
        return self._status.st_ino

    def stat(self, *, follow_symlinks: bool = True) -> Status:
        return self._status


class Calls:
    """What stands in the place of each function.

    Attributes:
        world: whose files they are; None: nobody's.
    """

    def __init__(self) -> None:
        self.world: World | None = None

    @property
    def here(self) -> World:
        """Return the world."""
        assert self.world is not None
        return self.world

    @contextmanager
    def patched(self) -> Generator[None]:
        """Let them stand there."""
        with pytest.MonkeyPatch.context() as patch:
            for name in ("open", "stat", "lstat", "mkdir", "scandir", "listdir", "link", "unlink", "rename"):
                patch.setattr(os, name, self._by_path(getattr(self, name), getattr(os, name)))
            for name in ("readv", "pread", "write", "fsync", "close"):
                patch.setattr(os, name, self._by_file(getattr(self, name), getattr(os, name)))
            patch.setattr(os, "statvfs", self.statvfs)
            patch.setattr(_sqlite3, "connect", self._by_path(self.connect, self.connect_elsewhere))
            yield

    def _by_path(self, ours: Callable[..., Any], original: Callable[..., Any]) -> Callable[..., Any]:
        def call(path: Any = ".", *arguments: Any, **options: Any) -> Any:
            if self.world is not None and isinstance(path, str) and path.removeprefix("file:").startswith(MOUNT):
                return ours(path, *arguments, **options)
            if self.world is not None and isinstance(path, str):
                self.world.check_alive()  # on its own disk, too, a process that is gone does nothing more
            return original(path, *arguments, **options)

        return call

    def _by_file(self, ours: Callable[..., Any], original: Callable[..., Any]) -> Callable[..., Any]:
        def call(file: int, *arguments: Any) -> Any:
            opened = self.world.process.files.get(file) if self.world is not None else None
            return original(file, *arguments) if opened is None else ours(opened, file, *arguments)

        return call

    def open(self, path: str, flags: int, mode: int = 0o777) -> int:
        self.here.file_call("create" if flags & os.O_CREAT else "open", path)
        process = self.here.process
        inode = process.mount.create(path) if flags & os.O_CREAT else process.mount.open(path)
        file = open_file(inode.content, flags & ~os.O_EXCL, 0o600)
        process.files[file] = OpenFile(inode, process.mount)
        return file

    def statvfs(self, _path: str) -> SimpleNamespace:
        return ROOM

    def stat(self, path: str, **_: Any) -> Status:
        self.here.file_call("stat", path)
        return self.here.process.mount.status(path)

    def lstat(self, path: str, **_: Any) -> Status:
        return self.stat(path)

    def mkdir(self, path: str, mode: int = 0o777) -> None:
        self.here.file_call("mkdir", path)
        self.here.process.mount.create(path, is_folder=True)

    @contextmanager
    def scandir(self, path: str) -> Generator[Sequence[Entry]]:
        server = self.here.server
        yield [Entry(name, f"{path}/{name}", server.status(inode)) for name, inode in self._names(path).items()]

    def listdir(self, path: str) -> list[str]:
        return [*self._names(path)]

    def _names(self, path: str) -> dict[str, Inode]:
        self.here.file_call("list", path)
        return self.here.process.mount.names(path)

    def link(self, source: str, target: str) -> None:
        self.here.file_call("link", target)
        self.here.process.mount.link(source, target)

    def unlink(self, path: str) -> None:
        self.here.file_call("unlink", path)
        self.here.process.mount.unlink(path)

    def rename(self, source: str, target: str) -> None:
        self.here.file_call("rename", source)
        self.here.process.mount.rename(source, target)

    def readv(self, opened: OpenFile, file: int, buffers: list[Any]) -> int:
        if seek_in(file, 0, os.SEEK_CUR) < os.fstat(file).st_size:
            self.here.file_call("read", str(opened.inode.number))
            opened.mount.check_read(opened.inode)
        return read_into(file, buffers)

    def pread(self, opened: OpenFile, file: int, count: int, place: int) -> bytes:
        self.here.file_call("read", str(opened.inode.number))
        opened.mount.check_read(opened.inode)
        return read_at(file, count, place)

    def write(self, opened: OpenFile, file: int, content: Any) -> int:
        """Write all of it, or, if it fails, the first half."""
        try:
            self.here.file_call("write", str(opened.inode.number))
        except OSError:
            write_to(file, bytes(content)[: len(content) // 2])
            raise
        finally:
            self.here.server.written(opened.inode)
        return write_to(file, content)

    def fsync(self, opened: OpenFile, _file: int) -> None:
        self.here.file_call("fsync", str(opened.inode.number))

    def close(self, opened: OpenFile, file: int) -> None:
        self.here.check_alive()
        del self.here.process.files[file]
        close_file(file)
        opened.mount.close(opened.inode)

    def connect(self, target: str, **options: Any) -> Connection:
        path, _, parameters = target.removeprefix("file:").partition("?")
        try:
            self.here.file_call("connect", path)
            inode = self.here.process.mount.open(path)
        except OSError as error:
            raise sqlite_error("unable to open database file", _sqlite3.SQLITE_CANTOPEN) from error
        connection = self.connect_elsewhere(f"file:{inode.content}?{parameters}", **options)
        connection.opened = OpenFile(inode, self.here.process.mount)
        return connection

    def connect_elsewhere(self, target: str, **options: Any) -> Any:
        if self.world is None:
            return connect_to(target, **options)
        self.world.check_alive()
        connection = connect_to(target, factory=Connection, **options)
        connection.world = self.world
        self.world.process.connections.append(connection)
        return connection


def sqlite_error(text: str, code: int) -> _sqlite3.OperationalError:
    """Return the error that SQLite shows."""
    error = _sqlite3.OperationalError(text)
    error.sqlite_errorcode = code
    return error
