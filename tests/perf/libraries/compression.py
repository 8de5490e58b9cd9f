"""Levels of gzip on pages of this data model: bytes, and the time of compression and base64 together."""

from __future__ import annotations

import base64
import io
import tempfile
import zlib
from contextlib import redirect_stdout
from pathlib import Path
from statistics import median
from typing import NamedTuple

from handlers.gateway.negotiation import GZIP_WINDOW
from tests.perf.conftest import Published
from tests.perf.subjects.events import get
from tests.perf.subjects.measured_part import spent_ms

ROWS = (10, 100, 1000)
LEVELS = (1, 4, 6, 9)
REPEATS = 200


class Packed(NamedTuple):
    """One page at one level."""

    rows: int
    level: int
    plain_bytes: int
    packed_bytes: int
    spent_us: float


def measure_levels(repeats: int = REPEATS) -> list[Packed]:
    """Measure every level on pages of every size, as the query function answers them."""
    with tempfile.TemporaryDirectory(prefix="pages-") as folder, redirect_stdout(io.StringIO()):  # no lines of the log
        handler = Published(Path(folder), max(ROWS)).handler
        pages = {rows: str(handler(get("/sqlite-efs", f"limit={rows}"), None)["body"]).encode() for rows in ROWS}
    return [_measure(rows, page, level, repeats) for rows, page in pages.items() for level in LEVELS]


def _measure(rows: int, page: bytes, level: int, repeats: int) -> Packed:
    size_bytes = len(zlib.compress(page, level, GZIP_WINDOW))
    spent_us = median(spent_ms(lambda: _pack(page, level)) for _ in range(repeats)) * 1000
    return Packed(rows, level, len(page), size_bytes, spent_us)


def _pack(page: bytes, level: int) -> str:
    return base64.b64encode(zlib.compress(page, level, GZIP_WINDOW)).decode()
