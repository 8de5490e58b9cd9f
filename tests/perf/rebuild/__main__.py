"""`make bench-rebuild`: a million rows rebuilt by the steps, so many ranges at once, and the parts of a range.

Processes stand for sandboxes and a folder for EFS. Rows are made where a sandbox would read them, so that what is
measured is building; reading is measured by itself, against an emulator.
"""

from __future__ import annotations

import multiprocessing
import shutil
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from statistics import median

from handlers.settings import Settings
from handlers.snapshots.maker import RANGE_ROWS
from handlers.snapshots.publish import Publisher
from handlers.snapshots.rebuild import Rebuild
from handlers.telemetry.usage import Usage
from tests.perf.rebuild.reading import page_processor_ms
from tests.perf.rebuild.steps import LIMIT_S, Built, build
from tests.perf.report import figure, keep, markdown
from tests.perf.subjects.building import GeneratedLedger
from tests.perf.subjects.measured_part import settings_of

ROWS = 1_000_000
SMALL_RANGE_ROWS = 125_000  # so that eight at once have something to do
AT_ONCE = (1, 2, 4, 8)


def rebuild(ledger: CountedLedger, range_rows: int, at_once: int) -> tuple[dict[str, float], list[Built]]:
    """Rebuild all rows. Returns how long each step takes, in seconds, and what each range took."""
    folder = Path(tempfile.mkdtemp(prefix="rebuild-"))
    try:
        (folder / "efs").mkdir()
        settings = Settings({**settings_of(folder), "VERIFY_MAX_BYTES": "0"})
        steps = Rebuild(Publisher(ledger, settings), settings)
        start_s = time.perf_counter()
        goal, missing = steps.plan(None, range_rows)
        planned_s = time.perf_counter()
        with ProcessPoolExecutor(at_once, multiprocessing.get_context("fork")) as pool:
            waiting = [pool.submit(build, folder, ledger, goal.to_json(), span) for span in missing]
            built = [each.result() for each in waiting]
        built_s = time.perf_counter()
        began_s = time.process_time()
        published = steps.publish(goal, LIMIT_S, Usage())
        published_s, publish_s = time.perf_counter(), time.process_time() - began_s
        began_s = time.process_time()
        proven = steps.proven(0, LIMIT_S, Usage())
        proof_s = time.process_time() - began_s
        if proven is None or published is None or published.bookmark.seq != ledger.head_seq:
            raise RuntimeError("the rebuild is not whole")
        return {
            "plan, s": planned_s - start_s,
            "all ranges, s": built_s - planned_s,
            "prove, link, publish, s": published_s - built_s,
            "the same, s of a processor": publish_s,
            "together, s": published_s - start_s,
            "proof of all bytes alone, s of a processor": proof_s,
            "snapshot, MB": published.size_bytes / 1e6,
        }, built
    finally:
        shutil.rmtree(folder)


def parts_of(built: list[Built]) -> dict[str, float]:
    """Return what a range takes, by the median of all."""
    phases = {phase for each in built for phase in each.phases_s}
    shares = {f"{phase}, s": median(each.phases_s.get(phase, 0.0) for each in built) for phase in sorted(phases)}
    return {
        "rows of a range": median(each.rows for each in built),
        "one range, s": median(each.total_s for each in built),
        "one range, s of a processor": median(each.processor_s for each in built),
        **shares,
        "memory of its process, MB": max(each.peak_mb for each in built),
    }


class CountedLedger(GeneratedLedger):
    """One whose head is known without asking it."""

    @property
    def head_seq(self) -> int:
        """The newest row."""
        return self._head.seq


if __name__ == "__main__":
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    ledger = CountedLedger(rows)
    wholes = {at_once: rebuild(ledger, SMALL_RANGE_ROWS, at_once) for at_once in AT_ONCE}
    one_by_one, large = rebuild(ledger, RANGE_ROWS, 1)
    pages = {"reading, processor, ms a page": page_processor_ms()}
    print(f"{rows:,} rows in ranges of {SMALL_RANGE_ROWS:,}, so many at once:\n")
    names = [*one_by_one]
    lines = [[name, *(figure(wholes[at_once][0][name]) for at_once in AT_ONCE)] for name in names]
    print(markdown(["", *map(str, AT_ONCE)], lines))
    print(f"\nIn ranges of {RANGE_ROWS:,}, one by one:\n")
    parts = {**one_by_one, **parts_of(large), **pages}
    print(markdown(["", ""], [[name, figure(value)] for name, value in parts.items()]))
    kept = keep("rebuild", {"rows": rows, "at_once": {n: whole[0] for n, whole in wholes.items()}, "parts": parts})
    print(f"kept in {kept}", file=sys.stderr)
