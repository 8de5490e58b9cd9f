"""Histories of imports, all of them at random, the same for the same number.

Calls fail, workers die, or stop in the middle of a call for as long as others need to do the same work; messages come
twice and in any order; the ledger goes back; jobs are redriven. At the end every row is there once, in its order.
"""

from __future__ import annotations

import random

import pytest

from handlers.jobs.job import FAILED, RESUME, SUCCEEDED
from handlers.ledger.branch import branch_off
from handlers.ledger.head import Head
from tests.faults.calls.kinds import Kind
from tests.faults.calls.outside import Call
from tests.faults.jobs.services import Letter
from tests.faults.jobs.test_killed import FILE, ONCE, ROWS
from tests.faults.jobs.world import World
from tests.support.meddling import all_rows, head_of, no_time_limit

RATES = (0.0, 0.02, 0.1)
LATE_S = (None, None, 0.0, 30.0, 400.0, 5000.0)
FROZEN_S = (0.0, 5.0, 60.0, 300.0)
MOST_FROZEN = 2  # workers at a time
MOST_RESTORES = 2
MOST_REDRIVES = 40


class History:
    """One history."""

    def __init__(self, patch: pytest.MonkeyPatch, number: int) -> None:
        self._random = random.Random(number)
        self._fails, self._freezes, self._restores = (self._random.choice(RATES) for _ in range(3))
        self._left_restores = MOST_RESTORES
        self._frozen = 0
        self._heads: dict[int, Head] = {}  # of this epoch, by their rows
        self._world = World(patch, choose=self._random.choice, late_s=lambda: self._random.choice(LATE_S))

    def run(self) -> None:
        """Let it happen. Raises AssertionError."""
        world = self._world
        job_id = world.start_import(FILE, has_sha256=True)
        for _ in range(MOST_REDRIVES):
            world.run(self._strike)
            job = world.job(job_id)
            found = [row[2:-1] for row in all_rows(world.ledger())]
            if job.state == SUCCEEDED:
                break
            assert job.state == FAILED
            world.jobs().save(job.redriven(RESUME), world.clock.deadline())
        else:
            raise AssertionError("it is never done")
        world.check_quiet()
        # What the ledger left behind once the job had ended is nobody's to bring back.
        assert found == (ROWS if head_of(world.ledger()).epoch == job.epoch else ROWS[: len(found)])

    def _strike(self, _call: Call) -> Kind | None:
        if self._random.random() < self._freezes and self._frozen < MOST_FROZEN:
            self._freeze()
        if self._left_restores and self._restores:
            self._restore()
        if self._random.random() < self._fails:
            return ONCE[self._random.choice([*ONCE])]
        return None

    def _freeze(self) -> None:
        """Stop a worker in the middle of a call, while others get messages, its own too."""
        self._frozen += 1
        for _ in range(self._random.randint(1, 3)):
            self._world.clock.pass_s(self._random.choice(FROZEN_S))
            letters: list[Letter] = self._world.sqs.letters
            if letters:
                self._world.hand_over(self._random.choice(letters))
        self._frozen -= 1

    def _restore(self) -> None:
        """Go back to a point that the ledger was at, now and then."""
        head = head_of(self._world.ledger())
        self._heads[head.seq] = head
        if self._random.random() < self._restores:
            at = self._heads[self._random.choice([*self._heads])]
            branch_off(self._world.ledger(), head, at, head.epoch + 1, no_time_limit())
            self._heads.clear()
            self._left_restores -= 1
