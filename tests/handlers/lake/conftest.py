from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from handlers.aws.objects import Objects
from tests.handlers.lake.scene import new_objects, shrink_pages

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@pytest.fixture
def objects(client: DynamoDBClient) -> Objects:
    """Those of a new bucket of the emulator that `client` talks to."""
    return new_objects()


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> int:
    """Pages of ten rows, so that many of them take no time. Returns how many rows a page has."""
    return shrink_pages(monkeypatch)
