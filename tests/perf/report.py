"""Measured figures as Markdown, and kept: `.benchmarks/<bench>-<time>.json` beside the runs of pytest-benchmark."""

from __future__ import annotations

import json
import platform
import sqlite3
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from handlers.domain.percentiles import nearest_rank

KEPT = Path(".benchmarks")


def markdown(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """Return a table; every column but the first is one of numbers."""
    marks = ["---", *["--:"] * (len(head) - 1)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, marks, *lines))


def figure(number: float) -> str:
    """Return a number with three digits that count, or as a whole one."""
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"


def p50_p99(values: Iterable[float]) -> tuple[float, float]:
    """Return both percentiles of values in any order."""
    ranked = sorted(values)
    return nearest_rank(ranked, 50), nearest_rank(ranked, 99)


def keep(bench: str, figures: Mapping[str, object], folder: Path = KEPT) -> Path:
    """Write a run's figures, with the machine they are of, into a file of their own. Returns its path."""
    machine = {"machine": platform.platform(), "python": platform.python_version(), "sqlite": sqlite3.sqlite_version}
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{bench}-{time.strftime('%Y%m%d-%H%M%S')}.json"
    path.write_text(json.dumps({**machine, **figures}, indent=1) + "\n")
    return path
