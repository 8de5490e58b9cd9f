from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from console.local.account.stores import Stores
from console.local.emulator import Emulator


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    """The environment of an emulator with buckets and queues."""
    with Emulator(tmp_path_factory.mktemp("account")) as running:
        yield {**running.environment, "TABLE_NAME": "table", **Stores(running.environment).make()}
