"""Counts of one new sandbox become those of a burst; a loop of wrong answers is not measured."""

from __future__ import annotations

import pytest

from tests.perf.load.__main__ import burst_table
from tests.perf.load.burst import Burst
from tests.perf.load.closed_loop import run

NOOP = "tests.perf.sandboxes.functions.noop.handler"


def test_a_burst_asks_so_many_times_what_one_new_sandbox_asks() -> None:
    burst = Burst("sqlite-efs", [10.0, 30.0, 20.0], 1, 0.03, processes=4, cold=3, round_trips=9, efs_bytes=3 * 2**20)
    lines = burst_table([burst], 100).splitlines()
    assert lines[0] == "| 100 requests at once, no sandbox | sqlite-efs |"
    cells = dict(line.strip("| ").split(" | ") for line in lines[2:])
    assert cells["answered; errors"] == "3; 1"
    assert (cells["p50, ms"], cells["p99, ms"]) == ("20", "30")
    assert cells["100 of them at 90,000 operations a second (elastic), ms"] == "10"
    assert cells["100 of them at 100 MiB a second (bursting), ms"] == "3,000"


def test_a_closed_loop_counts_what_was_answered() -> None:
    assert run(NOOP, {}, 0)["requests"] == 0
    with pytest.raises(RuntimeError, match="404"):
        run(f"{__name__}.refuse", {}, 0)


def refuse(event: object, context: object) -> dict[str, object]:
    """A handler that has nothing."""
    return {"statusCode": 404}
