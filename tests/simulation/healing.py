"""The end of a history: the chaos is over. One insert, or the projector, shows everything, and time tidies up."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from handlers.domain.bookmark import NOTHING
from handlers.settings import SYNC
from handlers.snapshots.names import Name
from handlers.upkeep.findings import FULL
from tests.simulation.invariants import SNAPSHOTS, Invariants
from tests.simulation.lanes.projecting import ProjectorLane
from tests.simulation.lanes.reading import ReadingLane
from tests.simulation.lanes.writing import WritingLane
from tests.simulation.plan import PATHS, Operation
from tests.simulation.surroundings.world import World

SETTLED_S = 120.0  # all that is late has come by then, and every cache is empty
DAY_S = 24 * 3600.0


def heal(world: World, invariants: Invariants, readers: Sequence[ReadingLane], projector: ProjectorLane | None) -> None:
    """Let an insert publish, or, where it is given, the projector; read everywhere, and check what is left."""
    world.is_calm = True
    world.become(None)
    world.turns.pass_s(SETTLED_S)
    if projector is None:
        world.settings = {**world.settings, "PROJECTION": SYNC}
    healer = WritingLane(world, invariants, "healer", [])
    healer.begin(None)
    show_all(healer, projector, 0)
    new = ReadingLane(world, invariants, "new", [])
    new.begin(None)
    for reader in (*readers, new):
        world.become(reader.process)
        check_homes(reader, invariants, ("page", "newest", "filtered", "stats") if reader is new else ("page",))
    invariants.check_all()
    superseded = set[Name]()
    for day in (1, 2, 3):
        superseded = invariants.listed().names - set(invariants.listed().chain)
        world.turns.pass_s(DAY_S)
        show_all(healer, projector, day)
    check_tidy(world, invariants, superseded)


def show_all(healer: WritingLane, projector: ProjectorLane | None, day: int) -> None:
    """Insert a row, or, on the first of all days, none where the projector has to do it; all is published then."""
    world, invariants = healer.world, healer.invariants
    world.become(healer.process)
    operation = Operation(healer.name, 0, "insert", world.seed + day, amount=1)
    if projector is None:
        healer.insert(operation)
    else:
        if day:
            healer.append(operation)
            world.turns.pass_s(SETTLED_S)
        world.become(projector.process)
        project_all(projector, operation)
    head, newest = invariants.head.bookmark, invariants.listed().bookmark
    invariants.check(newest == head == invariants.acknowledged, f"nothing heals: {newest} of {head} is published")


def project_all(projector: ProjectorLane, operation: Operation) -> None:
    """Let the stream deliver all that it still has; then let one maintenance run, and a verification."""
    stream, invariants = projector.world.table.stream, projector.invariants
    projector.stream(replace(operation, amount=100))
    head, newest = invariants.head.bookmark, invariants.listed().bookmark
    invariants.check(newest == head or stream.given_up > 0, f"the stream shows {newest} of {head}")
    projector.maintain(operation)
    projector.verify(replace(operation, target=FULL))


def check_homes(reader: ReadingLane, invariants: Invariants, kinds: Sequence[str]) -> None:
    """Check that every home shows the whole ledger, with `Min-Bookmark` and without."""
    for path in PATHS:
        for kind in kinds:
            getattr(reader, kind)(Operation(reader.name, 0, kind, 0, path, amount=int(kind == "newest")))
            found = reader.served.get(path, NOTHING)
            head = invariants.head.bookmark
            invariants.check(found == head, f"{reader.name} shows {found} on {path}, the head is {head}")


def check_tidy(world: World, invariants: Invariants, superseded: Collection[Name]) -> None:
    """Check that nothing is left of what was superseded a day ago, or half written."""
    left = sorted(invariants.listed().names.intersection(superseded))
    invariants.check(not left, f"{left} are still there")
    staging = world.server.find(SNAPSHOTS.replace("snapshots", "staging"))
    invariants.check(staging is None or not staging.entries, "staging is not empty")
    quarantine = world.server.find(SNAPSHOTS.replace("snapshots", "quarantine"))
    invariants.check(quarantine is None, "nothing was damaged, and there is a quarantine")
