"""DynamoDB as far as the ledger uses it, in memory: one table, its conditions, its client tokens, each call atomic.

A call takes microseconds instead of a millisecond, and the whole table can be put back to what it was. A test holds it
against the emulator (tests/faults/calls/test_table.py).
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, cast

from handlers.aws.table import JOB_STATE, PARTITION_KEY, SORT_KEY, TTL
from handlers.ledger.ledger import Ledger
from tests.support.meddling import client_error

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Item = dict[str, dict[str, Any]]
Key = tuple[str, int]


class MemoryTable:
    """A client of one table. Its methods are those of boto3's client, with its errors.

    Args:
        journal: a file that has every change as soon as it is made, for whoever outlives this process; None: nobody.

    Attributes:
        changes: how many there were.
    """

    def __init__(self, items: Mapping[Key, Item] | None = None, journal: Path | None = None) -> None:
        self.items = dict(items or {})
        self.journal = journal
        self.changes = 0
        self._tokens: set[str] = set()

    def ledger(self) -> Ledger:
        """Return the ledger in it."""
        return Ledger(cast("DynamoDBClient", self), "table")

    def get_item(self, *, Key: Item, **_: object) -> dict[str, Any]:  # noqa: N803 - boto3's names
        found = self.items.get(key_of(Key))
        return {"ConsumedCapacity": {"CapacityUnits": 1.0}} | ({"Item": found} if found else {})

    def query(self, **arguments: Any) -> dict[str, Any]:
        values = arguments["ExpressionAttributeValues"]
        if ":before" in values:
            return {"Items": self._jobs(arguments, values)}
        if "IndexName" in arguments:
            found = [item for item in self.items.values() if item.get("id") == values[":id"]]
        else:
            page = values[":pk"]["S"]
            numbers = range(int(values[":low"]["N"]), int(values[":high"]["N"]) + 1)
            found = [self.items[page, number] for number in numbers if (page, number) in self.items]
        found = found if arguments.get("ScanIndexForward", True) else found[::-1]
        return {"Items": found, "ScannedCount": len(found), "ConsumedCapacity": {"CapacityUnits": 1.0}}

    def _jobs(self, arguments: Mapping[str, Any], values: Mapping[str, Any]) -> list[Item]:
        """Return the newest items of a partition, or of a state."""
        attribute = JOB_STATE if "IndexName" in arguments else PARTITION_KEY
        before, now_s = int(values[":before"]["N"]), float(values[":now"]["N"])
        found = [item for item in self.items.values() if item.get(attribute) == values[":pk"]]
        found = [item for item in found if int(item[SORT_KEY]["N"]) <= before and float(item[TTL]["N"]) > now_s]
        return sorted(found, key=lambda item: -int(item[SORT_KEY]["N"]))[: arguments["Limit"]]

    def put_item(self, *, Item: Item, **condition: Any) -> dict[str, Any]:  # noqa: N803
        if not is_met(condition, self.items.get(key_of(Item))):
            raise client_error("ConditionalCheckFailedException")
        self._change({key_of(Item): Item})
        return {}

    def transact_write_items(self, *, TransactItems: list[Any], ClientRequestToken: str) -> dict[str, Any]:  # noqa: N803
        if ClientRequestToken in self._tokens:
            return {}
        actions = [next(iter(action.items())) for action in TransactItems]
        keys = [key_of(action.get("Key") or action["Item"]) for _, action in actions]
        met = [is_met(action, self.items.get(key)) for key, (_, action) in zip(keys, actions, strict=True)]
        if not all(met):
            reasons = ["None" if is_right else "ConditionalCheckFailed" for is_right in met]
            raise client_error("TransactionCanceledException", reasons=reasons)
        changed = {
            key: action["Item"] if kind == "Put" else updated(self.items.get(key) or action["Key"], action)
            for key, (kind, action) in zip(keys, actions, strict=True)
        }
        self._tokens.add(ClientRequestToken)
        self._change(changed)
        return {}

    def take_over(self, journal: Path) -> None:
        """Make the changes that another process has made."""
        with journal.open("rb") as file:
            while file.peek():
                self.items |= pickle.load(file)
                self.changes += 1

    def copy(self) -> Self:
        return type(self)(self.items)

    def _change(self, changed: dict[Key, Item]) -> None:
        self.items |= changed
        self.changes += 1
        if self.journal is not None:
            with self.journal.open("ab") as file:
                pickle.dump(changed, file)


def key_of(item: Item) -> Key:
    return item[PARTITION_KEY]["S"], int(item[SORT_KEY]["N"])


def is_met(action: Mapping[str, Any], item: Item | None) -> bool:
    """Tell whether an action's condition holds for what stands there."""
    text = action.get("ConditionExpression", "")
    ways = [way[1:-1] if way.startswith("(") else way for way in text.split(" OR ")] if text else []
    return not ways or any(all(_holds(clause, action, item) for clause in way.split(" AND ")) for way in ways)


def updated(item: Item, action: Mapping[str, Any]) -> Item:
    """Return an item after `SET a = :a, …`."""
    assignments = [part.split(" = ") for part in action["UpdateExpression"].removeprefix("SET ").split(", ")]
    return item | {_name(left, action): action["ExpressionAttributeValues"][right] for left, right in assignments}


def _holds(clause: str, action: Mapping[str, Any], item: Item | None) -> bool:
    if clause == "attribute_not_exists(pk)":
        return item is None
    left, right = clause.split(" = ")
    return item is not None and item.get(_name(left, action)) == action["ExpressionAttributeValues"][right]


def _name(text: str, action: Mapping[str, Any]) -> str:
    return action["ExpressionAttributeNames"][text] if text.startswith("#") else text


CALLS: tuple[Callable[..., Any], ...] = (
    MemoryTable.get_item,
    MemoryTable.query,
    MemoryTable.put_item,
    MemoryTable.transact_write_items,
)
