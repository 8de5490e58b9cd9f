from __future__ import annotations

from functools import partial

import pytest

from tests.faults.jobs.world import MakeWorld, World


@pytest.fixture
def make_world(monkeypatch: pytest.MonkeyPatch) -> MakeWorld:
    return partial(World, monkeypatch)


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    return make_world()
