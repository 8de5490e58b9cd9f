from __future__ import annotations

import json

from handlers.telemetry.timings import Timings, server_timing, timings_text


def timings_at(*seconds: float) -> Timings:
    return Timings(iter(seconds).__next__)


def test_a_lap_is_the_time_since_the_last_one() -> None:
    timings = timings_at(10.0, 10.5, 10.75, 11.0)
    assert timings.lap("check") == 500.0
    assert timings.lap("query") == 250.0
    assert timings.all_ms() == {"check": 500.0, "query": 250.0, "total": 1000.0}


def test_a_phase_that_happens_twice_is_added_up() -> None:
    timings = timings_at(0.0, 1.0, 3.0, 6.0, 6.0)
    for phase in ("check", "open", "check"):
        timings.lap(phase)
    assert timings.all_ms() == {"check": 4000.0, "open": 2000.0, "total": 6000.0}


def test_times_are_rounded_to_microseconds_and_the_total_comes_last() -> None:
    timings = timings_at(0.0, 0.0000123456, 0.0000129)
    timings.lap("check")
    all_ms = timings.all_ms()
    assert list(all_ms.items()) == [("check", 0.012), ("total", 0.013)]
    assert json.loads(timings_text(all_ms)) == all_ms
    assert server_timing(all_ms) == "check;dur=0.012, total;dur=0.013"


def test_the_real_clock_only_goes_forward() -> None:
    timings = Timings()
    assert timings.lap("check") >= 0
    assert timings.all_ms()["total"] >= 0
