"""What the tests need to know about processes: who is whose child, and who is gone."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

PATIENCE_S = 20.0


def until(condition: Callable[[], object]) -> None:
    """Wait until something is true; fails when it never becomes so."""
    deadline_s = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline_s, "this never became true"
        time.sleep(0.01)


def gone(pid: int) -> bool:
    """True when the process has ended; one that only waits to be collected by its parent counts as ended."""
    return _process_table().get(pid, (0, "Z"))[1].startswith("Z")


def children(pid: int | None = None) -> set[int]:
    """The running children of a process, of this one by default."""
    parent = os.getpid() if pid is None else pid
    table = _process_table()
    return {child for child, (its_parent, _) in table.items() if its_parent == parent and not gone(child)}


def read_when_there(path: Path) -> str:
    """The content of a file that another process is about to write."""
    until(lambda: path.exists() and path.read_text())
    return path.read_text()


def _process_table() -> dict[int, tuple[int, str]]:
    with subprocess.Popen(["ps", "-A", "-o", "pid=,ppid=,stat="], stdout=subprocess.PIPE, text=True) as ps:
        lines = [line.split() for line in ps.communicate()[0].splitlines()]
        return {int(pid): (int(parent), state) for pid, parent, state in lines if int(pid) != ps.pid}
