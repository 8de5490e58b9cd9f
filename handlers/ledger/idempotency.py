"""The idempotency record: what a call with an `Idempotency-Key` has put into the ledger so far.

It is written in the same transaction as the rows it tells of, under the condition that nobody wrote it in between, so
a retry goes on where the first call stopped and never repeats. It lives for 24 hours.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from handlers.aws.table import TTL
from handlers.domain.bookmark import NOTHING, Bookmark
from handlers.domain.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from handlers.aws.dynamodb import Action, Item

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
        bookmark: of the last of them.
        lease_end_s: until when its writer may still be at work.
    """

    total: int
    request_hash: str = ""
    ids: tuple[str, ...] = ()
    bookmark: Bookmark = NOTHING
    lease_end_s: float = 0.0

    @classmethod
    def from_item(cls, item: Item | None, epoch: int, now_s: float) -> Record | None:
        """Return the record that stands in the table; None where there is none, or only one past its time."""
        if item is None or float(item[TTL].get("N", 0)) <= now_s:
            return None
        return cls(
            total=int(item["total"].get("N", 0)),
            request_hash=item["request_hash"].get("S", ""),
            ids=tuple(text.get("S", "") for text in item["ids"].get("L", [])),
            bookmark=Bookmark(epoch, int(item["last_seq"].get("N", 0))),
            lease_end_s=float(item["lease_end"].get("N", 0)),
        )

    @property
    def is_complete(self) -> bool:
        """Tell whether all rows are in."""
        return len(self.ids) == self.total

    def check(self, call: Call, now_s: float) -> None:
        """Raise Problem (409) where the key was used for another body, or its first call may still be running."""
        if self.request_hash != call.request_hash:
            raise Problem("conflict", "Idempotency-Key: this key was used with another body")
        # A lease further away than any lease can be comes from a clock that went wrong: it binds nobody.
        remaining_s = self.lease_end_s - now_s
        if not self.is_complete and 0 < remaining_s <= LEASE_S:
            detail = "Idempotency-Key: the first call with this key is still running"
            raise Problem("conflict", detail, headers={"retry-after": str(math.ceil(remaining_s))})

    def after(self, ids: Sequence[str], bookmark: Bookmark, now_s: float) -> Record:
        """Return the record once these rows are in too."""
        return replace(self, ids=(*self.ids, *ids), bookmark=bookmark, lease_end_s=now_s + LEASE_S)

    def put_action(self, table_name: str, key: Item, before: Record, now_s: float) -> Action:
        """Return the action that writes this record, provided that `before` is still what stands there.

        The last id tells that: whoever appends gives his rows ids of his own.
        """
        if before.ids:
            condition, value = "last_id = :seen", {":seen": {"S": before.ids[-1]}}
        else:
            condition, value = f"attribute_not_exists(pk) OR {TTL} <= :now", {":now": {"N": str(now_s)}}
        item: Item = {
            **key,
            "request_hash": {"S": self.request_hash},
            "total": {"N": str(self.total)},
            "ids": {"L": [{"S": row_id} for row_id in self.ids]},
            "last_id": {"S": self.ids[-1]},
            "last_seq": {"N": str(self.bookmark.seq)},
            "lease_end": {"N": str(self.lease_end_s)},
            TTL: {"N": str(int(now_s) + KEEP_S)},
        }
        return {
            "Put": {
                "TableName": table_name,
                "Item": item,
                "ConditionExpression": condition,
                "ExpressionAttributeValues": value,
            }
        }


def record_key(epoch: int, key: str) -> Item:
    """Return where a key's record stands. Another epoch is another ledger: its calls are not in this one."""
    return {"pk": {"S": f"idempotency#{epoch}#{key}"}, "sk": {"N": "0"}}
