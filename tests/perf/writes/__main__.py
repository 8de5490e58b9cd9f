"""An insert taken apart, and inserts at a steady rate: `make bench-writes` prints the tables.

python -m tests.perf.writes [--rows 1000] [--inserts 500] [--rate 10] [--seconds 60] [--json]
"""

from __future__ import annotations

import argparse
import io
import json
import sys
import tempfile
from contextlib import redirect_stdout
from pathlib import Path

from tests.perf.report import figure, keep, markdown, p50_p99
from tests.perf.subjects.options import integer_from, number_from, parser_of
from tests.perf.writes.floors import WORDS
from tests.perf.writes.inserts import PARTS, Taken, take_apart
from tests.perf.writes.over_nfs import FILE_SYNCED, WRITE_MS, Trips, trips_of
from tests.perf.writes.steady import Steady, insert_steadily


def arguments() -> argparse.Namespace:
    """Return the options."""
    parser = parser_of("writes")
    parser.add_argument("--rows", type=integer_from(1), default=1000, help="how many rows there are before")
    parser.add_argument("--inserts", type=integer_from(2), default=500, help="how many are taken apart")
    parser.add_argument("--rate", type=number_from(0.1), default=10, help="inserts a second")
    parser.add_argument("--seconds", type=number_from(1), default=60, help="how long that goes on")
    return parser.parse_args()


def parts_table(taken: Taken) -> str:
    """Return each part with its floor, in milliseconds."""
    lines: list[list[str]] = []
    for part in PARTS:
        own, floor = taken.parts_ms[part], taken.floors_ms.get(part)
        floors = [figure(value) for value in p50_p99(floor)] if floor else ["", ""]
        lines.append([part, *map(figure, p50_p99(own)), *floors, WORDS.get(part, "")])
    return markdown(["one insert, ms", "p50", "p99", "floor, p50", "p99", "the floor"], lines)


def nfs_lines(taken: Taken) -> str:
    """Return what the calls on the file system would be over NFS."""
    trips = trips_of(taken.calls)
    said = (
        f"over NFS, counted: {_said(trips)}; of them a file of {taken.written_bytes[-1]:,} bytes written and synced: "
    )
    return (
        f"{said}{_said(FILE_SYNCED)}\n"
        "(no NFS client was measured here: round trips of this machine's calls, times what AWS publishes: about 1 ms "
        f"a read, {WRITE_MS} ms a write)"
    )


def _said(trips: Trips) -> str:
    return f"{trips.reads} that read and {trips.writes} that write, {trips.typical_ms:.0f} ms"


def steady_table(steady: Steady, rate_per_s: float, seconds: float) -> str:
    """Return the percentiles of a steady rate, and what is left at its end."""
    rows = {
        "from when it was due to the answer, ms": steady.latency_ms,
        "in the function, ms": steady.server_ms,
        "of that the append, ms": steady.append_ms,
        "of that the publish, ms": steady.publish_ms,
        "written, bytes": [float(size) for size in steady.written_bytes],
    }
    head = [f"{rate_per_s:g} inserts a second for {seconds:g} s", "p50", "p99"]
    table = markdown(head, [[name, *map(figure, p50_p99(values))] for name, values in rows.items()])
    return (
        f"{table}\n\n{len(steady.latency_ms):,} answered, {steady.errors} errors, rate "
        f"{'held' if steady.is_held else 'not held'}; written {sum(steady.written_bytes):,} bytes in all; at the end "
        f"{steady.segments} segments of {steady.snapshot_bytes:,} bytes"
    )


def main() -> None:
    """Measure, keep the figures, and print them."""
    asked = arguments()
    # What the function logs goes nowhere: these figures may be JSON for another program.
    with tempfile.TemporaryDirectory(prefix="writes-") as folder, redirect_stdout(io.StringIO()):
        taken = take_apart(Path(folder), asked.rows, asked.inserts)
    steady = insert_steadily(asked.rows, asked.rate, asked.seconds)
    figures = {"taken_apart": taken._asdict(), "steady": steady._asdict()}
    if asked.json:
        print(json.dumps(figures, indent=1))
    else:
        print(parts_table(taken), nfs_lines(taken), steady_table(steady, asked.rate, asked.seconds), sep="\n\n")
    print(f"kept in {keep('writes', figures)}", file=sys.stderr)


if __name__ == "__main__":
    main()
