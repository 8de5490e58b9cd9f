from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.handlers.feed.site import Site


@pytest.fixture
def site(database_url: str) -> Iterator[Site]:
    made = Site(database_url)
    yield made
    made.database.close()
