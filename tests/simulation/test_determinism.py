"""One seed is one history, on every run and whatever order Python's sets happen to have."""

from __future__ import annotations

import os
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from tests.simulation.history import Simulator
from tests.simulation.plan import plan_of

ROOT = Path(__file__).parents[2]
SEEDS = range(3000, 3012)
PROGRAM = "from tests.simulation.test_determinism import traced; print(traced())"


def traced() -> str:
    """The digest of some histories' traces."""
    digest = sha256()
    with Simulator().ready() as simulator:
        for seed in SEEDS:
            digest.update("\n".join(simulator.run(plan_of(seed))[1]).encode())
    return digest.hexdigest()


@pytest.mark.parametrize("hash_seed", ["1", "2"])
def test_a_seed_gives_the_same_trace_in_any_process(hash_seed: str) -> None:
    environ = {**os.environ, "PYTHONHASHSEED": hash_seed}
    command = [sys.executable, "-c", PROGRAM]
    found = subprocess.run(command, cwd=ROOT, env=environ, check=True, capture_output=True, text=True).stdout
    assert found.strip() == traced()
