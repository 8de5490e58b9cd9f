"""One history: everything of a plan happens, the chaos ends, and all must be well again."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from handlers.aws import table
from handlers.ledger import appender, ledger
from handlers.reads import ddb_view, sqlite_tmp, sqlite_view
from handlers.snapshots import chain, maker, publish
from tests.simulation.healing import heal
from tests.simulation.invariants import Invariants
from tests.simulation.lanes.lane import Lane
from tests.simulation.lanes.projecting import ProjectorLane
from tests.simulation.lanes.reading import PatientReadingLane, ReadingLane
from tests.simulation.lanes.writing import ConsoleLane, WritingLane
from tests.simulation.plan import LANES, Plan
from tests.simulation.surroundings.calls import Calls
from tests.simulation.surroundings.stand_ins import StandIns
from tests.simulation.surroundings.world import BrokenError, World

KINDS: dict[str, type[Lane]] = {
    "command-1": WritingLane,
    "command-2": WritingLane,
    "command-3": WritingLane,
    "query-1": ReadingLane,
    "query-2": PatientReadingLane,
    "projector": ProjectorLane,
    "keeper": ProjectorLane,
    "console": ConsoleLane,
}
# A few rows make pages, transactions and segments that overlap in every way.
SMALL = (
    *((chain, "SMALL_ROWS", 2), (chain, "GROWTH", 2), (chain, "MERGED_ROWS", 6)),
    *((maker, "RANGE_ROWS", 10), (publish, "RANGE_ROWS", 10), (maker, "BATCH_ROWS", 8)),
    *((table, "PAGE_ROWS", 8), (ledger, "PAGE_ROWS", 8), (ddb_view, "PAGE_ROWS", 8)),
    (appender, "ROWS_PER_TRANSACTION", 3),
)
FRUGAL = ((sqlite_view, "KEPT_BYTES", 0), (sqlite_tmp, "WHOLE_BYTES", 0), (sqlite_tmp, "STEP_BYTES", 8192))


class Simulator:
    """Runs histories, one after the other, on real code whose surroundings are simulated."""

    def __init__(self) -> None:
        self._calls = Calls()
        memory = Path("/dev/shm")  # where there is one: the files are small and many
        self._memory = memory if memory.is_dir() else None

    @contextmanager
    def ready(self) -> Generator[Simulator]:
        """Put the simulated surroundings in place."""
        logger = logging.getLogger("handlers")
        with pytest.MonkeyPatch.context() as patch, self._calls.patched(), StandIns(self._calls).patched():
            for module, name, value in SMALL:
                patch.setattr(module, name, value)
            patch.setattr(logger, "propagate", False)
            patch.setattr(logger, "level", logging.WARNING)
            yield self

    def run(self, plan: Plan) -> tuple[str, list[str]]:
        """Let a plan happen. Returns what broke, "" if all held, and the trace."""
        with tempfile.TemporaryDirectory(dir=self._memory) as folder, pytest.MonkeyPatch.context() as patch:
            for module, name, value in FRUGAL if plan.is_frugal else ():
                patch.setattr(module, name, value)
            world = World(folder, plan.seed, dict(plan.settings))
            invariants = Invariants(world, is_calm=plan.is_calm)
            logger = logging.getLogger("handlers")
            logger.addHandler(invariants)
            self._calls.world = world
            try:
                lanes = [self._lane(world, invariants, plan, name) for name in LANES]
                world.turns.run([lane.actor for lane in lanes])
                readers = [lane for lane in lanes if isinstance(lane, ReadingLane)]
                projector = next(lane for lane in lanes if isinstance(lane, ProjectorLane))
                heal(world, invariants, readers, None if plan.heals_by_insert else projector)
            except BrokenError as error:
                return str(error), world.trace
            finally:
                self._calls.world = None
                logger.removeHandler(invariants)
                world.close()
        return "", world.trace

    def _lane(self, world: World, invariants: Invariants, plan: Plan, name: str) -> Lane:
        operations = [operation for operation in plan.operations if operation.lane == name]
        return KINDS[name](world, invariants, name, operations)
