"""Tries of an address: whoever enters wrong codes waits.

A try is taken before the code is looked at and given back when it was right, so that tries made at once count too. A
try has a name, which tells its moment, and those of an address are a set: taking or giving back once more changes
nothing. A try counts for `PERIOD_S` from its own moment, so that there are never more than `MOST_TRIES` wrong ones in
any `PERIOD_S`, and one that is given back leaves nothing behind.
"""

from __future__ import annotations

import math
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from handlers.access.code import key_of
from handlers.aws.dynamodb import Deadline, call, write_if
from handlers.aws.sessions_table import ADDRESS, PARTITION_KEY, TTL
from handlers.domain.problem import Problem

if TYPE_CHECKING:
    from handlers.access.access_table import AccessTable
    from handlers.aws.dynamodb import Item

MOST_TRIES = 10
PERIOD_S = 900
PAUSES = 7  # about a second in all: right codes come back meanwhile
IN_FLIGHT_S = Deadline.LIMIT_S  # whoever took a try has given it back by then, or never will


@dataclass(frozen=True)
class Try:
    """A try that was taken: where it is counted, and its name."""

    key: Item
    name: str


class Attempts:
    """The tries of all addresses.

    Args:
        table: that of the codes.
    """

    def __init__(self, table: AccessTable) -> None:
        self._table = table

    def take(self, address_id: str, now_s: float, deadline: Deadline) -> Try:
        """Take a try, once there is room for it.

        Raises:
            Problem: 429, none is left, and none comes back; with how long to wait. 503, the table is away.
        """
        end_s = math.ceil(now_s) + PERIOD_S
        tried = Try(key_of(ADDRESS, address_id), f"{end_s}-{secrets.token_hex(8)}")
        pauses = 0
        while not self._is_added(tried, deadline):
            ends_s = self._ends_s(tried.key, now_s, deadline)
            if len(ends_s) < MOST_TRIES:
                continue
            if pauses == PAUSES or max(ends_s) + IN_FLIGHT_S <= end_s:
                headers = {"retry-after": str(math.ceil(min(ends_s) - now_s))}
                raise Problem("too-many-requests", "Too many wrong codes came from this address", headers=headers)
            pauses += 1
            deadline.pause(pauses)
        return tried

    def give_back(self, tried: Try, deadline: Deadline) -> None:
        """Give a try back, unless it was forgotten by now."""
        self._remove(tried.key, [tried.name], deadline)

    def _is_added(self, tried: Try, deadline: Deadline) -> bool:
        """Count a try beside others. False: there are too many, some of which may be over."""
        has_room = "attribute_not_exists(tries) OR size(tries) < :most OR contains(tries, :name)"
        return write_if(
            lambda: self._table.client.update_item(
                TableName=self._table.name,
                Key=tried.key,
                UpdateExpression=f"ADD tries :tried SET {TTL} = :end",
                ConditionExpression=has_room,
                ExpressionAttributeValues={
                    ":tried": {"SS": [tried.name]},
                    ":name": {"S": tried.name},
                    ":most": {"N": str(MOST_TRIES)},
                    ":end": {"N": str(_end_s(tried.name))},
                },
            ),
            deadline,
        )

    def _ends_s(self, key: Item, now_s: float, deadline: Deadline) -> list[int]:
        """Return when each of an address's tries is over, and forget those that are."""
        answer = call(
            lambda: self._table.client.get_item(TableName=self._table.name, Key=key, ConsistentRead=True), deadline
        )
        names = answer.get("Item", {}).get("tries", {}).get("SS", [])
        over = [name for name in names if _end_s(name) <= now_s]
        if over:
            self._remove(key, over, deadline)
        return [_end_s(name) for name in names if name not in over]

    def _remove(self, key: Item, names: list[str], deadline: Deadline) -> None:
        """Forget tries. Where the table has forgotten them all, nothing is made anew, which would have no TTL."""
        write_if(
            lambda: self._table.client.update_item(
                TableName=self._table.name,
                Key=key,
                UpdateExpression="DELETE tries :names",
                ConditionExpression=f"attribute_exists({PARTITION_KEY})",
                ExpressionAttributeValues={":names": {"SS": names}},
            ),
            deadline,
        )


def _end_s(name: str) -> int:
    """Return when a try is over, in seconds since 1970."""
    return int(name.partition("-")[0])
