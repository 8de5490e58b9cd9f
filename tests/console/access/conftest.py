"""A client of the API that the fixture `service` of the test's own file stands for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from console.client.client import Client
from tests.support.local.access_service import AccessService
from tests.support.local.faults import FaultyApi


@pytest.fixture
def api(service: AccessService) -> Iterator[FaultyApi]:
    with FaultyApi() as server:
        server.default = service
        yield server


@pytest.fixture
def client(api: FaultyApi) -> Iterator[Client]:
    with Client(api.url) as client:
        yield client
