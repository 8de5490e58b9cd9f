"""One transaction of an append: its rows, its actions, and the words for a call that was cut short between two."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ulid import ULID

from handlers.aws.table import page_of, rows_key
from handlers.domain.hashes import hash_text
from handlers.domain.problem import Problem
from handlers.domain.timestamps import utc_text
from handlers.ledger.head import HEAD_KEY
from handlers.ledger.idempotency import LEASE_S
from handlers.rows import MODEL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from handlers.aws.dynamodb import Action
    from handlers.ledger.head import Head
    from handlers.ledger.idempotency import Call, Record
    from handlers.model.model import Draft, Row

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
    doubts: list[Head] = field(default_factory=list["Head"])

    @classmethod
    def from_drafts(cls, drafts: Sequence[Draft], now_s: float) -> Transaction:
        """Give the rows new ids."""
        return cls(drafts, tuple(str(ULID()) for _ in drafts), utc_text(now_s))

    def rows_after(self, head: Head) -> list[Row]:
        """Return the rows as they follow this head and the ledger gives them back: it stands for those."""
        numbered = enumerate(zip(self.ids, self.drafts, strict=True), head.seq + 1)
        return [MODEL.row_of(seq, row_id, draft, self.created_at) for seq, (row_id, draft) in numbered]

    def actions(self, head: Head, table_name: str) -> tuple[Head, list[Action]]:
        """Return the head that follows this one, and the actions that put the rows and move it, if this is the head."""
        added = self.rows_after(head)
        after = head.plus(added)
        return after, [move(head, after, table_name), *(_put(row, head, table_name) for row in added)]


def move(before: Head, after: Head, table_name: str) -> Action:
    """Return the action that puts a head in the place of another, if that is what stands there, rows and all."""
    item = after.to_item()
    return {
        "Update": {
            "TableName": table_name,
            "Key": HEAD_KEY,
            "UpdateExpression": "SET " + ", ".join(f"#{name} = :{name}" for name in item),
            "ConditionExpression": "#epoch = :seen_epoch AND #seq = :seen_seq AND #hash = :seen_hash",
            "ExpressionAttributeNames": {f"#{name}": name for name in item},
            "ExpressionAttributeValues": {
                **{f":{name}": value for name, value in item.items()},
                ":seen_epoch": {"N": str(before.epoch)},
                ":seen_seq": {"N": str(before.seq)},
                ":seen_hash": {"S": hash_text(before.hash)},
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


def _put(row: Row, head: Head, table_name: str) -> Action:
    key = {"pk": {"S": rows_key(head.root, page_of(row[0]))}, "sk": {"N": str(row[0])}}
    return {"Put": {"TableName": table_name, "Item": {**key, **MODEL.to_item(row)}}}
