"""The end of a history: the chaos is over. One publish makes everything visible, and time tidies up."""

from __future__ import annotations

from collections.abc import Sequence

from handlers.domain.bookmark import NOTHING
from handlers.snapshots.names import Name
from tests.simulation.invariants import SNAPSHOTS, Invariants
from tests.simulation.lanes import WritingLane
from tests.simulation.plan import PATHS, Operation
from tests.simulation.reading import ReadingLane
from tests.simulation.surroundings.world import World

SETTLED_S = 120.0  # all that is late has come by then, and every cache is empty
DAY_S = 24 * 3600.0


def heal(world: World, invariants: Invariants, readers: Sequence[ReadingLane]) -> None:
    """Publish once, read everywhere, and check what is left."""
    world.is_calm = True
    world.become(None)
    world.turns.pass_s(SETTLED_S)
    healer = WritingLane(world, invariants, "healer", [])
    healer.begin(None)
    healer.insert(Operation("healer", 0, "insert", world.seed, amount=1))
    check_published(healer, invariants)
    new = ReadingLane(world, invariants, "new", [])
    new.begin(None)
    for reader in (*readers, new):
        world.become(reader.process)
        check_homes(reader, invariants, ("page", "newest", "filtered", "stats") if reader is new else ("page",))
    invariants.check_all()
    old = set(invariants.listed().names)
    world.become(healer.process)
    for number in range(3):
        world.turns.pass_s(DAY_S)
        healer.insert(Operation("healer", 0, "insert", world.seed + number + 1, amount=1))
    check_tidy(world, invariants, old)


def check_published(healer: WritingLane, invariants: Invariants) -> None:
    """Check that one publish suffices."""
    answer = healer.publish({})
    invariants.check(answer.status in (200, 201), f"nothing heals: {answer.text}")
    newest = invariants.listed().bookmark
    head = invariants.head.bookmark
    invariants.check(newest == head == invariants.acknowledged, f"{newest} is published, the head is {head}")


def check_homes(reader: ReadingLane, invariants: Invariants, kinds: Sequence[str]) -> None:
    """Check that every home shows the whole ledger."""
    for path in PATHS:
        for kind in kinds:
            getattr(reader, kind)(Operation(reader.name, 0, kind, 0, path))
            found = reader.served.get(path, NOTHING)
            head = invariants.head.bookmark
            invariants.check(found == head, f"{reader.name} shows {found} on {path}, the head is {head}")


def check_tidy(world: World, invariants: Invariants, old: set[Name]) -> None:
    """Check that nothing is left of what was superseded, or half written."""
    chain = set(invariants.listed().chain)
    left = sorted(old & invariants.listed().names - chain)
    invariants.check(not left, f"{left} are still there")
    staging = world.server.find(SNAPSHOTS.replace("snapshots", "staging"))
    invariants.check(staging is None or not staging.entries, "staging is not empty")
