"""Plans: all that will be done and go wrong in one history. A plan follows from its seed, and can be cut down.

Each operation has a seed of its own, so taking one away changes nothing about the others.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

from handlers.settings import BOTH, STREAM
from handlers.upkeep.findings import FULL, QUICK

WRITERS, READERS, PROJECTORS = ("command-1", "command-2", "command-3"), ("query-1", "query-2"), ("projector", "keeper")
LANES = (*WRITERS, *READERS, *PROJECTORS, "console")
BUSY = {"projector": 0.5, "keeper": 0.2, "console": 0.3}  # how likely a lane has something to do; others: 0.7
GAPS_S = (0.0, 0.0, 0.05, 0.5, 1.0, 5.0, 20.0, 45.0, 65.0, 70.0)
FREEZES_S = (0.5, 3.0, 12.0, 25.0, 40.0, 70.0, 70.0, 130.0, 200.0)
JUMPS_S = (-7200, -60, -5, 5, 60, 7200)  # of a wall clock; an idempotency key lives for a day
PATHS = ("sqlite-efs", "sqlite-tmp", "ddb", "sqlite-efs?fresh", "sqlite-tmp?fresh")
CALLS = (8, 20, 20, 60)  # among so many of an operation's first calls lies a fault


@dataclass(frozen=True)
class Fault:
    """What goes wrong at one call of an operation, counted from 1: freeze, kill, or trouble (it fails)."""

    call: int
    kind: str
    seconds: float = 0.0

    def __str__(self) -> str:
        return f"{self.kind}@{self.call}" + (f" for {self.seconds:g} s" if self.seconds else "")


@dataclass(frozen=True)
class Operation:
    """One operation of one lane.

    Attributes:
        at_s: when it begins, unless the lane is still at the one before.
        seed: of all that is drawn while it runs.
        target: a read path, the number of an idempotency key, or the level of a verification.
        amount: rows, seconds, records of a batch.
    """

    lane: str
    at_s: float
    kind: str
    seed: int
    target: str = ""
    amount: int = 0
    faults: tuple[Fault, ...] = ()

    def __str__(self) -> str:
        words = [f"{self.at_s:8.3f} s", f"{self.lane:9}", self.kind, self.target, str(self.amount or "")]
        return " ".join(filter(None, words)) + "".join(f" | {fault}" for fault in self.faults)


@dataclass(frozen=True)
class Plan:
    """A history to be: its operations, in order.

    Attributes:
        is_frugal: whether small files are not kept in memory, and copied step by step.
        settings: variables that all functions have.
        heals_by_insert: whether an insert shows everything in the end; otherwise the projector does.
    """

    seed: int
    operations: tuple[Operation, ...]
    is_frugal: bool = False
    settings: tuple[tuple[str, str], ...] = ()
    heals_by_insert: bool = False

    def __str__(self) -> str:
        settings = " ".join(f"{name}={value}" for name, value in self.settings)
        return "\n".join([settings, *map(str, self.operations)])

    @property
    def is_calm(self) -> bool:
        """Tell whether nothing goes wrong in it, and the ledger stays the same one."""
        return not any(each.faults or each.kind in ("restore", "new_epoch") for each in self.operations)

    def without(self, operations: set[Operation]) -> Plan:
        """Return the plan without some operations."""
        return replace(self, operations=tuple(each for each in self.operations if each not in operations))

    def with_faults(self, operation: Operation, faults: tuple[Fault, ...]) -> Plan:
        """Return the plan with other faults of one operation."""
        changed = (replace(each, faults=faults) if each == operation else each for each in self.operations)
        return replace(self, operations=tuple(changed))


def plan_of(seed: int) -> Plan:
    """Return the plan of a seed."""
    luck = random.Random(seed)
    weather = {kind: luck.choice((0.0, 0.0, 0.1, 0.4)) for kind in ("freeze", "kill", "trouble", "jump")}
    branches = luck.choice((0.0, 0.3, 0.8))
    at_s, operations = 0.0, list[Operation]()
    for _ in range(luck.randint(4, 9)):
        at_s += luck.choice(GAPS_S)
        for lane in LANES:
            if luck.random() < BUSY.get(lane, 0.7):
                operations.append(_operation(lane, at_s + luck.random() * 0.1, luck, weather, branches))
    return Plan(
        seed,
        tuple(each for each in operations if each.kind),
        is_frugal=luck.random() < 0.5,
        settings=(
            ("PROJECTION", luck.choice((BOTH, BOTH, STREAM))),
            ("FULL_VERIFICATION", luck.choice(("0", "1"))),
        ),
        heals_by_insert=luck.random() < 0.5,
    )


def _operation(lane: str, at_s: float, luck: random.Random, weather: dict[str, float], branches: float) -> Operation:
    faults = _faults(luck, weather, 2 if lane in PROJECTORS else 1)
    seed = luck.getrandbits(32)
    if luck.random() < weather["jump"] * 0.3:
        return Operation(lane, at_s, "jump", seed, amount=luck.choice(JUMPS_S))
    draw = {"command": _write, "query": _read, "projector": _project, "keeper": _keep, "console": _restore}
    kind, target, amount = draw[lane.partition("-")[0]](luck, branches)
    return Operation(lane, at_s, kind, seed, target, amount, faults)


def _write(luck: random.Random, branches: float) -> tuple[str, str, int]:
    lot = luck.random()
    if lot < 0.02 + branches * 0.1:
        return ("new_epoch" if luck.random() < branches else "rebuild"), "", 0
    if lot < 0.2:
        return "compact", "", 0
    kind = "insert" if luck.random() < 0.75 else "append"  # append: the client does not wait for a snapshot
    key = str(luck.randint(1, 6)) if luck.random() < 0.5 else ""
    return kind, key, luck.choice((1, 1, 1, 2, 3, 5, 8))


def _read(luck: random.Random, _branches: float) -> tuple[str, str, int]:
    if luck.random() < 0.06:
        return "list", "", 0
    what = luck.choice(("page", "page", "newest", "row", "row", "stats", "filtered", "as_of", "again", "again"))
    return what, luck.choice(PATHS), luck.choice((0, 0, 1, 1, 2))  # Min-Bookmark: none, the newest, an older one


def _project(luck: random.Random, branches: float) -> tuple[str, str, int]:
    return ("stream", "", luck.choice((1, 3, 10, 100))) if luck.random() < 0.8 else _keep(luck, branches)


def _keep(luck: random.Random, _branches: float) -> tuple[str, str, int]:
    return luck.choice((("maintain", "", 0), ("maintain", "", 0), ("verify", FULL, 0), ("verify", QUICK, 0)))


def _restore(luck: random.Random, branches: float) -> tuple[str, str, int]:
    return ("restore", "", luck.randint(0, 6)) if luck.random() < branches else ("", "", 0)


def _faults(luck: random.Random, weather: dict[str, float], times: int) -> tuple[Fault, ...]:
    found: list[Fault] = []
    for kind in ("trouble", "trouble", "freeze", "freeze", "kill") * times:
        if luck.random() < weather[kind]:
            seconds = luck.choice(FREEZES_S) if kind == "freeze" else 0.0
            found.append(Fault(luck.randint(1, luck.choice(CALLS)), kind, seconds))
    return tuple(sorted(found, key=lambda fault: fault.call))
