"""A move's tables in DynamoDB, read for the proof: all items, page by page."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from console.errors import ConsoleError
from console.migration.plan import PlannedTable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoTables:
    """The tables of a plan as they are in DynamoDB.

    Args:
        prefix: of their names.
        now: the time in seconds since 1970: items whose time is over may be gone at any moment.
    """

    def __init__(self, client: DynamoDBClient, prefix: str, now: Callable[[], float] = time.time) -> None:
        self._client = client
        self._prefix = prefix
        self._now_s = int(now())

    def lack(self, table: PlannedTable) -> str:
        """Return "is not there" where a table is not; else nothing. Raises ConsoleError."""
        try:
            self._client.describe_table(TableName=self._name(table))
        except self._client.exceptions.ResourceNotFoundException:
            return "is not there"
        except (BotoCoreError, ClientError) as error:
            raise self._unreadable(table, error) from error
        return ""

    def rows(self, table: PlannedTable) -> Iterator[Mapping[str, Any]]:
        """Yield a table's items. Raises ConsoleError."""
        pages = self._client.get_paginator("scan").paginate(TableName=self._name(table), ConsistentRead=True)
        try:
            for page in pages:
                yield from page["Items"]
        except (BotoCoreError, ClientError) as error:
            raise self._unreadable(table, error) from error

    def is_over(self, table: PlannedTable, item: Mapping[str, Any]) -> bool:
        """Tell whether an item may be gone by now: DynamoDB forgets it some time after its time is over."""
        ttl = item.get(table.ttl or "", {}).get("N")
        return ttl is not None and Decimal(ttl) <= self._now_s

    def _name(self, table: PlannedTable) -> str:
        return self._prefix + table.target

    def _unreadable(self, table: PlannedTable, error: Exception) -> ConsoleError:
        message = f"the DynamoDB table {self._name(table)} cannot be read: {error}"
        return ConsoleError(message, "check region, credentials and rights")
