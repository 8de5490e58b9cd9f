from __future__ import annotations

import pytest

from tests.faults.jobs.world import World


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    return World(monkeypatch)
