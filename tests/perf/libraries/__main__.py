"""The time that zlib and the SDK take: `make bench-libraries` prints the tables."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from statistics import quantiles

from tests.perf.libraries.compression import LEVELS, Packed, measure_levels
from tests.perf.libraries.sdk import measure_calls, measure_first_use
from tests.perf.report import figure, keep, markdown, p50_p99


def levels_table(packed: Sequence[Packed]) -> str:
    """Return a line for each page."""
    pages = [packed[start : start + len(LEVELS)] for start in range(0, len(packed), len(LEVELS))]
    lines = [
        [
            f"{levels[0].rows:,}",
            f"{levels[0].plain_bytes:,}",
            *(f"{level.packed_bytes:,} bytes, {figure(level.spent_us)} µs" for level in levels),
        ]
        for levels in pages
    ]
    return markdown(["rows", "plain, bytes", *(f"level {level}" for level in LEVELS)], lines)


def calls_table(times_ms: Mapping[str, Sequence[float]]) -> str:
    """Return a line for each call."""
    lines = [[name, *map(figure, (quantiles(times, n=10)[0], *p50_p99(times)))] for name, times in times_ms.items()]
    return markdown(["ms", "p10", "p50", "p99"], lines)


def main() -> None:
    """Measure, keep the figures, and print them."""
    packed, first_use_ms, calls_ms = measure_levels(), measure_first_use(), measure_calls()
    first_use = markdown(
        ["in the first request for `/ddb`", "ms"], [[name, figure(spent)] for name, spent in first_use_ms.items()]
    )
    print(levels_table(packed), first_use, calls_table(calls_ms), sep="\n\n")
    figures = {"levels": [each._asdict() for each in packed], "first_use_ms": first_use_ms, "calls_ms": calls_ms}
    print(f"kept in {keep('libraries', figures)}", file=sys.stderr)


if __name__ == "__main__":
    main()
