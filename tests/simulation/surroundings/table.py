"""A model of DynamoDB at the client's side: strongly consistent reads, an index that lags, transactions with tokens.

What goes wrong is decided by `trouble`: answers and requests get lost, a request is carried out after its client gave
up, calls are turned away, connections end.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    EndpointConnectionError,
    ReadTimeoutError,
)

from handlers.aws.dynamodb import READ_TIMEOUT_S
from handlers.aws.table import BY_ID
from tests.simulation.surroundings.expressions import Item, holds, projected, updated
from tests.simulation.surroundings.stream import Stream

if TYPE_CHECKING:
    from tests.simulation.surroundings.world import World

TOKEN_LIFE_S = 600.0
INDEX_LAG_S = (0.0, 0.0, 0.5, 4.0)
LATE_S = (0.3, 1.0, 3.0, 9.0, 30.0)
TROUBLES = ("answer lost", "request lost", "late", "late", "throttled", "server error", "refused", "closed", "conflict")
URL = "http://ledger"

Key = tuple[str, int]


class ConditionError(Exception):
    """A condition does not hold; which action's, for a transaction."""

    def __init__(self, place: int = 0) -> None:
        super().__init__(place)
        self.place = place


class Table:
    """The table itself. Everything happens at once.

    Attributes:
        items: by partition and sort key.
        stream: gets what is written.
        on_write: told of the items written together, as they were before and are now.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self.items: dict[str, dict[int, Item]] = {}
        self.stream = Stream(now)
        self._ids: dict[str, list[tuple[Key, float]]] = {}
        self._tokens: dict[str, tuple[object, float]] = {}
        self.on_write: Callable[[dict[Key, tuple[Item | None, Item]]], None] = lambda written: None

    def get(self, key: Key) -> Item | None:
        """Return an item."""
        return self.items.get(key[0], {}).get(key[1])

    def put(self, item: Item, condition: str, values: Item) -> None:
        """Put one item. Raises ConditionError."""
        if condition and not holds(condition, self.get(key_of(item)), {}, values):
            raise ConditionError
        self._write({key_of(item): item})

    def transact(self, actions: list[dict[str, Any]], token: str) -> None:
        """Carry out all actions or none, once for each token. Raises ConditionError, ValueError (another request)."""
        known, until_s = self._tokens.get(token, (None, 0.0))
        if until_s > self._now():
            if known != actions:
                raise ValueError(token)
            return
        written: dict[Key, Item] = {}
        for place, action in enumerate(actions):
            ((kind, what),) = action.items()
            key = key_of(what["Key"] if kind == "Update" else what["Item"])
            before, names = self.get(key), what.get("ExpressionAttributeNames", {})
            values = what.get("ExpressionAttributeValues", {})
            if "ConditionExpression" in what and not holds(what["ConditionExpression"], before, names, values):
                raise ConditionError(place)
            assert key not in written
            item = what.get("Item") or updated(what["UpdateExpression"], before or what["Key"], names, values)
            written[key] = item
        self._tokens[token] = actions, self._now() + TOKEN_LIFE_S
        self._write(written)

    def query(self, asked: dict[str, Any], most: int) -> dict[str, Any]:
        """Answer a query with as many items as one answer holds."""
        values, names = asked["ExpressionAttributeValues"], asked.get("ExpressionAttributeNames", {})
        found = self._indexed(values[":id"]["S"]) if asked.get("IndexName") == BY_ID else self._ranged(asked, values)
        most = min(most, asked.get("Limit", most))
        part = found[:most]
        condition = asked.get("FilterExpression", "")
        items = [item for item in part if holds(condition, item, names, values)]
        answer: dict[str, Any] = {
            "Items": [projected(asked.get("ProjectionExpression"), item, names) for item in items],
            "ScannedCount": len(part),
            "ConsumedCapacity": {"CapacityUnits": 1.0},
        }
        if len(found) > most:
            answer["LastEvaluatedKey"] = {name: part[-1][name] for name in ("pk", "sk")}
        return answer

    def _ranged(self, asked: dict[str, Any], values: Item) -> list[Item]:
        partition = values[":pk" if ":pk" in values else ":left"]["S"]
        found = [item for _, item in sorted(self.items.get(partition, {}).items())]
        found = [item for item in found if holds(asked["KeyConditionExpression"], item, {}, values)]
        found = found if asked["ScanIndexForward"] else found[::-1]
        if "ExclusiveStartKey" in asked:
            places = [item["sk"] for item in found]
            found = found[places.index(asked["ExclusiveStartKey"]["sk"]) + 1 :]
        return found

    def _indexed(self, row_id: str) -> list[Item]:
        keys = [key for key, seen_s in self._ids.get(row_id, []) if seen_s <= self._now()]
        return [item for key in keys if (item := self.get(key))]

    def _write(self, written: dict[Key, Item]) -> None:
        before = {key: self.get(key) for key in written}
        for key, item in written.items():
            self.items.setdefault(key[0], {})[key[1]] = item
            self.stream.add(item)
            if "id" in item:
                lag_s = INDEX_LAG_S[zlib.crc32(item["id"]["S"].encode()) % len(INDEX_LAG_S)]
                self._ids.setdefault(item["id"]["S"], []).append((key, self._now() + lag_s))
        self.on_write({key: (before[key], item) for key, item in written.items()})


class TableClient:
    """What boto3's client is to one process."""

    def __init__(self, world: World) -> None:
        self._world = world

    def get_item(self, **asked: Any) -> Any:
        def run() -> Any:
            item = self._world.table.get(key_of(asked["Key"]))
            return {"ConsumedCapacity": {"CapacityUnits": 1.0}} | ({"Item": dict(item)} if item else {})

        return self._call(f"get {asked['Key']['pk']['S']}", run)

    def query(self, **asked: Any) -> Any:
        luck = self._world.process.luck
        most = luck.randint(1, 5) if luck.random() < 0.2 else 1_000_000
        return self._call("query", lambda: self._world.table.query(asked, most))

    def put_item(self, **asked: Any) -> Any:
        def run() -> Any:
            self._world.table.put(
                asked["Item"], asked.get("ConditionExpression", ""), asked.get("ExpressionAttributeValues", {})
            )
            return {}

        return self._call(f"put {asked['Item']['pk']['S']}", run, is_write=True)

    def transact_write_items(self, **asked: Any) -> Any:
        def run() -> Any:
            self._world.table.transact(asked["TransactItems"], asked["ClientRequestToken"])
            return {}

        return self._call(f"transact {len(asked['TransactItems'])}", run, len(asked["TransactItems"]), is_write=True)

    def _call(self, name: str, run: Callable[[], Any], actions: int = 0, *, is_write: bool = False) -> Any:
        world = self._world
        if world.call(name):
            return self._trouble(world.process.luck.choice(TROUBLES), run, actions, is_write=is_write)
        return _answer(run, actions)

    def _trouble(self, kind: str, run: Callable[[], Any], actions: int, *, is_write: bool) -> Any:
        world = self._world
        world.note(kind)
        carries_out = kind == "answer lost" or (
            kind in ("server error", "closed") and world.process.luck.random() < 0.5
        )
        if carries_out:
            _ignoring(run)
        if kind == "late" and is_write:
            world.turns.later(world.process.luck.choice(LATE_S), lambda: _ignoring(run))
        if kind in ("answer lost", "request lost", "late"):
            world.sleep(READ_TIMEOUT_S)
        raise _error(kind, actions)


