"""The lanes of the projector: the table's stream calls it with batches, the clock with tasks."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from handlers import projector
from handlers.domain.bookmark import Bookmark
from handlers.domain.problem import Problem
from handlers.snapshots import chain
from handlers.upkeep.findings import FULL, VerificationError
from tests.simulation.lanes.lane import Lane
from tests.simulation.plan import Operation
from tests.simulation.surroundings.stream import Record, head_in, number_of
from tests.simulation.surroundings.world import KilledError, World

TIMEOUTS_S = (60.0, 300.0, 900.0)
LIMITS_S = (0.0, 0.003, 0.05, 30.0)  # of a full verification
COMES_AGAIN = 0.2  # how likely a batch does that was taken


class ProjectorLane(Lane):
    """Sandboxes of the projector function."""

    def start(self) -> None:
        self.function = projector.make_handler(self.environ())

    def stream(self, operation: Operation) -> None:
        """Let the stream deliver what has come, until a batch is not taken whole: the rest comes again later."""
        stream, is_done = self.world.table.stream, True
        while is_done and (batch := stream.batch(operation.amount)):
            try:
                taken = self.project(batch)
            except KilledError:
                stream.taken(0, batch)
                raise
            is_done = taken == len(batch)
            if is_done and not self.world.is_calm and self.process.luck.random() < COMES_AGAIN:
                self.world.note("what was taken comes again")
                return
            stream.taken(taken, batch)

    def project(self, batch: Sequence[Record]) -> int:
        """Give the function a batch. What it says to be done readers can see. Returns how many records that is."""
        check = self.invariants.check
        self.process.publishes = 0
        answer = self.invoke({"Records": batch})
        check(self.process.publishes <= 1, f"one batch was published {self.process.publishes} times")
        if answer is None:
            return 0
        numbers = [number_of(record) for record in batch]
        failed = [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]
        check(set(failed) <= set(numbers), f"{failed} is not of the batch")
        check(not failed or not self.is_calm, f"nothing goes wrong, and {failed} is not done")
        taken = min(map(numbers.index, failed), default=len(batch))
        for record in batch[:taken]:
            moved_to, newest = head_in(record).bookmark, self.invariants.listed().bookmark
            check(newest >= moved_to, f"the batch up to {moved_to} is done, and only {newest} can be seen")
            self.invariants.acknowledge(moved_to)
        return taken

    def maintain(self, _operation: Operation) -> None:
        """Let maintenance run. All that was appended before is published then, in few segments."""
        before, begun_s = self.invariants.head.bookmark, self.world.turns.now_s
        done = self.invoke({"task": "maintain"})
        if done is None:
            return
        check, reached = self.invariants.check, Bookmark.parse(done["bookmark"])
        check(reached >= before, f"maintenance came to {reached}, the ledger was at {before}")
        self.invariants.acknowledge(reached)
        is_undisturbed = self.world.turns.now_s - begun_s < min(TIMEOUTS_S) - projector.RESERVE_S
        if self.invariants.head.bookmark == before and is_undisturbed and "segments" in done:
            is_short = (chain.GROWTH + 1) ** (done["segments"] - 1) <= max(1, reached.seq)
            check(is_short, f"maintenance leaves {done['segments']} segments of {reached.seq} rows")

    def verify(self, operation: Operation) -> None:
        """Let it verify; a full one gets so little time that it often needs several calls."""
        limit_s = 3600.0 if self.world.is_calm else self.process.luck.choice(LIMITS_S)
        task = {
            "task": "verify",
            "level": operation.target,
            **({"limit_s": limit_s} if operation.target == FULL else {}),
        }
        done = self.invoke(task)
        if done is not None and "bookmark" in done:
            self.invariants.check_point(Bookmark.parse(done["bookmark"]))
        elif done is not None:
            self.invariants.check(not self.world.is_calm, f"a full verification has no end: {done}")

    def invoke(self, event: Mapping[str, Any]) -> dict[str, Any] | None:
        """Call the function. Returns its answer; None where trouble kept it from being done, and it says so."""
        try:
            answer = self.function(event, Remaining(self.world, self.process.luck.choice(TIMEOUTS_S)))
        except VerificationError as error:
            self.invariants.fail(f"nothing is damaged, and verification says: {error}")
        except (Problem, OSError, sqlite3.Error) as error:
            is_away = not isinstance(error, Problem) or error.status == 503
            self.invariants.check(is_away and not self.is_calm, f"the projector failed: {error!r}")
            self.world.note(f"not done: {error!r:.60}")
            return None
        except Exception as error:  # noqa: BLE001 - nobody expects another one
            self.invariants.fail(f"the projector failed: {error!r}")
        self.world.note(json.dumps(answer))
        return answer

    @property
    def is_calm(self) -> bool:
        """Tell whether nothing goes wrong, now or in all of this history."""
        return self.world.is_calm or self.invariants.is_calm


class Remaining:
    """Lambda's context: how much time an invocation has left."""

    aws_request_id = "invocation"

    def __init__(self, world: World, timeout_s: float) -> None:
        self._world = world
        self._end_s = world.turns.now_s + timeout_s

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds; an invocation is not ended here."""
        return max(0, int((self._end_s - self._world.turns.now_s) * 1000))
