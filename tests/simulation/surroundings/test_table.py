"""The model of DynamoDB answers as the emulator does, for every kind of call that the handlers make."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from handlers.ledger.ledger import Ledger
from tests.simulation.surroundings.table import Table, TableClient

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Call = tuple[str, dict[str, Any]]
KEY = {"pk": {"S": "head"}, "sk": {"N": "0"}}
ROW = {"pk": {"S": "ledger#1#0"}, "value": {"N": "0.5"}}


def calm(table: Table) -> TableClient:
    """A client to whom nothing goes wrong."""
    luck = SimpleNamespace(random=one)
    world: Any = SimpleNamespace(table=table, process=SimpleNamespace(luck=luck), call=nothing)
    return TableClient(world)


def one() -> float:
    """Draw the luck that lets an answer be whole."""
    return 1.0


def nothing(_what: str) -> bool:
    """Tell that nothing goes wrong."""
    return False


def update(seen: int, after: int) -> dict[str, Any]:
    return {
        "Update": {
            "Key": KEY,
            "UpdateExpression": "SET #seq = :after",
            "ConditionExpression": "#seq = :seen",
            "ExpressionAttributeNames": {"#seq": "seq"},
            "ExpressionAttributeValues": {":after": {"N": str(after)}, ":seen": {"N": str(seen)}},
        }
    }


def put(seq: int, **more: Any) -> dict[str, Any]:
    return {"Put": {"Item": {**ROW, "sk": {"N": str(seq)}, "id": {"S": f"id-{seq}"}}, **more}}


def query(low: int, high: int, **more: Any) -> Call:
    values = {":pk": ROW["pk"], ":low": {"N": str(low)}, ":high": {"N": str(high)}}
    condition = "pk = :pk AND sk BETWEEN :low AND :high"
    asked = {"KeyConditionExpression": condition, "ConsistentRead": True, "ScanIndexForward": True}
    return "query", asked | more | {"ExpressionAttributeValues": values | more.get("ExpressionAttributeValues", {})}


def transact(token: str, *actions: dict[str, Any]) -> Call:
    return "transact_write_items", {"TransactItems": [*actions], "ClientRequestToken": token}


NEW = {"ConditionExpression": "attribute_not_exists(pk)"}
ITEM = {**KEY, "seq": {"N": "0"}}
FILTERED = {"FilterExpression": "#v >= :least", "ExpressionAttributeNames": {"#v": "value"}}
CALLS: list[Call] = [
    ("get_item", {"Key": KEY}),
    ("put_item", {"Item": ITEM, **NEW}),
    ("put_item", {"Item": ITEM, **NEW}),
    transact("first-token-of-all", update(0, 2), put(1), put(2, **NEW)),
    transact("first-token-of-all", update(0, 2), put(1), put(2, **NEW)),
    transact("first-token-of-all", update(0, 3), put(1), put(3, **NEW)),
    transact("second-token-of-all", update(0, 2), put(3)),
    transact("third-token-of-all", update(2, 3), put(2, **NEW)),
    transact("fourth-token-of-all", update(2, 12), *(put(seq) for seq in range(3, 13))),
    ("get_item", {"Key": KEY}),
    query(2, 11),
    query(2, 11, ScanIndexForward=False, Limit=3),
    query(1, 9, ProjectionExpression="#a, id", ExpressionAttributeNames={"#a": "sk"}),
    query(1, 9, **FILTERED, ExpressionAttributeValues={":least": {"N": "0.50"}}),
    query(1, 9, **FILTERED, ExpressionAttributeValues={":least": {"N": "0.6"}}),
    query(1, 9, ExclusiveStartKey={"pk": ROW["pk"], "sk": {"N": "4"}}),
]


def answers(client: Any, table_name: str) -> list[Any]:
    """What a client answers to all calls, as far as handlers look at it."""
    found: list[Any] = []
    for name, asked in CALLS:
        named = {"TableName": table_name}
        if name == "transact_write_items":
            items = [{kind: what | named for kind, what in each.items()} for each in asked["TransactItems"]]
            named = {"TransactItems": items}
        elif name == "get_item":
            named["ConsistentRead"] = True  # pyright: ignore[reportArgumentType]
        try:
            answer = getattr(client, name)(**asked | named)
        except ClientError as error:
            reasons: list[Any] = error.response.get("CancellationReasons") or []
            found.append((error.response.get("Error", {}).get("Code"), [reason.get("Code") for reason in reasons]))
        else:
            found.append({key: answer.get(key) for key in ("Item", "Items", "ScannedCount", "LastEvaluatedKey")})
    return found


def test_the_model_answers_as_the_emulator_does(client: DynamoDBClient, ledger: Ledger) -> None:
    assert answers(calm(Table(lambda: 0.0)), "any") == answers(client, ledger.table_name)


def test_a_token_is_forgotten_after_ten_minutes() -> None:
    now_s = [0.0]
    table = Table(lambda: now_s[0])
    table.put({**KEY, "seq": {"N": "0"}}, "", {})
    client = calm(table)
    for _ in range(2):
        client.transact_write_items(TransactItems=[update(0, 1)], ClientRequestToken="token")
    now_s[0] = 601.0
    with pytest.raises(ClientError, match="Canceled"):
        client.transact_write_items(TransactItems=[update(0, 1)], ClientRequestToken="token")
