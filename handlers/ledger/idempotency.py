"""The idempotency record: what a call with an `Idempotency-Key` has put into the ledger so far.

It is written in the same transaction as the rows it tells of, under the condition that nobody wrote it in between, so
a retry goes on where the first call stopped and never repeats. It lives for 24 hours, for a job as long as the job. In
each history those of its rows count that are there: what a restore has left behind, the same call appends anew.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from handlers.aws.table import TTL
from handlers.domain.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from handlers.aws.dynamodb import Action, Item
    from handlers.ledger.head import Head

KEEP_S = 24 * 3600
LEASE_S = 10.0  # longer than a call's work on the ledger can take


@dataclass(frozen=True)
class Call:
    """A call with a key.

    Attributes:
        request_hash: of its body.
        keep_s: how long the key is remembered.
        epoch: of the ledger that its rows are for; 0: whichever it has.
    """

    key: str
    request_hash: str
    keep_s: int = KEEP_S
    epoch: int = 0


class Portion(NamedTuple):
    """The rows that one transaction has put in: how many, under which root, and the last one's sequence number."""

    rows: int
    root: int
    last_seq: int

    def within(self, head: Head) -> Portion:
        """Return the part of those rows that a history holds: the first so many, since a restore keeps a prefix."""
        seqs = range(self.last_seq - self.rows + 1, min(self.last_seq, head.seq) + 1)
        kept = sum(head.root_of(seq) == self.root for seq in seqs)
        return Portion(kept, self.root, self.last_seq - self.rows + kept)


@dataclass(frozen=True)
class Record:
    """The record of how far a call came.

    Attributes:
        total: how many rows the call is to append.
        request_hash: of its body.
        ids: the rows that are in.
        parts: where they lie.
        lease_end_s: until when its writer may still be at work.
        replaced_id: the last id of the record that this one replaces, where that is another: it is past its time, or
            tells of rows left behind.
    """

    total: int
    request_hash: str = ""
    ids: tuple[str, ...] = ()
    parts: tuple[Portion, ...] = ()
    lease_end_s: float = 0.0
    replaced_id: str = ""

    @classmethod
    def from_item(cls, item: Item, head: Head, now_s: float) -> Record | None:
        """Return the record that stands in the table, of what a history holds; None: of nothing, or past its time."""
        record = cls(
            total=int(item["total"].get("N", 0)),
            request_hash=item["request_hash"].get("S", ""),
            ids=tuple(text.get("S", "") for text in item["ids"].get("L", [])),
            parts=tuple(Portion(*part) for part in json.loads(item["parts"].get("S", ""))),
            lease_end_s=float(item["lease_end"].get("N", 0)),
        )
        kept = record.within(head)
        return kept if float(item[TTL].get("N", 0)) > now_s and kept.ids else None

    @property
    def is_complete(self) -> bool:
        """Tell whether all rows are in."""
        return len(self.ids) == self.total

    @property
    def last_seq(self) -> int:
        """Return the sequence number of the last row that is in; 0: none is."""
        return self.parts[-1].last_seq if self.parts else 0

    def within(self, head: Head) -> Record:
        """Return the record of those rows that a history holds; whoever wrote of more is not waited for."""
        parts = tuple(part for each in self.parts if (part := each.within(head)).rows)
        if parts == self.parts:
            return self
        ids = self.ids[: sum(part.rows for part in parts)]
        return replace(self, ids=ids, parts=parts, lease_end_s=0.0, replaced_id=self.ids[-1])

    def check(self, call: Call, now_s: float) -> None:
        """Raise Problem (409) where the key was used for another body, or its first call may still be running."""
        if self.request_hash != call.request_hash:
            raise Problem("conflict", "Idempotency-Key: this key was used with another body")
        # A lease further away than any lease can be comes from a clock that went wrong: it binds nobody.
        remaining_s = self.lease_end_s - now_s
        if not self.is_complete and 0 < remaining_s <= LEASE_S:
            detail = "Idempotency-Key: the first call with this key is still running"
            raise Problem("conflict", detail, headers={"retry-after": str(math.ceil(remaining_s))})

    def after(self, ids: Sequence[str], root: int, last_seq: int, now_s: float) -> Record:
        """Return the record once these rows are in too."""
        parts = (*self.parts, Portion(len(ids), root, last_seq))
        return replace(self, ids=(*self.ids, *ids), parts=parts, lease_end_s=now_s + LEASE_S, replaced_id="")

    def put_action(self, table_name: str, call: Call, before: Record, now_s: float) -> Action:
        """Return the action that writes this record, provided that `before` is still what stands there.

        The last id tells that: whoever appends gives his rows ids of his own.
        """
        seen = before.replaced_id or (before.ids[-1] if before.ids else "")
        item: Item = {
            **record_key(call.key),
            "request_hash": {"S": self.request_hash},
            "total": {"N": str(self.total)},
            "ids": {"L": [{"S": row_id} for row_id in self.ids]},
            "last_id": {"S": self.ids[-1]},
            "parts": {"S": json.dumps(self.parts)},
            "lease_end": {"N": str(self.lease_end_s)},
            TTL: {"N": str(int(now_s) + call.keep_s)},
        }
        if not seen:
            return {"Put": {"TableName": table_name, "Item": item, "ConditionExpression": "attribute_not_exists(pk)"}}
        return {
            "Put": {
                "TableName": table_name,
                "Item": item,
                "ConditionExpression": "last_id = :seen",
                "ExpressionAttributeValues": {":seen": {"S": seen}},
            }
        }


def record_key(key: str) -> Item:
    """Return where a key's record stands."""
    return {"pk": {"S": f"idempotency#{key}"}, "sk": {"N": "0"}}
