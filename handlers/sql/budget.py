"""The budget of a statement: time, memory, rows and bytes; and what is said where one is used up.

SQLite asks for the time between its steps. One step can be a call of a function over a long value, which nothing can
interrupt; `functions.py` keeps those short.
"""

from __future__ import annotations

import math
import time

from handlers.domain.problem import Problem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

MOST_TIME_S = 5.0
MOST_ANSWER_BYTES = 5_000_000  # as reads.page.MOST_PAGE_BYTES
MOST_VALUE_BYTES = 2_000_000  # of one value: twice what a request can bring in
RESERVED_S = 1.0  # of the function's own time, to answer in
STEPS = 250  # of SQLite's virtual machine between two looks at the clock, which then cost a seventh


class Budget:
    """The budget of one request, over all its tries.

    Args:
        remaining_s: until Lambda ends the function; None where nobody says.
        clock: in seconds.

    Attributes:
        rows: how many rows were found.
    """

    def __init__(self, remaining_s: float | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._limit_s = max(0.0, min(MOST_TIME_S, (math.inf if remaining_s is None else remaining_s) - RESERVED_S))
        self._start_s = clock()
        self._steps = 0
        self._size_bytes = 0
        self.rows = 0

    def begin(self) -> None:
        """Begin a try: what an earlier one found counts no more, its time does."""
        self.rows = self._size_bytes = 0

    def is_time_up(self) -> bool:
        """Count some steps, and tell whether there is no more time: SQLite's progress handler."""
        self._steps += STEPS
        return self._clock() - self._start_s >= self._limit_s

    def add_row(self, size_bytes: int) -> None:
        """Count a row. Raises Problem (422) where the answer has grown too long."""
        self.rows += 1
        self._size_bytes += size_bytes
        if self._size_bytes > MOST_ANSWER_BYTES:
            raise self.exceeded(f"its answer has more than {MOST_ANSWER_BYTES} bytes")

    def check_row(self, size_bytes: int) -> None:
        """Raise Problem (422) where a row of that size can't be answered any more, before all of it is read."""
        if self._size_bytes + size_bytes > MOST_ANSWER_BYTES:
            raise self.exceeded(f"its answer has more than {MOST_ANSWER_BYTES} bytes")

    def out_of_time(self) -> Problem:
        """Return the problem for a statement that took too long."""
        return self.exceeded(f"it took more than {self._limit_s:g} s")

    def exceeded(self, what: str) -> Problem:
        """Return the problem (422) for a statement that costs too much, with how far it came."""
        spent_ms = round((self._clock() - self._start_s) * 1000)
        far = f"{self.rows} rows in {spent_ms} ms, about {self._steps} steps"
        progress: dict[str, object] = {"rows": self.rows, "spent_ms": spent_ms, "vm_steps": self._steps}
        return Problem("too-expensive", f"The statement was given up, for {what}; it came to {far}", members=progress)
