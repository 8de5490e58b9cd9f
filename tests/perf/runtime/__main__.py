"""The functions under AWS's own runtime client, beside a plain handler: `make bench-runtime` prints the tables.

    python -m tests.perf.runtime [--python PATH] [--rows 1000,10000,100000] [--rounds 5] [--starts 20] [--json]

Every subject is a process with Lambda's environment, fed by a Runtime API in this one. All are alive at once and take
turns, so that noise of the machine hits all of them; ratios are medians of paired blocks.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from pathlib import Path

from tests.perf.report import keep
from tests.perf.runtime.cold import measure_cold
from tests.perf.runtime.data import Versions
from tests.perf.runtime.newer import measure_newer
from tests.perf.runtime.tables import Figures, as_figures, tables
from tests.perf.runtime.warm import measure_warm
from tests.perf.sandboxes.sandbox import pinned
from tests.perf.sandboxes.subjects import Subjects
from tests.perf.subjects.options import integer_from, parser_of, sizes


def arguments() -> argparse.Namespace:
    """Return the options."""
    parser = parser_of("runtime")
    parser.add_argument("--python", default=sys.executable, help="the interpreter that the functions run under")
    parser.add_argument(
        "--rows", type=sizes, default="1000,10000,100000", help="how many rows, with commas between sizes"
    )
    parser.add_argument("--rounds", type=integer_from(1), default=5, help="of warm requests, each in new processes")
    parser.add_argument("--starts", type=integer_from(1), default=20, help="cold starts of each subject")
    return parser.parse_args()


def measure(folder: Path, asked: argparse.Namespace) -> Figures:
    """Measure everything."""
    subjects = Subjects(folder, asked.python)
    figures: Figures = {
        "subjects_python": subjects.version,
        "cores": len(subjects.own_cores | subjects.cores),
        "packages": {name: package.archive_kib for name, package in subjects.packages.items()},
        "rows": {},
    }
    with pinned(subjects.own_cores):
        for count in asked.rows:
            print(f"{count} rows", file=sys.stderr, flush=True)
            versions = Versions(folder / str(count), count)
            cold = measure_cold(subjects, versions, asked.starts)
            warm, peaks_mib = measure_warm(subjects, versions, asked.rounds)
            newer = measure_newer(subjects, versions, asked.rounds)
            figures["rows"][str(count)] = as_figures(cold, warm, newer, peaks_mib)
    return figures


def main() -> None:
    """Measure, keep the figures, and print them."""
    asked = arguments()
    folder = Path(tempfile.mkdtemp(prefix="runtime-"))
    try:
        figures = measure(folder, asked)
    finally:
        shutil.rmtree(folder)
    path = keep("runtime", figures)
    print(json.dumps(figures, indent=1) if asked.json else tables(figures))
    print(f"kept in {path}", file=sys.stderr)


if __name__ == "__main__":
    main()
