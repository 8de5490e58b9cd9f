"""Items written in batches, several at a time; those that DynamoDB did not get to are sent again."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Self

from console.client.retry import Retry
from console.errors import ConsoleError
from handlers.aws.dynamodb import RETRIED_CODES, error_code

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from handlers.aws.dynamodb import Item

MOST_ITEMS = 25  # of a batch
LANES = 8
GROUP = MOST_ITEMS * LANES  # items after which it is known how far it is
PATIENCE_S = 60.0


class BatchWriter:
    """Writes items to one table; also a context manager.

    Args:
        make_retry: the pauses between attempts at one batch.
    """

    def __init__(self, client: DynamoDBClient, name: str, make_retry: Callable[[float], Retry] = Retry) -> None:
        self._client = client
        self._name = name
        self._make_retry = make_retry
        self._lanes = ThreadPoolExecutor(LANES, thread_name_prefix="items")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._lanes.shutdown(cancel_futures=True)

    def write(self, items: Iterable[Item], written: Callable[[int], None]) -> None:
        """Write items in groups.

        Args:
            written: called with the number of items of a group, once all of them are in.

        Raises:
            ConsoleError: DynamoDB takes no more.
        """
        following = iter(items)
        while group := list(itertools.islice(following, GROUP)):
            batches = [group[start : start + MOST_ITEMS] for start in range(0, len(group), MOST_ITEMS)]
            list(self._lanes.map(self._write_batch, batches))
            written(len(group))

    def _write_batch(self, items: Sequence[Item]) -> None:
        waiting: Any = [{"PutRequest": {"Item": item}} for item in items]
        retry = self._make_retry(PATIENCE_S)
        while waiting:
            waiting, reason = self._send(waiting)
            if waiting and not retry.pause():
                message = f"the DynamoDB table {self._name} took no more items for {PATIENCE_S:.0f} s: {reason}"
                raise ConsoleError(message, "the same command goes on, once it has the capacity")

    def _send(self, requests: Any) -> tuple[Any, str]:  # noqa: ANN401 - the SDK's plain data
        """Send requests; returns those that are to be sent again, and why."""
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - with boto3

        try:
            answer = self._client.batch_write_item(RequestItems={self._name: requests})
        except ClientError as error:
            if error_code(error) not in RETRIED_CODES:
                raise ConsoleError(
                    f"the DynamoDB table {self._name}: {error}", "check its rights and limits"
                ) from error
            return requests, error_code(error)
        except BotoCoreError as error:
            return requests, str(error)
        return answer["UnprocessedItems"].get(self._name, []), "it is throttled"