def key_of(item: Item) -> Key:
    """Return an item's key."""
    return item["pk"]["S"], int(item["sk"]["N"])


def _answer(run: Callable[[], Any], actions: int) -> Any:
    try:
        return run()
    except ConditionError as error:
        if actions:
            reasons = ["ConditionalCheckFailed" if place == error.place else "None" for place in range(actions)]
            raise _refusal("TransactionCanceledException", reasons) from error
        raise _refusal("ConditionalCheckFailedException") from error
    except ValueError as error:
        raise _refusal("IdempotentParameterMismatchException") from error


def _ignoring(run: Callable[[], Any]) -> None:
    """Carry out what nobody waits for any more."""
    try:
        run()
    except (ConditionError, ValueError):
        return


def _error(kind: str, actions: int) -> Exception:
    match kind:
        case "throttled":
            return _refusal("ThrottlingException")
        case "server error":
            return _refusal("InternalServerError", status=500)
        case "refused":
            return EndpointConnectionError(endpoint_url=URL)
        case "closed":
            return ConnectionClosedError(endpoint_url=URL)
        case "conflict" if actions:
            return _refusal("TransactionCanceledException", ["TransactionConflict"] + ["None"] * (actions - 1))
        case _:
            return ReadTimeoutError(endpoint_url=URL)


def _refusal(code: str, reasons: list[str] | None = None, status: int = 400) -> ClientError:
    response: dict[str, Any] = {
        "Error": {"Code": code, "Message": "simulated"},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    if reasons is not None:
        response["CancellationReasons"] = [{"Code": reason} for reason in reasons]
    return ClientError(cast("Any", response), "Operation")
