from __future__ import annotations

import logging
from collections.abc import Iterator
from functools import partial

import pytest

from tests.faults.jobs.world import MakeWorld, World


@pytest.fixture(autouse=True)
def no_tracebacks() -> Iterator[None]:
    """Thousands of faults are logged, and to write the tracebacks takes longer than all else."""
    logging.disable()
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture
def make_world(monkeypatch: pytest.MonkeyPatch) -> MakeWorld:
    return partial(World, monkeypatch)


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    return make_world()
