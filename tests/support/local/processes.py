"""What the tests need to know about processes: who is whose child, what it runs, and who is gone."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

PATIENCE_S = 120.0

Children = Callable[[], set[int]]


class Process(NamedTuple):
    """A line of `ps`."""

    parent: int
    state: str
    command: str

    @property
    def has_ended(self) -> bool:
        """One that only waits to be collected by its parent has ended; not so while a thread of it is left ("l")."""
        return self.state.startswith("Z") and "l" not in self.state


def until(condition: Callable[[], object]) -> None:
    """Wait until something is true; fails when it never becomes so."""
    deadline_s = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline_s, "this never became true"
        time.sleep(0.01)


def gone(pid: int) -> bool:
    """True when the process has ended."""
    process = _process_table().get(pid)
    return process is None or process.has_ended


def children(pid: int | None = None) -> set[int]:
    """The running children of a process, of this one by default."""
    return set(_children(os.getpid() if pid is None else pid))


def child_that_runs(module: str, pid: int) -> int:
    """The only running child of a process that was started with `python -m module`."""
    (found,) = [child for child, process in _children(pid).items() if f" -m {module}" in process.command]
    return found


def read_when_there(path: Path) -> str:
    """The content of a file that another process is about to write."""
    until(lambda: path.exists() and path.read_text())
    return path.read_text()


def _children(parent: int) -> dict[int, Process]:
    return {
        pid: process for pid, process in _process_table().items() if process.parent == parent and not process.has_ended
    }


def _process_table() -> dict[int, Process]:
    with subprocess.Popen(["ps", "-A", "-o", "pid=,ppid=,stat=,args="], stdout=subprocess.PIPE, text=True) as ps:
        lines = [line.split(None, 3) for line in ps.communicate()[0].splitlines()]
    table = {int(pid): Process(int(parent), state, " ".join(rest)) for pid, parent, state, *rest in lines}
    del table[ps.pid]
    return table
