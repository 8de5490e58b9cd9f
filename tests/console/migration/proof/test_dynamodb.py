from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest

from console.errors import ConsoleError
from console.migration.plan import PlannedColumn, PlannedTable
from console.migration.proof.dynamodb import DynamoTables

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

COLUMNS = (PlannedColumn("token", "token", "text", is_nullable=False),)
TABLE = PlannedTable("logins", "logins", COLUMNS, ("token",), ttl="expires_at")


def test_a_table_that_goes_away_while_it_is_read_is_told(client: DynamoDBClient) -> None:
    prefix = f"{uuid.uuid4()}-"
    with pytest.raises(ConsoleError, match=f"the DynamoDB table {prefix}logins cannot be read"):
        list(DynamoTables(client, prefix).rows(TABLE))


@pytest.mark.parametrize(
    ("ttl", "is_over"),
    [({"N": "99"}, True), ({"N": "100"}, True), ({"N": "101"}, False), ({"S": "99"}, False), (None, False)],
    ids=["before", "now", "after", "no number", "none"],
)
def test_an_item_is_over_once_its_time_is(client: DynamoDBClient, ttl: dict[str, str] | None, is_over: bool) -> None:
    item = {"token": {"S": "a"}} | ({"expires_at": ttl} if ttl else {})
    assert DynamoTables(client, "", now=lambda: 100.0).is_over(TABLE, item) is is_over
