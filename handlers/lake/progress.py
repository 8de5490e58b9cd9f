"""The lake's progress: one item a root in the ledger's table, so that a page that did not grow is not written again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from handlers.aws.dynamodb import call, write_if
from handlers.aws.table import LAKE, PARTITION_KEY, SORT_KEY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from handlers.aws.dynamodb import Deadline, Item
    from handlers.ledger.ledger import Ledger


class LakeProgress:
    """The progress of one bucket.

    Args:
        ledger: reads of the table that also holds the progress.
        bucket: its name: of another bucket, nothing is known.
    """

    def __init__(self, ledger: Ledger, bucket: str) -> None:
        self._ledger = ledger
        self._bucket = bucket

    def load(self, deadline: Deadline) -> dict[int, int]:
        """Return by root up to which seq all rows are in the lake. Raises Problem (503)."""
        answer = call(
            lambda: self._ledger.client.query(
                TableName=self._ledger.table_name,
                KeyConditionExpression=f"{PARTITION_KEY} = :lake",
                ExpressionAttributeValues={":lake": {"S": LAKE}},
                ConsistentRead=True,
            ),
            deadline,
        )
        ours = [item for item in answer["Items"] if item["bucket"] == {"S": self._bucket}]
        return {int(item[SORT_KEY].get("N", 0)): int(item["written"].get("N", 0)) for item in ours}

    def save(self, root: int, written: int, deadline: Deadline) -> None:
        """Put down that all rows of a root up to this one are in the lake; it never goes back. Raises Problem (503)."""
        further = "attribute_not_exists(pk) OR #bucket <> :bucket OR #written < :written"
        self._put(root, written, further, deadline, {":written": {"N": str(written)}})

    def forget(self, known: Mapping[int, int], deadline: Deadline) -> None:
        """Put down that nothing is in the lake, of each root of which still so much is known. Raises Problem (503)."""
        for root, written in known.items():
            self._put(root, 0, "#bucket = :bucket AND #written = :seen", deadline, {":seen": {"N": str(written)}})

    def _put(self, root: int, written: int, condition: str, deadline: Deadline, values: Item) -> None:
        write_if(
            lambda: self._ledger.client.put_item(
                TableName=self._ledger.table_name,
                Item={
                    PARTITION_KEY: {"S": LAKE},
                    SORT_KEY: {"N": str(root)},
                    "bucket": {"S": self._bucket},
                    "written": {"N": str(written)},
                },
                ConditionExpression=condition,
                ExpressionAttributeNames={"#bucket": "bucket", "#written": "written"},
                ExpressionAttributeValues={":bucket": {"S": self._bucket}, **values},
            ),
            deadline,
        )
