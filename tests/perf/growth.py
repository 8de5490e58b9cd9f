"""How costs grow with the rows: `make growth` prints the table of docs/performance.md.

Every size is built and read by two fresh processes of their own, so that neither memory nor caches are another's. The
exponent is the slope of cost over rows, both as logarithms: 0 = it does not grow, 1 = as the rows do.
"""

from __future__ import annotations

import json
import math
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import linear_regression

from tests.perf.report import keep
from tests.perf.subjects.measured_part import Figures

SIZES = (1_000, 10_000, 100_000, 1_000_000)


def in_process(part: str, folder: Path, count: int) -> Figures:
    """`building` or `reading` in a process of its own."""
    command = [sys.executable, "-m", f"tests.perf.subjects.{part}", str(folder), str(count)]
    printed = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return json.loads(printed.splitlines()[-1])  # after the functions' own lines


def exponent(sizes: list[int], costs: list[float]) -> float:
    """The slope of the costs over the sizes, both as logarithms."""
    return linear_regression([math.log(size) for size in sizes], [math.log(cost) for cost in costs]).slope


def measure(sizes: list[int]) -> list[Figures]:
    """All figures of all sizes."""
    figures: list[Figures] = []
    for count in sizes:
        folder = Path(tempfile.mkdtemp(prefix="growth-"))
        try:
            figures.append(in_process("building", folder, count) | in_process("reading", folder, count))
        finally:
            shutil.rmtree(folder)
    return figures


def table(sizes: list[int], figures: list[Figures]) -> str:
    """The figures as Markdown."""
    lines = [
        "| | " + " | ".join(f"{size:,} rows" for size in sizes) + " | exponent |",
        "| --- |" + " --: |" * (len(sizes) + 1),
    ]
    for what in figures[0]:
        costs = [size_figures[what] for size_figures in figures]
        cells = [f"{cost:,.0f}" if cost >= 100 else f"{cost:.3g}" for cost in costs]
        lines.append(f"| {what} | {' | '.join(cells)} | {exponent(sizes, costs):.2f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    sizes = [int(size) for size in sys.argv[1:]] or list(SIZES)
    measured = measure(sizes)
    print(table(sizes, measured))
    print(f"kept in {keep('growth', {'sizes': sizes, 'figures': measured})}", file=sys.stderr)
