"""The bytes that publishing writes: the merge rule that publishers follow, simulated."""

from __future__ import annotations

from functools import cache

from console.costs.row_size import SEGMENT_BYTES
from console.costs.scenario import Scenario
from handlers.snapshots.chain import MERGED_ROWS, merged_rows


def publish_bytes(scenario: Scenario) -> float:
    """Return the mean size of the file that a publish writes, at most the whole snapshot.

    What it reads to merge is as much, less the new rows.
    """
    if not scenario.publishes:
        return 0
    added = min(scenario.rows, scenario.writes_per_month * scenario.rows_per_write / scenario.publishes)
    return min(merged_bytes(scenario, added), max(SEGMENT_BYTES, scenario.snapshot_bytes))


def merged_bytes(scenario: Scenario, added: float) -> float:
    """Return the mean size of the file that a publish of so many new rows writes to a snapshot that is large enough."""
    return SEGMENT_BYTES + written_rows(max(1, round(added))) * scenario.snapshot_bytes / scenario.rows


@cache
def written_rows(added: int) -> float:
    """Return how many rows a publish of so many new ones writes on average, beside a snapshot too large to merge.

    The average is over as many publishes as the largest segment that a request makes has room for.
    """
    publishes = max(1, MERGED_ROWS // added)
    sizes: list[int] = []
    written = 0
    for _ in range(publishes):
        merged, rows = merged_rows(sizes, added)
        sizes = [rows, *sizes[merged:]]
        written += rows
    return written / publishes
