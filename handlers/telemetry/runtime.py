"""The version of the code, and the runtime it runs on: a measurement means little without them."""

from __future__ import annotations

import os
import sys
from _sqlite3 import sqlite_version  # as snapshots/snapshot.py has it

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    from handlers.settings import Settings

    class LambdaContext(Protocol):
        """The part of Lambda's context that functions without a request use."""

        aws_request_id: str

        def get_remaining_time_in_millis(self) -> int: ...


VERSION = "0.1.0"


def runtime_of(settings: Settings) -> dict[str, object]:
    """Return the versions of the code, Python and SQLite, and the region, memory and architecture; None: not known."""
    return {
        "version": VERSION,
        "python": ".".join(str(part) for part in sys.version_info[:3]),
        "sqlite": sqlite_version,
        "region": settings.region or None,
        "memory_mb": settings.memory_mb,
        "architecture": os.uname().machine or None,
    }
