"""The steps of a drill with their durations: up to the disaster, on the way back, and in the proof of it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Generator
from dataclasses import dataclass
from enum import StrEnum

from console.terminal import Advance, Steps


class Phase(StrEnum):
    """The phase of a drill that a step belongs to; `BACK` is over when readers are right again."""

    BEFORE = "before"
    BACK = "way back"
    PROOF = "proof"


@dataclass(frozen=True)
class Taken:
    """A step that was carried out."""

    what: str
    phase: Phase
    seconds: float


class Clocked:
    """Carries out steps, shows them and keeps their durations."""

    def __init__(self, steps: Steps) -> None:
        self._steps = steps
        self.taken: list[Taken] = []

    def seconds(self, phase: Phase) -> float:
        """Return how long the steps of a phase took in all."""
        return sum(each.seconds for each in self.taken if each.phase is phase)

    def note(self, text: str) -> None:
        """Say what came of the step under way."""
        self._steps.note(text)

    @contextlib.contextmanager
    def __call__(self, phase: Phase, what: str, total: int = 0, unit: str = "rows") -> Generator[Advance]:
        """Carry out a step; arguments as of `Steps`."""
        start_s = time.monotonic()
        with self._steps(what, total, unit) as advance:
            yield advance
        self.taken.append(Taken(what, phase, time.monotonic() - start_s))
