"""A rebuild on AWS, by simulation: from parts that were measured and latencies that were published, to time and bill.

Ranges go to the sandbox that is free first, as the state machine's map hands them out. Left out are the moments that
Step Functions takes between two steps, and AWS's own throttling; the rates that would run into a limit are told.
"""

from __future__ import annotations

import heapq
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from pathlib import Path

from console.costs.prices import load
from console.costs.row_size import random_row_bytes, snapshot_bytes_a_row_byte
from console.expectations.latencies import latencies
from handlers.aws.table import PAGE_ROWS
from handlers.snapshots.maker import BATCH_ROWS, RANGE_ROWS
from tests.perf.report import KEPT, figure, markdown

AT_ONCE, MEMORY_GB, TIMEOUT_S = 8, 1.0, 300
MIB, GB = 2**20, 2**30
READ_UNIT_BYTES = 4096
MEASURED_ROWS = 1_000_000
STEPS, STEPS_A_RANGE = 10, 1  # transitions of the machine that succeeds
CASES = ("low", "typical", "slow")


@dataclass(frozen=True)
class Parts:
    """What was measured, in seconds of a processor: for a row built, a page read, a byte written, a byte proven.

    `merge_s` is what publishing takes beside the proof: the newest ranges are merged, whatever is before them.
    """

    build_row_s: float
    read_page_s: float
    write_byte_s: float
    prove_byte_s: float
    merge_s: float

    @classmethod
    def from_figures(cls, figures: Mapping[str, float]) -> Parts:
        """Take them from a run of the benchmark."""
        rows, size_bytes = figures["rows of a range"], figures["snapshot, MB"] * 1e6
        busy = figures["one range, s of a processor"] / figures["one range, s"]  # the rest is others' on this machine
        proof_s = figures["proof of all bytes alone, s of a processor"]
        return cls(
            busy * figures["build, s"] / rows,
            figures["reading, processor, ms a page"] / 1000,
            busy * figures["write, s"] / (size_bytes / MEASURED_ROWS * rows),
            proof_s / size_bytes,
            max(0.0, figures["the same, s of a processor"] - proof_s),
        )


def simulate(parts: Parts, rows: int, case: str, at_once: int = AT_ONCE) -> dict[str, float]:
    """Return how long a rebuild of so many rows takes, what it uses and costs."""
    figures, prices = latencies().figures, load().prices
    speed, round_trip_s, start_s, mib_s = (
        getattr(each, case) * unit
        for each, unit in (
            (figures.function_speed, 1.0),
            (figures.dynamodb_round_trip, 1e-3),
            (figures.sandbox_start, 1e-3),
            (figures.efs_transfer, 1e-3),
        )
    )
    start_s += figures.sdk_first_use.typical / 1000 * speed
    row_bytes = random_row_bytes() * snapshot_bytes_a_row_byte()

    def range_s(count: int) -> float:
        pages, size_bytes = ceil(count / PAGE_ROWS), count * row_bytes
        read_s = ceil(count / BATCH_ROWS) * round_trip_s + pages * parts.read_page_s * speed
        write_s = size_bytes * parts.write_byte_s * speed + size_bytes / MIB * mib_s
        return read_s + count * parts.build_row_s * speed + write_s

    ranges = [min(RANGE_ROWS, rows - first) for first in range(0, rows, RANGE_ROWS)]
    free = [start_s] * min(at_once, len(ranges))
    for count in ranges:
        heapq.heappush(free, heapq.heappop(free) + range_s(count))
    size_bytes = rows * row_bytes
    prove_s = (size_bytes * parts.prove_byte_s + parts.merge_s) * speed + size_bytes / MIB * mib_s
    build_s = max(free)
    lambda_s = sum(range_s(count) for count in ranges) + prove_s + start_s * (min(at_once, len(ranges)) + 1)
    units = rows * random_row_bytes() / READ_UNIT_BYTES
    usd = {
        "Lambda": lambda_s * MEMORY_GB * prices.lambda_time("arm64").each + len(ranges) * prices.lambda_request.each,
        "DynamoDB": units * prices.dynamodb_read_unit.each,
        "EFS": size_bytes / GB * (prices.efs_write.each + prices.efs_read.each),
        "Step Functions": (STEPS + STEPS_A_RANGE * len(ranges)) * prices.step_transition.each,
    }
    return {
        "ranges": len(ranges),
        "one range, s": range_s(ranges[0]),
        "all ranges, s": build_s,
        "prove and publish, s": prove_s,
        "together, s": build_s + prove_s,
        "one sandbox alone, s": sum(range_s(count) for count in ranges) + prove_s,
        "read units a second, at most": min(at_once, len(ranges)) * units / rows * RANGE_ROWS / range_s(ranges[0]),
        "MiB a second to EFS": size_bytes / MIB / build_s,
        "snapshot, GB": size_bytes / GB,
        **{f"{service}, USD": dollars for service, dollars in usd.items()},
        "together, USD": sum(usd.values()),
    }


def newest_run() -> dict[str, float]:
    """Return the parts of the benchmark's newest run. Raises FileNotFoundError."""
    kept = sorted(KEPT.glob("rebuild-*.json"))
    if not kept:
        raise FileNotFoundError("no run of the benchmark is kept: make bench-rebuild")
    return json.loads(Path(kept[-1]).read_text())["parts"]


if __name__ == "__main__":
    parts = Parts.from_figures(newest_run())
    for rows in map(int, sys.argv[1:] or ["1000000", "10000000"]):
        cases = [simulate(parts, rows, case) for case in CASES]
        print(f"\n{rows:,} rows:\n")
        print(markdown(["", *CASES], [[name, *(figure(each[name]) for each in cases)] for name in cases[0]]))
