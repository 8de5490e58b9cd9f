"""The head of the ledger: its newest point, and what it stands for.

The transaction that appends rows moves the head with them, so `hash` and `stats` are always those of rows 1 … seq: a
snapshot proves itself against the head by one comparison, and statistics of the ledger are one read of one item.

An epoch is a branch. `roots` says under which root each stretch of rows lies: `((1, 17), (501, 23))` means rows 1 … 500
under root 17 and those from 501 on under root 23. A root is the epoch in which its rows were written.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from handlers.domain.bookmark import Bookmark
from handlers.domain.hashes import content_hash, hash_text
from handlers.domain.stats import Stats
from handlers.model.model import times_of
from handlers.rows import MODEL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from handlers.aws.dynamodb import Item
    from handlers.model.model import Row

    Roots = tuple[tuple[int, int], ...]

HEAD_KEY: Item = {"pk": {"S": "head"}, "sk": {"N": "0"}}


@dataclass(frozen=True)
class Head:
    """A prefix of a history, with what it stands for.

    Attributes:
        hash: the content hash of its rows.
        stats: their statistics.
        roots: (first seq, root) of each stretch of rows, in order.
        parent: the epoch that it went on from; 0: none.
        columns: the version of the columns by which `hash` was worked out: ours, or those that ours replace. During a
            change it is theirs, whoever appends, so that code of both versions can go on with it.
    """

    epoch: int
    seq: int
    hash: int
    stats: Stats
    roots: Roots
    parent: int = 0
    columns: int = MODEL.rows_version

    @classmethod
    def new(cls, epoch: int) -> Head:
        """Return the head of a ledger without rows; during a change it is one that code of both versions takes."""
        return cls(epoch, 0, 0, Stats(), ((1, epoch),), columns=(MODEL.replaces or MODEL).rows_version)

    @classmethod
    def from_item(cls, item: Item) -> Head:
        """Return the head that `to_item` wrote."""
        roots: list[tuple[int, int]] = [(first, root) for first, root in json.loads(item["roots"].get("S", ""))]
        return cls(
            epoch=int(item["epoch"].get("N", 0)),
            seq=int(item["seq"].get("N", 0)),
            hash=int(item["hash"].get("S", ""), 16),
            stats=Stats.from_text(item["stats"].get("S", "")),
            roots=tuple(roots),
            parent=int(item["parent"].get("N", 0)),
            columns=int(item.get("columns", {}).get("N", 0)),  # not there: from before columns were declared
        )

    def to_item(self) -> Item:
        """Return the attributes that hold it."""
        return {
            "epoch": {"N": str(self.epoch)},
            "seq": {"N": str(self.seq)},
            "hash": {"S": hash_text(self.hash)},
            "stats": {"S": self.stats.to_text()},
            "roots": {"S": json.dumps(self.roots)},
            "parent": {"N": str(self.parent)},
            "columns": {"N": str(self.columns)},
        }

    @property
    def bookmark(self) -> Bookmark:
        """Return its place in history."""
        return Bookmark(self.epoch, self.seq)

    @property
    def has_our_columns(self) -> bool:
        """Tell whether it stands for its rows by the columns that are declared now, or by those that they replace."""
        return self.columns in (MODEL.rows_version, MODEL.replaces and MODEL.replaces.rows_version)

    @property
    def remedy(self) -> str:
        """Return the way out where it has other columns than ours: they may be further back than `replaces`."""
        model = MODEL.replaces
        while model is not None and (model := model.replaces) is not None:
            if model.rows_version == self.columns:
                return "adopt the last change first, with the version between (`console ledger adopt`)"
        return "restore a point"

    @property
    def is_replaced(self) -> bool:
        """Tell whether it stands for its rows by other columns than those that are declared now."""
        return self.columns != MODEL.rows_version

    @property
    def root(self) -> int:
        """Return the root under which new rows are put."""
        return self.roots[-1][1]

    def root_of(self, seq: int) -> int:
        """Return the root under which a row of this history lies."""
        return self.roots[bisect_right(self.roots, seq, key=_first) - 1][1]

    def first_beyond(self, published: Bookmark) -> int:
        """Return the seq of the first row that a snapshot of this epoch, or of its parent, lacks; `seq` + 1: of none.

        A snapshot of any other history counts for nothing.
        """
        inherited = {self.epoch: self.seq, self.parent: self.roots[-1][0] - 1}
        return min(published.seq, inherited.get(published.epoch, 0)) + 1

    def plus(self, added: Sequence[Row]) -> Head:
        """Return the head once these rows follow it."""
        seqs, texts = [row[0] for row in added], MODEL.texts_in(self.columns, added)
        stats = self.stats.plus(MODEL.numbers_of(added), times_of(added))
        return replace(self, seq=self.seq + len(added), hash=content_hash(self.hash, seqs, texts), stats=stats)

    def branch(self, epoch: int) -> Head:
        """Return the head of a new epoch that holds these rows, and puts those that follow under a root of its own."""
        kept = tuple((first, root) for first, root in self.roots if first <= self.seq)
        return replace(self, epoch=epoch, roots=(*kept, (self.seq + 1, epoch)), parent=self.epoch)


def _first(stretch: tuple[int, int]) -> int:
    return stretch[0]
