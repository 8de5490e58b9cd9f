"""The tables on zlib and the SDK can be made again."""

from __future__ import annotations

from tests.perf.libraries.__main__ import calls_table, levels_table
from tests.perf.libraries.compression import LEVELS, ROWS, measure_levels
from tests.perf.libraries.sdk import measure_calls


def test_every_page_is_measured_at_every_level() -> None:
    packed = measure_levels(repeats=1)
    assert [(each.rows, each.level) for each in packed] == [(rows, level) for rows in ROWS for level in LEVELS]
    assert all(0 < each.packed_bytes < each.plain_bytes and each.spent_us > 0 for each in packed)
    head, _, *lines = levels_table(packed).splitlines()
    assert head.count("level") == len(LEVELS)
    assert [line.split(" | ")[0] for line in lines] == ["| 10", "| 100", "| 1,000"]


def test_calls_are_answered_from_memory() -> None:
    times_ms = measure_calls(calls=2)
    assert all(len(times) == 2 and min(times) > 0 for times in times_ms.values())
    assert [line.split(" | ")[0].strip("| ") for line in calls_table(times_ms).splitlines()[2:]] == list(times_ms)
