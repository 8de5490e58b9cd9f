"""What is kept of a benchmark run: ours over plain, group by group. Times are the machine's, ratios are the code's.

`python -m tests.perf.ratios` shows those of the last saved run, `… RUN.json` those of a run beside the last saved one.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TypedDict

SAVED = Path(".benchmarks")


class Stats(TypedDict):
    """Of pytest-benchmark's statistics, in seconds."""

    median: float


class Measured(TypedDict):
    """Of pytest-benchmark's record of one benchmark."""

    group: str
    params: dict[str, object] | None
    stats: Stats


def last_saved(folder: Path) -> Path:
    """The newest run that `make bench-code` saved. Exits with what to do where there is none."""
    runs = sorted(folder.glob("*/[0-9]*_*.json"), key=lambda path: path.name)
    if not runs:
        sys.exit("Error: no run is saved here\nTry: make bench-code")
    return runs[-1]


def ratios(run: Path) -> dict[str, float]:
    """Ours over plain, medians, of every group that has both."""
    medians: dict[str, dict[bool, float]] = {}
    measured: list[Measured] = json.loads(run.read_text())["benchmarks"]
    for benchmark in measured:
        if benchmark["params"] and "kind" in benchmark["params"]:
            is_ours = benchmark["params"]["kind"] == "ours"
            medians.setdefault(benchmark["group"], {})[is_ours] = benchmark["stats"]["median"]
    return {group: pair[True] / pair[False] for group, pair in sorted(medians.items()) if len(pair) == 2}


def lines(now: dict[str, float], before: dict[str, float]) -> list[str]:
    """A line for each group; with what it was before, where that is known."""
    width = max(map(len, now), default=0)
    return [
        f"{group:{width}}  {ratio:9.3g}"
        + (f"  was {before[group]:9.3g}  {ratio / before[group] - 1:+7.1%}" if group in before else "")
        for group, ratio in now.items()
    ]


def main(arguments: list[str], folder: Path = SAVED) -> None:
    """Print the ratios of a run, or of the last saved one."""
    saved = last_saved(folder)
    now = ratios(Path(arguments[0]) if arguments else saved)
    print("ours over plain, medians; below 1 ours is faster")
    print("\n".join(lines(now, ratios(saved) if arguments else {})))


if __name__ == "__main__":
    main(sys.argv[1:])
