"""Requests a second of one sandbox, and a burst of new ones: `make bench-load` prints the tables.

python -m tests.perf.load [--python PATH] [--rows 10000] [--seconds 3] [--width 100] [--json]
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.perf.load.burst import Burst, measure_bursts
from tests.perf.load.throughput import HomeRates, measure_throughput
from tests.perf.report import figure, keep, markdown, p50_p99
from tests.perf.sandboxes.layer import version_of
from tests.perf.subjects.options import integer_from, number_from, parser_of

MIB = 2**20
OPERATIONS, BYTES = "operations", "bytes"
# Source: "Amazon EFS performance specifications", regional: the lower end of each range.
LIMITS: dict[str, tuple[float, str]] = {
    "90,000 operations a second (elastic)": (90_000, OPERATIONS),
    "3 GiB a second (elastic)": (3 * 1024 * MIB, BYTES),
    "100 MiB a second (bursting)": (100 * MIB, BYTES),
}

LEAST_S = 1  # of a closed loop: a processor's time comes in steps of 10 ms


def arguments() -> argparse.Namespace:
    """Return the options."""
    parser = parser_of("load")
    parser.add_argument("--python", default=sys.executable, help="the interpreter that the functions run under")
    parser.add_argument("--rows", type=integer_from(100), default=10_000, help="how many there are")
    parser.add_argument("--seconds", type=number_from(LEAST_S), default=3, help="of each closed loop")
    parser.add_argument("--width", type=integer_from(1), default=100, help="requests at once in the burst")
    return parser.parse_args()


def throughput_table(rates: Sequence[HomeRates]) -> str:
    """Return the requests a second of each home."""
    head = ["requests a second of one sandbox", "handler alone", "under the runtime client"]
    head += ["handler alone, a second of its processor", "under the runtime client, the same"]
    lines: list[list[str]] = []
    for each in rates:
        numbers = (*(rate.a_second for rate in each[2:]), *(rate.a_cpu_second for rate in each[2:]))
        lines.append([f"{each.source}, {each.request}", *map(figure, numbers)])
    return markdown(head, lines)


def burst_table(bursts: Sequence[Burst], width: int) -> str:
    """Return what a burst saw on each home, and what so many new sandboxes ask of a file system."""
    lines: dict[str, list[str]] = {
        "answered; errors": [f"{len(each.latency_ms)}; {each.errors}" for each in bursts],
        "processes started; answers that were a sandbox's first": [f"{each.processes}; {each.cold}" for each in bursts],
        "p50, ms": [figure(p50_p99(each.latency_ms)[0]) for each in bursts],
        "p99, ms": [figure(p50_p99(each.latency_ms)[1]) for each in bursts],
        "until the last answer, s": [figure(each.seconds) for each in bursts],
        "round trips to EFS of a new sandbox": [figure(each.round_trips) for each in bursts],
        "MiB from EFS of a new sandbox": [figure(each.efs_bytes / MIB) for each in bursts],
    }
    for limit, (per_second, of) in LIMITS.items():
        lines[f"{width} of them at {limit}, ms"] = [
            figure(width * (each.round_trips if of == OPERATIONS else each.efs_bytes) / per_second * 1000)
            for each in bursts
        ]
    head = [f"{width} requests at once, no sandbox", *(each.source for each in bursts)]
    return markdown(head, [[name, *cells] for name, cells in lines.items()])


def main() -> None:
    """Measure, keep the figures, and print them."""
    asked = arguments()
    with tempfile.TemporaryDirectory(prefix="load-") as folder:
        rates = measure_throughput(Path(folder), asked.python, asked.rows, asked.seconds)
    bursts = measure_bursts(asked.rows, asked.width)
    figures = {
        "subjects_python": version_of(asked.python),
        "throughput": [each._asdict() for each in rates],
        "bursts": [each._asdict() for each in bursts],
    }
    notes = (
        f"{asked.rows:,} rows. ddb is asked of an emulator in another process: a second of the sandbox's processor is "
        "what counts there.\nThe burst's sandboxes share this machine's cores: its times are theirs, its operations "
        "are what a file system would see; the last lines are counts divided by what AWS publishes."
    )
    if asked.json:
        print(json.dumps(figures, indent=1))
    else:
        print(throughput_table(rates), burst_table(bursts, asked.width), notes, sep="\n\n")
    print(f"kept in {keep('load', figures)}", file=sys.stderr)


if __name__ == "__main__":
    main()
