"""Tries of an address: whoever enters wrong codes waits.

A try is taken before the code is looked at and given back when it was right, so that tries made at once count too. A
try has a name and those of an address are a set: taking or giving back once more changes nothing. Each try lets the
time begin anew, so that there are never more than `MOST_TRIES` wrong ones in any `PERIOD_S`.
"""

from __future__ import annotations

import math
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from handlers.access.code import key_of, text_of
from handlers.aws.dynamodb import call, write_if
from handlers.aws.sessions_table import ADDRESS, PARTITION_KEY, TTL
from handlers.domain.problem import Problem

if TYPE_CHECKING:
    from handlers.access.access_table import AccessTable
    from handlers.aws.dynamodb import Deadline, Item

MOST_TRIES = 10
PERIOD_S = 900


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
        """Take a try. Raises Problem (429) where none is left, with how long to wait."""
        tried = Try(key_of(ADDRESS, address_id), secrets.token_hex(8))
        while not self._is_added(tried, now_s, deadline):
            left_s = self._wait_s(tried, now_s, deadline)
            if left_s > 0:
                headers = {"retry-after": str(math.ceil(left_s))}
                raise Problem("too-many-requests", "Too many wrong codes came from this address", headers=headers)
            if self._is_first(tried, now_s, deadline):
                break
        return tried

    def give_back(self, tried: Try, deadline: Deadline) -> None:
        """Give a try back."""
        call(
            lambda: self._table.client.update_item(
                TableName=self._table.name,
                Key=tried.key,
                UpdateExpression="DELETE tries :tried",
                ExpressionAttributeValues={":tried": {"SS": [tried.name]}},
            ),
            deadline,
        )

    def _is_added(self, tried: Try, now_s: float, deadline: Deadline) -> bool:
        """Count a try beside others, or as the first of an address that nobody remembers."""
        has_room = "attribute_not_exists(tries) OR size(tries) < :most OR contains(tries, :name)"
        return write_if(
            lambda: self._table.client.update_item(
                TableName=self._table.name,
                Key=tried.key,
                UpdateExpression=f"ADD tries :tried SET {TTL} = :end",
                ConditionExpression=f"attribute_not_exists({PARTITION_KEY}) OR ({TTL} > :now AND ({has_room}))",
                ExpressionAttributeValues={
                    ":tried": {"SS": [tried.name]},
                    ":name": {"S": tried.name},
                    ":most": {"N": str(MOST_TRIES)},
                    **_moments(now_s),
                },
            ),
            deadline,
        )

    def _wait_s(self, tried: Try, now_s: float, deadline: Deadline) -> float:
        answer = call(
            lambda: self._table.client.get_item(TableName=self._table.name, Key=tried.key, ConsistentRead=True),
            deadline,
        )
        return int(text_of(answer.get("Item", {}), TTL) or 0) - now_s

    def _is_first(self, tried: Try, now_s: float, deadline: Deadline) -> bool:
        """Count a try instead of those whose time is over. False: another one was faster."""
        item: Item = {**tried.key, "tries": {"SS": [tried.name]}, TTL: _moments(now_s)[":end"]}
        return write_if(
            lambda: self._table.client.put_item(
                TableName=self._table.name,
                Item=item,
                ConditionExpression=f"attribute_not_exists({PARTITION_KEY}) OR {TTL} <= :now OR tries = :tries",
                ExpressionAttributeValues={":now": _moments(now_s)[":now"], ":tries": item["tries"]},
            ),
            deadline,
        )


def _moments(now_s: float) -> Item:
    return {":now": {"N": str(int(now_s))}, ":end": {"N": str(int(now_s) + PERIOD_S)}}
