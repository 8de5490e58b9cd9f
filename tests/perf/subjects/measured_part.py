"""What the two measured parts of `growth.py` share: the rows, a clock, memory."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

Figures = dict[str, float]

FIRST_S = 1_700_000_000  # the rows' first moment, in seconds since 1970


def row_id(seq: int) -> str:
    """As long as a ULID."""
    return f"{seq:026d}"


def settings_of(folder: Path) -> dict[str, str]:
    """The functions' environment for a folder."""
    (folder / "tmp").mkdir(exist_ok=True)
    return {"EFS_DIR": str(folder / "efs"), "TMP_DIR": str(folder / "tmp")}


def spent_ms(run: Callable[[], object]) -> float:
    """How long it takes."""
    start_s = time.perf_counter()
    run()
    return (time.perf_counter() - start_s) * 1000


def peak_mb() -> float:
    """The most memory that this process has held."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
