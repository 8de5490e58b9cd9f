"""The steps of a drill with their durations: those that make the disaster, and those that end it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Generator
from dataclasses import dataclass

from console.terminal import Advance, Steps


@dataclass(frozen=True)
class Taken:
    """A step that was carried out; `is_recovery`: it belongs to the way back, and so to the time that takes."""

    what: str
    seconds: float
    is_recovery: bool


class Clocked:
    """Carries out steps, shows them and keeps their durations."""

    def __init__(self, steps: Steps) -> None:
        self._steps = steps
        self.taken: list[Taken] = []

    @property
    def recovery_s(self) -> float:
        """Return how long the way back took in all."""
        return sum(each.seconds for each in self.taken if each.is_recovery)

    def before(self, what: str, total: int = 0, unit: str = "rows") -> contextlib.AbstractContextManager[Advance]:
        """Carry out a step of the time before, or of the disaster."""
        return self._step(what, total, unit, is_recovery=False)

    def back(self, what: str, total: int = 0, unit: str = "rows") -> contextlib.AbstractContextManager[Advance]:
        """Carry out a step of the way back."""
        return self._step(what, total, unit, is_recovery=True)

    def note(self, text: str) -> None:
        """Say what came of the step under way."""
        self._steps.note(text)

    @contextlib.contextmanager
    def _step(self, what: str, total: int, unit: str, *, is_recovery: bool) -> Generator[Advance]:
        start_s = time.monotonic()
        with self._steps(what, total, unit) as advance:
            yield advance
        self.taken.append(Taken(what, time.monotonic() - start_s, is_recovery))
