"""A ledger in the emulator with what is published of it, for the jobs: right at first, then wrong as told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from handlers.aws.dynamodb import Deadline
from handlers.aws.table import page_of, rows_key
from handlers.domain.problem import unavailable
from handlers.ledger.head import Head
from handlers.ledger.ledger import Ledger, Range
from handlers.model.model import Row
from handlers.rows import MODEL
from handlers.snapshots.new_ledger import begin_epoch
from handlers.snapshots.publish import Publisher
from handlers.snapshots.published import Published
from handlers.telemetry.usage import Usage
from handlers.upkeep.findings import Finding
from handlers.upkeep.verification import Verifier
from tests.support.files import Place, make_row, make_rows
from tests.support.meddling import EPOCH, Clock, head_of, no_time_limit, put_rows, set_head

PAGE = 10
NOW_S = 1_700_000_000.0


class Site:
    """A table and folders, and sandboxes that know nothing of each other.

    Attributes:
        now: the time in seconds since 1970.
    """

    def __init__(self, ledger: Ledger, folder: Path) -> None:
        self.ledger = ledger
        self.place = Place(folder)
        self.now = Clock(NOW_S)

    def fill(self, *counts: int) -> None:
        """So many rows at a time, each published; a segment each where MERGED_ROWS allows no other."""
        for count in counts:
            self.grow(count)
            self.publish()

    def grow(self, count: int) -> None:
        """Append rows; the first ones make the ledger."""
        head = self.ledger.head(no_time_limit()) or Head.new(EPOCH)
        added = make_rows(count, head.seq + 1)
        put_rows(self.ledger, added)
        set_head(self.ledger, head.plus(added))

    def publish(self, *, compact: bool = False) -> Published:
        """By a sandbox that starts cold."""
        head = head_of(self.ledger)
        return self.publisher().publish(head.bookmark, Usage(), compact=compact)

    def publisher(self, ledger: Ledger | None = None) -> Publisher:
        return self.place.publisher(ledger or self.ledger)

    def verifier(self, ledger: Ledger | None = None, clock: Clock | None = None) -> Verifier:
        """One of a sandbox that starts cold."""
        used = ledger or self.ledger
        return Verifier(used, self.publisher(used), self.now, clock or Clock())

    def finding(self, limit_s: float = 1000.0) -> Finding:
        """What a full verification finds that has all the time it needs."""
        found = self.verifier().full(limit_s)
        assert isinstance(found, Finding)
        return found

    def restore(self) -> Head:
        """Go on in a new epoch, and publish that."""
        begun = begin_epoch(self.ledger, self.publisher(), self.now, no_time_limit())
        self.publish()
        return begun

    def segments(self) -> list[Path]:
        """The files, oldest rows first."""
        return sorted(self.place.snapshots.iterdir())

    def put_row(self, row: Row) -> None:
        """A row of the ledger, past its head."""
        self.ledger.client.put_item(TableName=self.ledger.table_name, Item={**row_key(row[0]), **MODEL.to_item(row)})

    def change_row(self, seq: int) -> None:
        """Another row in the place of one of the ledger's."""
        self.put_row(make_row(seq, 0.25))

    def remove_row(self, seq: int) -> None:
        self.ledger.client.delete_item(TableName=self.ledger.table_name, Key=row_key(seq))


class AwayAfter(Ledger):
    """A ledger that goes away after so many pages of rows."""

    def __init__(self, ledger: Ledger, pages: int) -> None:
        super().__init__(ledger.client, ledger.table_name)
        self._left = pages

    def rows(self, span: Range, deadline: Deadline) -> Iterator[list[Row]]:
        for page in super().rows(span, deadline):
            if not self._left:
                raise unavailable("The ledger is away")
            self._left -= 1
            yield page


class Ticking(Clock):
    """A clock that goes on by a second whenever it is read."""

    def __call__(self) -> float:
        self.pass_s(1)
        return super().__call__()


def row_key(seq: int) -> dict[str, Any]:
    return {"pk": {"S": rows_key(EPOCH, page_of(seq))}, "sk": {"N": str(seq)}}


def small_pages(patch: pytest.MonkeyPatch) -> None:
    """The ledger's pages hold `PAGE` rows each, and publishes merge nothing."""
    patch.setattr("handlers.aws.table.PAGE_ROWS", PAGE)
    patch.setattr("handlers.ledger.ledger.PAGE_ROWS", PAGE)
    patch.setattr("handlers.snapshots.chain.MERGED_ROWS", 1)


def set_stats(ledger: Ledger) -> None:
    """The head's statistics are those of one row too many."""
    head = head_of(ledger)
    wrong = head.plus([make_row(head.seq + 1)]).stats
    set_head(ledger, Head(head.epoch, head.seq, head.hash, wrong, head.roots, head.parent))
