"""The table's stream as Lambda delivers it: the head's records, in order, each some time after it was written.

A batch comes again until its function has taken all of it, or has failed too often at one place: then it is given up.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from handlers.ledger.head import HEAD_KEY, Head
from tests.simulation.surroundings.expressions import Item

Record = dict[str, Any]

FIRST_NUMBER, STEP = 10**20, 7  # others write to the table, too: numbers increase, and are not dense
LAGS_S = (0.1, 0.3, 2.0, 0.2, 9.0)  # of one record after the other; none overtakes another
MOST_ATTEMPTS = 2


class Stream:
    """One shard, and the place in it from which its reader goes on.

    Args:
        now: the time in seconds.

    Attributes:
        given_up: how many records were.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self.given_up = 0
        self._now = now
        self._records: list[tuple[Record, float]] = []  # with the time from which it can be read
        self._place = 0
        self._failures = 0

    def add(self, item: Item) -> None:
        """Take note of an item that was written."""
        if {name: item[name] for name in HEAD_KEY} != HEAD_KEY:
            return
        count = len(self._records)
        change = {
            "Keys": HEAD_KEY,
            "NewImage": item,
            "SequenceNumber": str(FIRST_NUMBER + STEP * count),
            "StreamViewType": "NEW_IMAGE",
        }
        record = {"eventName": "MODIFY" if count else "INSERT", "eventSource": "aws:dynamodb", "dynamodb": change}
        before_s = self._records[-1][1] if count else 0.0
        ready_s = max(before_s, self._now() + LAGS_S[count % len(LAGS_S)])
        self._records.append((json.loads(json.dumps(record)), ready_s))

    def batch(self, most: int) -> list[Record]:
        """Return the records that come next; none where all that are there were taken."""
        coming = self._records[self._place : self._place + most]
        return [record for record, ready_s in coming if ready_s <= self._now()]

    def taken(self, count: int, batch: Sequence[Record]) -> None:
        """Go on from the record after those that were taken, or from where it failed too often."""
        self._place += count
        self._failures = 0 if count else self._failures + 1
        if self._failures == MOST_ATTEMPTS:
            self._failures = 0
            self._place += len(batch)
            self.given_up += len(batch)


def number_of(record: Mapping[str, Any]) -> str:
    """Return a record's sequence number."""
    return record["dynamodb"]["SequenceNumber"]


def head_in(record: Mapping[str, Any]) -> Head:
    """Return the head that a record tells of."""
    return Head.from_item(record["dynamodb"]["NewImage"])
