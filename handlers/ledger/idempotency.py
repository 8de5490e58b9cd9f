"""The idempotency record: what a call with an `Idempotency-Key` has put into the ledger so far.

It is written in the same transaction as the rows it tells of, under the condition that nobody wrote it in between, so
a retry goes on where the first call stopped and never repeats. It lives for 24 hours. It counts only in histories that
hold its rows: once a restore has left them behind, the same call appends anew.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

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
    """A call's key and the hash of its body."""

    key: str
    request_hash: str


@dataclass(frozen=True)
class Record:
    """The record of how far a call came.

    Attributes:
        total: how many rows the call is to append.
        request_hash: of its body.
        ids: the rows that are in.
        root: under which the last of them lies.
        last_seq: its sequence number.
        lease_end_s: until when its writer may still be at work.
        replaced_id: the last id of the record that this one replaces: past its time, or of rows left behind.
    """

    total: int
    request_hash: str = ""
    ids: tuple[str, ...] = ()
    root: int = 0
    last_seq: int = 0
    lease_end_s: float = 0.0
    replaced_id: str = ""

    @classmethod
    def from_item(cls, item: Item, head: Head, now_s: float) -> Record | None:
        """Return the record that stands in the table; None where it is past its time, or its rows are not in."""
        record = cls(
            total=int(item["total"].get("N", 0)),
            request_hash=item["request_hash"].get("S", ""),
            ids=tuple(text.get("S", "") for text in item["ids"].get("L", [])),
            root=int(item["root"].get("N", 0)),
            last_seq=int(item["last_seq"].get("N", 0)),
            lease_end_s=float(item["lease_end"].get("N", 0)),
        )
        return record if float(item[TTL].get("N", 0)) > now_s and record.is_in(head) else None

    @property
    def is_complete(self) -> bool:
        """Tell whether all rows are in."""
        return len(self.ids) == self.total

    def is_in(self, head: Head) -> bool:
        """Tell whether a history holds the rows that this record says are in."""
        return self.last_seq <= head.seq and head.root_of(self.last_seq) == self.root

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
        return replace(self, ids=(*self.ids, *ids), root=root, last_seq=last_seq, lease_end_s=now_s + LEASE_S)

    def put_action(self, table_name: str, key: str, before: Record, now_s: float) -> Action:
        """Return the action that writes this record, provided that `before` is still what stands there.

        The last id tells that: whoever appends gives his rows ids of his own.
        """
        seen = before.ids[-1] if before.ids else before.replaced_id
        item: Item = {
            **record_key(key),
            "request_hash": {"S": self.request_hash},
            "total": {"N": str(self.total)},
            "ids": {"L": [{"S": row_id} for row_id in self.ids]},
            "last_id": {"S": self.ids[-1]},
            "root": {"N": str(self.root)},
            "last_seq": {"N": str(self.last_seq)},
            "lease_end": {"N": str(self.lease_end_s)},
            TTL: {"N": str(int(now_s) + KEEP_S)},
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
