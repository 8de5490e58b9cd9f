"""`make simulate SEEDS=n` runs many histories on all cores; `make simulate SEED=x` one, shrunk if it fails."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import nullcontext

os.environ.setdefault("TABLE_NAME", "unused")  # the functions read their environment on import
os.environ.setdefault("AWS_DEFAULT_REGION", "eu-central-1")

from tests.simulation.broken import BROKEN
from tests.simulation.history import Simulator
from tests.simulation.plan import plan_of
from tests.simulation.shrink import shrunk

PORTION = 20  # seeds that a process takes at a time
TRACED = 60  # lines

Found = list[tuple[int, str]]


def main() -> None:
    """Run the command line."""
    options = _options()
    failed = replay(options.seed, options.broken) if options.seed is not None else run_many(options)
    sys.exit(1 if failed else 0)


def run_many(options: argparse.Namespace) -> bool:
    """Run so many histories, and say which failed. Returns whether any did."""
    seeds = range(options.first, options.first + options.seeds)
    begun_s, done, found = time.monotonic(), 0, list[tuple[int, str]]()
    for count, broken in _portions(seeds, options.jobs, options.broken):
        done += count
        found += broken
        for seed, what in broken:
            _say(f"seed {seed} fails: {what}")
        _say(
            f"{done} of {len(seeds)} histories, {done / (time.monotonic() - begun_s):.1f} a second, {len(found)} failed"
        )
    if found:
        chosen = f" BROKEN={options.broken}" if options.broken else ""
        _say(f"To replay and shrink one: make simulate SEED={min(found)[0]}{chosen}")
    return bool(found)


def replay(seed: int, broken: str) -> bool:
    """Run one history. Where it fails, print the smallest plan that does, and what then happens."""
    with Simulator().ready() as simulator, BROKEN[broken].applied() if broken else nullcontext():
        what, trace = simulator.run(plan_of(seed))
        print(plan_of(seed))
        if not what:
            print(f"\nAll held, in {len(trace)} steps.")
            return False
        _say(f"\nIt fails: {what}\nShrinking …")
        plan = shrunk(plan_of(seed), lambda smaller: bool(simulator.run(smaller)[0]))
        what, trace = simulator.run(plan)
        print(f"\nThe smallest plan that fails:\n{plan}\n\nThe last steps:")
        print("\n".join(trace[-TRACED:]))
        return True


def _portions(seeds: range, jobs: int, broken: str) -> Iterator[tuple[int, Found]]:
    """Run the seeds in processes. Yields how many are done, and which of them failed."""
    portions = [seeds[start : start + PORTION] for start in range(0, len(seeds), PORTION)]
    with ProcessPoolExecutor(jobs) as pool:
        for future in as_completed([pool.submit(run_portion, portion, broken) for portion in portions]):
            yield future.result()


def run_portion(seeds: range, broken: str = "") -> tuple[int, Found]:
    """Run some histories. Returns how many, and which failed."""
    with Simulator().ready() as simulator, BROKEN[broken].applied() if broken else nullcontext():
        outcomes = [(seed, simulator.run(plan_of(seed))[0]) for seed in seeds]
    return len(seeds), [(seed, what) for seed, what in outcomes if what]


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1000, help="how many histories (default: 1000)")
    parser.add_argument("--first", type=int, default=1, help="the first seed (default: 1)")
    parser.add_argument("--seed", type=int, help="only this one, in detail")
    parser.add_argument("--broken", default="", choices=["", *BROKEN], help="with this rule of the code broken")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes at a time (default: all cores)")
    return parser.parse_args()


if __name__ == "__main__":
    main()
