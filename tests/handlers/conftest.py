from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.files import without_flushing


@pytest.fixture(autouse=True, scope="module")
def unflushed() -> Iterator[None]:
    with without_flushing():
        yield
