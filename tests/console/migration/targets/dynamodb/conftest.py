from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_dynamodb import DynamoDBClient


@pytest.fixture
def prefix() -> str:
    """Of tables that nobody else has."""
    return f"{uuid.uuid4()}-"


@pytest.fixture
def stored(client: DynamoDBClient, prefix: str) -> Callable[[str], list[Any]]:
    """The items of a table, by their keys' texts."""

    def items(name: str) -> list[Any]:
        pages = client.get_paginator("scan").paginate(TableName=f"{prefix}{name}")
        return sorted((item for page in pages for item in page["Items"]), key=lambda item: (len(str(item)), str(item)))

    return items
