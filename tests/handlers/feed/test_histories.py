"""Histories drawn at random: appends, new epochs, feeders that are cut off or late, damage, maintenance. After each
step readers see nothing but a prefix of one of the ledger's histories, and in the end all of it.
"""

from __future__ import annotations

import random

import pytest

from handlers.aws.dynamodb import Deadline
from handlers.feed import feeder, growth, inheritance
from handlers.feed.feeder import Feeder
from handlers.ledger.ledger import Ledger
from handlers.postgres.connection import Database
from handlers.postgres.tables import table_name, values_of
from handlers.upkeep.findings import FULL, VerificationError
from tests.handlers.feed.site import LIMIT_S, Site, expected_home, facts_of, settings_of
from tests.handlers.feed.test_feeder import Cut, Cutting, kill
from tests.handlers.feed.test_maintenance import Upkeep
from tests.support.files import MemoryLedger

STEPS = 25
ACTIONS = ("grow", "grow", "branch", "feed", "feed", "cut", "cut", "short", "late", "damage", "maintain")


class World:
    """A site, all histories that its ledger ever had, and somebody who fails."""

    def __init__(self, site: Site, ledger: Ledger, patch: pytest.MonkeyPatch) -> None:
        self.site = site
        self.upkeep = Upkeep(site, ledger)
        self.cutting = Cutting(site.database, patch, kill)
        self.late = Database(settings_of(site.url))
        self.histories = {site.ledger.epoch: site.ledger.stored}
        self.is_damaged = False

    def act(self, action: str, random: random.Random) -> None:
        ledger = self.site.ledger
        if action == "grow":
            ledger.grow(random.randrange(1, 30))
        elif action == "branch":
            ledger.branch(ledger.epoch + 1, random.randrange(len(ledger.stored) + 1))
            self.histories[ledger.epoch] = ledger.stored
        elif action == "cut":
            self._feed_until_cut(random.randrange(1, 25))
        elif action == "late":
            self._feed_late(random.randrange(1, 30))
        elif action == "damage" and self.site.homes().live and self.site.live().seq:
            table = table_name(self.site.live().epoch)
            self.site.ask(f"UPDATE {table} SET created_at = 'x' WHERE seq = 1")
            self.is_damaged = True
        elif action == "maintain":
            self._verify()
        elif not self.is_damaged:
            self.site.feed(0.0 if action == "short" else LIMIT_S)

    def _feed_until_cut(self, statement: int) -> None:
        if self.is_damaged:
            return
        self.cutting.left = statement
        try:
            self.site.feed()
        except Cut:
            self.site.database.close()
        self.cutting.left = -1

    def _feed_late(self, grown: int) -> None:
        """One reads the head, the other is faster."""
        if self.is_damaged:
            return
        homes, head = Feeder(self.site.ledger, self.late).look()
        then = MemoryLedger(0, self.site.ledger.epoch)
        then.stored = list(self.site.ledger.stored)
        self.site.ledger.grow(grown)
        self.site.feed()
        assert head
        Feeder(then, self.late)._feed(homes, head, LIMIT_S)  # pyright: ignore[reportPrivateUsage] - the moment between

    def _verify(self) -> None:
        for _ in range(2):
            try:
                self.upkeep.verify(FULL, LIMIT_S)
            except VerificationError:
                assert self.is_damaged
            self.is_damaged = False
        self.site.check()

    def check(self) -> None:
        """What is read is a prefix of a history, with its hash and statistics."""
        home = self.site.homes().live
        if home is None or self.is_damaged:
            return
        expected = self.histories[home.epoch][: home.seq]
        assert self.site.rows_in(home.epoch) == values_of(expected)
        assert facts_of(home) == facts_of(expected_home(home.epoch, expected))


@pytest.mark.parametrize("seed", range(6))
def test_whatever_happens_readers_see_a_prefix_of_a_history(
    site: Site, ledger: Ledger, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeder, "CHUNK_ROWS", 10)
    monkeypatch.setattr(inheritance, "COPIED_ROWS", 10)
    monkeypatch.setattr(growth, "COPY_ROWS", 8)
    drawn = random.Random(seed)
    world = World(site, ledger, monkeypatch)
    for _ in range(STEPS):
        world.act(drawn.choice(ACTIONS), drawn)
        world.check()
    world.act("maintain", drawn)
    assert site.ledger.head(Deadline()).bookmark == site.live().bookmark
    assert world.upkeep.fault(FULL) == ""
    world.late.close()
