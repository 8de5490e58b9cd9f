from __future__ import annotations

import pytest

from tests.faults.jobs.world import MakeWorld, World


@pytest.fixture
def make_world(monkeypatch: pytest.MonkeyPatch) -> MakeWorld:
    return lambda **options: World(monkeypatch, **options)


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    return make_world()
