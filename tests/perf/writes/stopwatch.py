"""Times by part, from outside: calls are wrapped while it runs, and what a part calls of another one is not its own."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

import pytest

REST = "what remains"


class Stopwatch:
    """Gives each moment of a thread to the innermost part that is under way, or to the rest.

    Attributes:
        parts_ms: milliseconds by part, since the last `taken`.
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self.parts_ms: dict[str, float] = defaultdict(float)
        self._clock = clock
        self._under_way = [REST]
        self._last_s = clock()
        self._thread = threading.get_ident()
        self._patch = pytest.MonkeyPatch()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._patch.undo()

    def wrap(self, owner: object, name: str, part: str) -> None:
        """Give the time of a function or method of `owner` to a part; in other threads it is left alone."""
        original: Callable[..., Any] = getattr(owner, name)

        def timed(*arguments: Any, **options: Any) -> Any:
            if threading.get_ident() != self._thread:
                return original(*arguments, **options)
            with self.part(part):
                return original(*arguments, **options)

        self._patch.setattr(owner, name, timed)

    @contextmanager
    def part(self, name: str) -> Generator[None]:
        """Give the time of the block to a part."""
        self._lap()
        self._under_way.append(name)
        try:
            yield
        finally:
            self._lap()
            self._under_way.pop()

    def taken(self) -> dict[str, float]:
        """Return the parts since the last time, and begin anew."""
        self._lap()
        parts_ms, self.parts_ms = dict(self.parts_ms), defaultdict(float)
        return parts_ms

    def _lap(self) -> None:
        now_s = self._clock()
        self.parts_ms[self._under_way[-1]] += (now_s - self._last_s) * 1000
        self._last_s = now_s
