"""Warmth: a sandbox is told to have the newest snapshot open, and to stay busy for a moment.

Whoever wants N sandboxes ready sends N such events at once: none of them takes two, because each is held.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING
from uuid import uuid4

from handlers.domain.bookmark import NOTHING
from handlers.telemetry.usage import Usage

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from handlers.reads.reader import Reader

MOST_HELD_MS = 1000


class Warmth:
    """Answers the events `{"hold_ms": 200}`, which come from another function and never through the gateway.

    Args:
        readers: those whose snapshot is opened.
        sleep: waits so many seconds.
    """

    def __init__(self, readers: Sequence[Reader], sleep: Callable[[float], None] = time.sleep) -> None:
        self._readers = readers
        self._sleep = sleep
        self._sandbox = uuid4().hex
        self._is_cold = True

    def __call__(self, event: Mapping[str, Any]) -> dict[str, object]:
        """Open and hold. Returns which sandbox this is, and whether it was the first time.

        Raises ValueError for another event, and what the readers raise.
        """
        hold_ms = event.get("hold_ms")
        if isinstance(hold_ms, bool) or not isinstance(hold_ms, int) or not 0 <= hold_ms <= MOST_HELD_MS:
            raise ValueError(f"hold_ms: got {hold_ms!r}, allowed: an integer from 0 to {MOST_HELD_MS}")
        for reader in self._readers:
            reader.read(NOTHING, Usage(), lambda view: view.stats_text())
        self._sleep(hold_ms / 1000)
        was_cold, self._is_cold = self._is_cold, False
        return {"sandbox": self._sandbox, "is_cold": was_cold}
