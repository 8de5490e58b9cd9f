from __future__ import annotations

from collections.abc import Iterator

import pytest

from console.local.background import BackgroundStack
from console.local.project import project_stack
from console.soak.promises import Promises
from handlers.settings import BOTH
from tests.support.local import web

FUNCTIONS = 3


@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BackgroundStack]:
    folder = tmp_path_factory.mktemp("soak")
    with BackgroundStack(project_stack(folder, sandboxes=1, check_interval_ms=0, projection=BOTH)) as running:
        for path in ("/query/health", "/command/health"):
            assert web.get(running.url + path).status_code == 200
        while len(running.processes()) < FUNCTIONS:  # the new ledger's own head calls the projector
            pass
        yield running


@pytest.fixture
def promises() -> Promises:
    return Promises()
