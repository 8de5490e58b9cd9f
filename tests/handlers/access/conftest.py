from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.access.site import AccessSite

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@pytest.fixture
def site(client: DynamoDBClient) -> AccessSite:
    """A table, a secret, the functions, and the time."""
    return AccessSite(client)
