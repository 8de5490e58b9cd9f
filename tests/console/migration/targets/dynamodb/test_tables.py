from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from console.client.retry import Retry
from console.errors import ConsoleError
from console.migration.targets.dynamodb import tables
from console.migration.targets.dynamodb.tables import check_table, ensure_table
from tests.support.database.planned import column, table

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

PAIRS = table(
    "pairs", [], column("a"), column("b", "bigint"), column("until", "timestamptz"), key=("a", "b"), ttl="until"
)


def test_a_table_is_made_with_its_key_and_its_time_to_live(client: DynamoDBClient, prefix: str) -> None:
    made = ensure_table(client, PAIRS, f"{prefix}pairs")
    assert made.is_new
    found: Any = client.describe_table(TableName=f"{prefix}pairs")["Table"]
    assert [tuple(each.values()) for each in found["KeySchema"]] == [("a", "HASH"), ("b", "RANGE")]
    assert {each["AttributeName"]: each["AttributeType"] for each in found["AttributeDefinitions"]} == {
        "a": "S",
        "b": "N",
    }
    assert found["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    ttl: Any = client.describe_time_to_live(TableName=f"{prefix}pairs")["TimeToLiveDescription"]
    assert ttl["AttributeName"] == "until"
    assert ensure_table(client, PAIRS, f"{prefix}pairs") == (made.identity, False)


def test_a_table_with_items_is_refused_unless_it_may_have_them(client: DynamoDBClient, prefix: str) -> None:
    made = ensure_table(client, PAIRS, f"{prefix}pairs")
    client.put_item(TableName=f"{prefix}pairs", Item={"a": {"S": "x"}, "b": {"N": "1"}})
    with pytest.raises(ConsoleError, match=rf"^the DynamoDB table {prefix}pairs has items already$"):
        ensure_table(client, PAIRS, f"{prefix}pairs")
    with pytest.raises(ConsoleError, match=r"has items already$"):
        ensure_table(client, PAIRS, f"{prefix}pairs", known="another")
    assert ensure_table(client, PAIRS, f"{prefix}pairs", known=made.identity) == (made.identity, False)
    assert ensure_table(client, PAIRS, f"{prefix}pairs", may_have_items=True) == (made.identity, False)


def test_a_table_of_another_form_is_refused(client: DynamoDBClient, prefix: str) -> None:
    ensure_table(client, PAIRS, f"{prefix}pairs")
    with pytest.raises(ConsoleError, match=r"has the key a \(S\) and b \(N\), and pairs needs id \(N\)$"):
        ensure_table(client, table("pairs", []), f"{prefix}pairs", may_have_items=True)
    other = table("pairs", [], column("a"), column("b", "bigint"), column("at", "date"), key=("a", "b"), ttl="at")
    with pytest.raises(ConsoleError, match=rf"{prefix}pairs forgets items by until, not by at"):
        ensure_table(client, other, f"{prefix}pairs", may_have_items=True)


def test_a_table_that_does_not_become_active_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    class Slow:
        """A client whose tables are never made."""

        exceptions = None

        def describe_table(self, **_: str) -> Any:
            return {"Table": {"TableStatus": "CREATING"}}

    times = iter(range(0, 1000, 50))

    def retry(limit_s: float) -> Retry:
        return Retry(limit_s, sleep=lambda _: None, monotonic=lambda: next(times))

    monkeypatch.setattr(tables, "Retry", retry)
    slow: Any = Slow()
    with pytest.raises(ConsoleError, match=r"^the DynamoDB table t is CREATING for 120 s$"):
        ensure_table(slow, table("t", []), "t")


@pytest.mark.parametrize(
    ("made", "name", "reason"),
    [
        (table("t", [], column("a"), key=()), "table", "one column or two, and the primary key has none"),
        (table("t", [], *map(column, "abc"), key=tuple("abc")), "table", "and the primary key has 3 columns"),
        (table("t", [], column("a", "boolean"), key=("a",)), "table", "column a: a boolean is no key in DynamoDB"),
        (table("t", [], column("a"), ttl="a"), "table", "table t, column a: text is no time to forget a row at"),
        (table("t", []), "t", "table t: t is no name of a table in DynamoDB"),
        (table("t", []), "täble", "is no name of a table in DynamoDB"),
        (table("t", []), "t" * 256, "is no name of a table in DynamoDB"),
    ],
    ids=["no key", "three", "boolean", "ttl", "short", "odd", "long"],
)  # fmt: skip
def test_a_table_that_dynamodb_cannot_have_is_named(made: Any, name: str, reason: str) -> None:
    with pytest.raises(ConsoleError) as raised:
        check_table(made, name)
    assert reason in str(raised.value)


def test_a_table_that_dynamodb_can_have_is_right() -> None:
    check_table(PAIRS, "app_1.pairs-")
