"""What a request spent its time on, phase by phase; shown in the body and in the header Server-Timing."""

from __future__ import annotations

import time

TYPE_CHECKING = False  # the typing module would cost 1.3 ms of a cold start
if TYPE_CHECKING:
    from collections.abc import Callable


class Timings:
    """Milliseconds by phase. A phase that happens twice is added up."""

    __slots__ = ("_clock", "_last_s", "_start_s", "phases_ms")

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._start_s = self._last_s = clock()
        self.phases_ms: dict[str, float] = {}

    def lap(self, phase: str) -> float:
        """The time since the last lap (or the start) belongs to `phase`. Returns it in milliseconds."""
        now_s = self._clock()
        spent_ms = (now_s - self._last_s) * 1000
        self._last_s = now_s
        self.phases_ms[phase] = self.phases_ms.get(phase, 0.0) + spent_ms
        return spent_ms

    def all_ms(self) -> dict[str, float]:
        """The phases and, last, the total until now; rounded to microseconds."""
        total_ms = (self._clock() - self._start_s) * 1000
        return {phase: round(spent_ms, 3) for phase, spent_ms in (*self.phases_ms.items(), ("total", total_ms))}


def timings_text(all_ms: dict[str, float]) -> str:
    """The JSON object's text; written by hand, because json.dumps takes longer than all else here."""
    return "{" + ", ".join([f'"{phase}": {spent_ms}' for phase, spent_ms in all_ms.items()]) + "}"


def server_timing(all_ms: dict[str, float]) -> str:
    """The header's value. Source: W3C Server Timing, section 3.1."""
    return ", ".join([f"{phase};dur={spent_ms}" for phase, spent_ms in all_ms.items()])
