"""A fixed set of histories, in every run of the tests; `make simulate` runs others."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.simulation.history import Simulator
from tests.simulation.plan import plan_of

PORTIONS, SEEDS = 8, 35  # of each


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with Simulator().ready() as ready:
        yield ready


@pytest.mark.parametrize("portion", range(PORTIONS))
def test_whatever_happens_all_invariants_hold(simulator: Simulator, portion: int) -> None:
    for seed in range(portion * SEEDS, (portion + 1) * SEEDS):
        broken, _ = simulator.run(plan_of(seed))
        assert not broken, f"{broken}: make simulate SEED={seed}"
