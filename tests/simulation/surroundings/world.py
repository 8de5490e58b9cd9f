"""The world of one history: its time, its servers, and the processes that live in it."""

from __future__ import annotations

import errno
import os
import random
import sqlite3
from collections.abc import Mapping
from typing import TYPE_CHECKING

from tests.simulation.surroundings.disk import MOUNT, Server
from tests.simulation.surroundings.mount import Mount
from tests.simulation.surroundings.table import Table
from tests.simulation.surroundings.turns import START_S, Actor, Turns

if TYPE_CHECKING:
    from tests.simulation.plan import Operation
    from tests.simulation.surroundings.calls import OpenFile

close_file = os.close
NOON_S = 1_767_960_000.0 - START_S  # of a day in January 2026
MOST_STEPS = 4000  # twice as many as the longest history has
FILE_TROUBLES = (errno.ENOSPC, errno.EIO, errno.EACCES, errno.ESTALE)


class KilledError(BaseException):
    """The process is gone in the middle of a call, and nothing that it would still do happens."""


class BrokenError(BaseException):
    """An invariant does not hold. No handler can catch it."""


class Process:
    """One process: its clocks, its mount, and what goes wrong while it is at one operation.

    Attributes:
        wall_s: how far its wall clock is off.
        luck: of the operation that it is at.
        files: those it has open, by descriptor.
        publishes: how often the projector has published, as its lane counts.
    """

    def __init__(self, world: World, name: str, mount: Mount, disk: str, booted_s: float) -> None:
        self.name = name
        self.mount = mount
        self.disk = disk
        self.booted_s = booted_s
        self.wall_s = 0.0
        self.luck = random.Random(0)
        self.files: dict[int, OpenFile] = {}
        self.connections: list[sqlite3.Connection] = []
        self.calls = 0
        self.had_trouble = False
        self.publishes = 0
        self.is_dead = False
        self._world = world
        self._faults: dict[int, tuple[str, float]] = {}

    def begin(self, operation: Operation) -> None:
        """From now on things go wrong as this operation says."""
        self.luck = random.Random(operation.seed)
        self._faults = {fault.call: (fault.kind, fault.seconds) for fault in operation.faults}
        self.calls, self.had_trouble = 0, False

    def next_call(self) -> tuple[str, float]:
        """Return what goes wrong at the call that comes now, and for how long."""
        self.calls += 1
        return self._faults.get(self.calls, ("", 0.0))

    def close(self) -> None:
        """Give back what a process that is gone had open."""
        for file, opened in self.files.items():
            close_file(file)
            opened.mount.close(opened.inode)
        self.files = {}
        for connection in self.connections:
            connection.close()


class World:
    """Time, the file server, the table, and who is at work.

    Args:
        settings: variables that all functions have.

    Attributes:
        trace: what happened, a line each.
        is_calm: nothing goes wrong any more.
    """

    def __init__(self, folder: str, seed: int, settings: Mapping[str, str]) -> None:
        self.turns = Turns()
        self.seed = seed
        self.settings = settings
        self.folder = folder
        self.server = Server(folder, self.server_s)
        self.server.create(f"{MOUNT}/unused", is_folder=True)
        self.table = Table(lambda: self.turns.now_s)
        self.trace: list[str] = []
        self.is_calm = False
        self._machines = 0
        self._processes: dict[Actor | None, Process] = {}

    def server_s(self) -> float:
        """Return the file server's time."""
        return self.turns.now_s + NOON_S

    @property
    def process(self) -> Process:
        """Return the process that is running."""
        return self._processes[self.turns.actor]

    def start(self, actor: Actor | None, name: str, after: Process | None = None) -> Process:
        """Start a process: on a new machine, or on that of the one that it comes after."""
        if after is None:
            self._machines += 1
            luck = random.Random(f"{self.seed} {self._machines}")
            disk = os.path.join(self.folder, f"disk-{self._machines}")
            mount = Mount(self.server, lambda: self.turns.now_s, luck)
            process = Process(self, name, mount, disk, luck.uniform(0, 1e6))
        else:
            process = Process(self, name, after.mount, after.disk, after.booted_s)
            process.wall_s = after.wall_s
        self._processes[actor] = process
        os.makedirs(process.disk, exist_ok=True)
        return process

    def become(self, process: Process | None) -> None:
        """Let a process go on outside of all turns; None: nobody in particular."""
        if process is None:
            self.start(None, "nobody")
        else:
            self._processes[None] = process

    def close(self) -> None:
        """Close all that processes have open."""
        for process in self._processes.values():
            process.close()

    def note(self, what: str) -> None:
        """Add to the trace."""
        self.trace.append(f"{self.turns.now_s - START_S:12.6f} {self.process.name:9} {what}")

    def sleep(self, seconds: float) -> None:
        """Let the running process sleep."""
        self.turns.pass_s(seconds)
        self.check_alive()

    def call(self, what: str) -> bool:
        """Let the running process make a call over the network. Returns whether it fails."""
        self.check_alive()
        if len(self.trace) > MOST_STEPS:
            raise BrokenError("there is no end to it")
        process = self.process
        kind, seconds = process.next_call()
        self.note(f"{process.calls} {what}{kind and ' | ' + kind}")
        if kind == "kill":
            process.is_dead = True
            raise KilledError
        self.sleep(seconds + latency_s(process.luck))
        process.had_trouble = process.had_trouble or kind == "trouble"
        return kind == "trouble"

    def file_call(self, what: str, path: str) -> None:
        """As `call`, to the file server. Raises OSError where it fails."""
        if self.call(f"{what} {shown(path)}"):
            code = self.process.luck.choice(FILE_TROUBLES)
            self.note(errno.errorcode[code])
            raise OSError(code, os.strerror(code), path)

    def check_alive(self) -> None:
        """Raise KilledError in a process that is gone."""
        if self.process.is_dead:
            raise KilledError


def latency_s(luck: random.Random) -> float:
    """Draw how long a call takes: a millisecond, mostly."""
    lot = luck.random()
    if lot < 0.8:
        return 0.001
    return luck.uniform(0.001, 0.05) if lot < 0.97 else luck.uniform(0.05, 1.0)


def shown(path: str) -> str:
    """Return a path as the trace shows it: without what another version of SQLite would make different."""
    name = path.removeprefix(MOUNT)
    return f"{name[:-20]}…" if name.endswith(".db") else name
