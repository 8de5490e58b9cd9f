"""Branches of the ledger: a new epoch that goes on from a prefix of one that was there.

A branch is one item: the head. Nothing is copied or deleted, because the rows of a prefix stay where they are, under
the roots they were written in. Each head that is left is kept beside it, so every history can be restored again,
which is also how a restore is undone.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from ulid import ULID

from handlers.aws.dynamodb import call, transact
from handlers.aws.table import PARTITION_KEY, SORT_KEY
from handlers.domain.problem import Problem
from handlers.domain.timestamps import utc_text
from handlers.ledger.head import Head
from handlers.ledger.ledger import meter
from handlers.ledger.transaction import move

if TYPE_CHECKING:
    from handlers.aws.dynamodb import Action, Deadline, Item
    from handlers.ledger.ledger import Ledger

LEFT = "branch"  # partition of the heads that were left, by epoch
MOST_LEFT = 1000


def branch_off(ledger: Ledger, head: Head, at: Head, epoch: int, deadline: Deadline) -> Head:
    """Make a new epoch that goes on from a prefix, and keep the head that is left.

    Args:
        head: the ledger's head as it was read.
        at: the prefix: `head` itself, or an earlier point of any history that was there.
        epoch: the new epoch, greater than any before.

    Raises Problem: 409 where the head has moved meanwhile, 503 where the ledger is away.
    """
    branched = at.branch(epoch)
    actions, token = [move(head, branched, ledger.table_name), _keep(head, ledger.table_name)], str(ULID())
    attempt = 0
    while transact(ledger.client, actions, token, deadline, on_doubt=lambda: None):
        found = ledger.any_head(deadline)
        if found is not None and found.roots == branched.roots:  # it is ours: the answer that said so got lost
            break
        if found is None or found.bookmark != head.bookmark:  # no attempt that is still on its way can land any more
            raise Problem("conflict", f"The ledger has moved on from {head.bookmark}: nothing was changed, try again")
        attempt += 1
        deadline.pause(attempt)
    return branched


def put_head(ledger: Ledger, head: Head, other: Head, deadline: Deadline) -> bool:
    """Put another head in the place of one, if that is what stands there, rows and all. Returns whether it is in.

    Raises Problem (503) where the ledger is away.
    """
    actions, token = [move(head, other, ledger.table_name)], str(ULID())
    if not transact(ledger.client, actions, token, deadline, on_doubt=lambda: None):
        return True
    found = ledger.any_head(deadline)
    return found is not None and found.to_item() == other.to_item()  # it is ours: the answer that said so got lost


def left_heads(ledger: Ledger, deadline: Deadline) -> list[tuple[Head, str]]:
    """Return the newest heads that were left, newest first, each with the time when."""
    answer = call(
        lambda: ledger.client.query(
            TableName=ledger.table_name,
            KeyConditionExpression=f"{PARTITION_KEY} = :left",
            ExpressionAttributeValues={":left": {"S": LEFT}},
            ConsistentRead=True,
            ScanIndexForward=False,
            Limit=MOST_LEFT,
            ReturnConsumedCapacity="TOTAL",
        ),
        deadline,
    )
    meter(answer)
    return [(Head.from_item(item), item["left_at"].get("S", "")) for item in answer["Items"]]


def _keep(head: Head, table_name: str) -> Action:
    key: Item = {PARTITION_KEY: {"S": LEFT}, SORT_KEY: {"N": str(head.epoch)}}
    return {
        "Put": {
            "TableName": table_name,
            "Item": {**key, **head.to_item(), "left_at": {"S": utc_text(time.time())}},
        }
    }
