from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from handlers.aws.objects import Objects
from tests.handlers.lake.scene import new_objects

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@pytest.fixture
def objects(client: DynamoDBClient) -> Objects:
    """Those of a new bucket of the emulator that `client` talks to."""
    return new_objects()
