"""A lane: one sandbox of a function after the other, or somebody at the console, doing what a plan says."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tests.simulation.invariants import Invariants
from tests.simulation.plan import Operation
from tests.simulation.surroundings.disk import MOUNT
from tests.simulation.surroundings.turns import START_S, Actor
from tests.simulation.surroundings.world import KilledError, Process, World
from tests.support.api import Answer

Serve = Callable[[Mapping[str, Any], object], dict[str, object]]


class Lane:
    """One lane.

    Args:
        operations: those of this lane.
    """

    def __init__(self, world: World, invariants: Invariants, name: str, operations: Sequence[Operation]) -> None:
        self.world = world
        self.invariants = invariants
        self.name = name
        self.actor = Actor(self.live)
        self._operations = operations

    def live(self) -> None:
        """Do the operations."""
        self.begin(None)
        for operation in self._operations:
            self.world.turns.pass_s(max(0.0, operation.at_s + START_S - self.world.turns.now_s))
            self.process.begin(operation)
            self.world.note(f"- {operation.kind} {operation.target} {operation.amount}")
            try:
                self.do(operation)
            except KilledError:
                self.world.note("killed")
                self.process.close()
                self.begin(self.process if self.process.luck.random() < 0.5 else None)
        self.process.begin(Operation(self.name, 0, "end", self.world.seed))

    def begin(self, after: Process | None) -> None:
        """Begin a process, after one that was killed, or on a new machine."""
        self.process = self.world.start(self.world.turns.actor, self.name, after)
        self.start()

    def start(self) -> None:
        """Make what the process does."""
        raise NotImplementedError

    def do(self, operation: Operation) -> None:
        """Do one operation, and check what comes of it."""
        if operation.kind == "jump":
            self.process.wall_s += operation.amount
            if abs(self.process.wall_s) > 8 * 3600:
                self.process.wall_s = 0.0
        else:
            getattr(self, operation.kind)(operation)

    def environ(self, **more: str) -> dict[str, str]:
        """Return the process's environment."""
        folders = {"EFS_DIR": MOUNT, "TMP_DIR": self.process.disk}
        return {"TABLE_NAME": "ledger", **folders, "RETAIN_S": "0", **self.world.settings, **more}


def shown(answer: Answer) -> str:
    """Return what the trace shows of an answer."""
    if answer.status >= 400:
        return answer.json["detail"]
    return answer.headers.get("snapshot-bookmark", "")
