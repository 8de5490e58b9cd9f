from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from console.client.retry import Retry
from console.errors import ConsoleError
from console.migration.targets.dynamodb.batches import GROUP, BatchWriter
from console.migration.targets.dynamodb.tables import ensure_table
from tests.support.database.planned import table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mypy_boto3_dynamodb import DynamoDBClient

ITEMS: Any = [{"id": {"N": str(number)}} for number in range(GROUP + 30)]


class Failing:
    """A client whose first answers are what the script says: an error, or how many requests are left over."""

    def __init__(self, client: DynamoDBClient, *script: Any) -> None:
        self._client = client
        self._script = list(script)

    def batch_write_item(self, RequestItems: dict[str, list[Any]]) -> Any:  # noqa: N803 - as the SDK has it
        if not self._script:
            return self._client.batch_write_item(RequestItems=RequestItems)
        said = self._script.pop(0)
        if isinstance(said, Exception):
            raise said
        ((name, requests),) = RequestItems.items()
        if requests[said:]:
            self._client.batch_write_item(RequestItems={name: requests[said:]})
        return {"UnprocessedItems": {name: requests[:said]}}


@pytest.fixture
def name(client: DynamoDBClient, prefix: str) -> str:
    ensure_table(client, table("t", []), f"{prefix}t")
    return f"{prefix}t"


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def make_retry(pauses: list[float]) -> Callable[[float], Retry]:
    def made(limit_s: float) -> Retry:
        times: Iterator[int] = iter(range(0, 10_000, 7))
        return Retry(limit_s, sleep=pauses.append, monotonic=lambda: next(times))

    return made


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "said"}}, "BatchWriteItem")


def test_all_items_are_written_group_by_group(client: DynamoDBClient, name: str, stored: Callable[[str], Any]) -> None:
    groups: list[int] = []
    with BatchWriter(client, name) as writer:
        writer.write(ITEMS, groups.append)
    assert groups == [GROUP, 30]
    assert sorted(int(item["id"]["N"]) for item in stored("t")) == list(range(len(ITEMS)))


def test_what_dynamodb_did_not_get_to_is_sent_again_after_a_pause(
    client: DynamoDBClient,
    name: str,
    stored: Callable[[str], Any],
    make_retry: Callable[[float], Retry],
    pauses: list[float],
) -> None:
    away = ReadTimeoutError(endpoint_url="http://dynamodb")
    failing: Any = Failing(client, 20, refused("ThrottlingException"), away, 3)
    with BatchWriter(failing, name, make_retry) as writer:
        writer.write(ITEMS[:25], lambda _: None)
    assert len(stored("t")) == 25
    assert len(pauses) == 4


def test_a_table_that_takes_nothing_more_is_given_up_with_the_reason(
    client: DynamoDBClient, name: str, make_retry: Callable[[float], Retry]
) -> None:
    failing: Any = Failing(client, *[25] * 100)
    with BatchWriter(failing, name, make_retry) as writer, pytest.raises(ConsoleError) as raised:
        writer.write(ITEMS[:25], lambda _: None)
    assert str(raised.value) == f"the DynamoDB table {name} took no more items for 60 s: it is throttled"


def test_what_dynamodb_refuses_is_not_sent_again(
    client: DynamoDBClient, name: str, make_retry: Callable[[float], Retry], pauses: list[float]
) -> None:
    failing: Any = Failing(client, refused("AccessDeniedException"))
    with BatchWriter(failing, name, make_retry) as writer, pytest.raises(ConsoleError, match=r"AccessDeniedException"):
        writer.write(ITEMS[:25], lambda _: None)
    assert pauses == []
