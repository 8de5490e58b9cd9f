"""One transaction of an append: its rows, its actions, and the words for a call that was cut short between two."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ulid import ULID

from handlers import rows
from handlers.aws.table import page_of, rows_key
from handlers.domain.bookmark import Bookmark
from handlers.domain.problem import Problem
from handlers.domain.timestamps import utc_text
from handlers.ledger.idempotency import LEASE_S
from handlers.ledger.ledger import HEAD_KEY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from handlers.aws.dynamodb import Action
    from handlers.ledger.idempotency import Call, Record
    from handlers.rows import Draft, Row

ROWS_PER_TRANSACTION = 98  # DynamoDB allows 100 actions; the head and the idempotency record are two


@dataclass(frozen=True)
class Transaction:
    """The rows of one transaction: the same ids and time however often it is tried.

    Attributes:
        doubts: the heads upon which an attempt may have been carried out although no answer says so.
    """

    drafts: Sequence[Draft]
    ids: tuple[str, ...]
    created_at: str
    doubts: set[Bookmark] = field(default_factory=set[Bookmark])

    @classmethod
    def from_drafts(cls, drafts: Sequence[Draft], now_s: float) -> Transaction:
        """Give the rows new ids."""
        return cls(drafts, tuple(str(ULID()) for _ in drafts), utc_text(now_s))

    def rows_after(self, head: Bookmark) -> list[Row]:
        """Return the rows as they follow this head."""
        numbered = enumerate(zip(self.ids, self.drafts, strict=True), head.seq + 1)
        return [rows.row_of(seq, row_id, draft, self.created_at) for seq, (row_id, draft) in numbered]

    def end(self, head: Bookmark) -> Bookmark:
        """Return the head once the rows follow this one."""
        return Bookmark(head.epoch, head.seq + len(self.ids))

    def actions(self, head: Bookmark, table_name: str) -> list[Action]:
        """Return the actions that append the rows if this is still the head: the head moves, and they are put."""
        return [self._move(head, table_name), *(_put(row, head, table_name) for row in self.rows_after(head))]

    def _move(self, head: Bookmark, table_name: str) -> Action:
        return {
            "Update": {
                "TableName": table_name,
                "Key": HEAD_KEY,
                "UpdateExpression": "SET seq = :after",
                "ConditionExpression": "epoch = :epoch AND seq = :seen",
                "ExpressionAttributeValues": {
                    ":epoch": {"N": str(head.epoch)},
                    ":seen": {"N": str(head.seq)},
                    ":after": {"N": str(self.end(head).seq)},
                },
            }
        }


def cut_short(problem: Problem, record: Record, transaction: Transaction, key_call: Call | None) -> Problem:
    """Return the 503 of a call that was cut midway: how many rows are in, which may be, and how to go on."""
    count, total = len(record.ids), record.total
    members: dict[str, object] = {"inserted": count, "ids": record.ids}
    detail, how = f"{problem.detail}; {count} of {total} rows are in", f"send the {total - count} others"
    if transaction.doubts:
        members["ids_in_doubt"] = transaction.ids
        detail += f", the next {len(transaction.ids)} may be"
        how = "see whether those in doubt are in, and send the others"
    headers = problem.headers
    if key_call is not None:
        how = "send it again with the same Idempotency-Key"
        if record.ids:  # until then this call may still be running, for all that others know
            headers = headers | {"retry-after": str(math.ceil(LEASE_S))}
    return Problem(problem.kind, f"{detail}: to go on, {how}", headers=headers, members=members)


def _put(row: Row, head: Bookmark, table_name: str) -> Action:
    key = {"pk": {"S": rows_key(head.epoch, page_of(row[0]))}, "sk": {"N": str(row[0])}}
    return {"Put": {"TableName": table_name, "Item": {**key, **rows.to_item(row)}}}
