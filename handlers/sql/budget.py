"""The budget of a statement: time, memory, rows and bytes; and what is said where one is used up.

SQLite asks for the time between its steps. One step can be a call of a function over a long value, which nothing can
interrupt. So values are short, and the functions whose time grows faster than their values ask for the time themselves
(`functions.py`). The slowest steps left are those of LIKE, some 20 ms with the longest value and pattern.
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
MOST_VALUE_BYTES = 500_000  # of one value, and of a row that is sorted: a stored row has MOST_ROW_BYTES at most
RESERVED_S = 1.0  # of the function's own time, to answer in
STEPS = 50  # of SQLite's virtual machine between two looks at the clock, which then cost a quarter


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
        self._end_s = self._start_s + self._limit_s
        self._steps = 0
        self._size_bytes = 0
        self._row_bytes = 0
        self.rows = 0

    def begin(self) -> None:
        """Begin a try: what an earlier one found counts no more, its time does."""
        self.rows = self._size_bytes = self._row_bytes = 0

    def count_steps(self) -> bool:
        """Count some steps, and tell whether there is no more time: SQLite's progress handler."""
        self._steps += STEPS
        return self._clock() >= self._end_s

    def is_time_up(self) -> bool:
        """Tell whether there is no more time."""
        return self._clock() >= self._end_s

    def add_row(self, size_bytes: int) -> None:
        """Count a row, in place of its values. Raises Problem (422) where the answer has grown too long."""
        self.rows += 1
        self._row_bytes = 0
        self._size_bytes += size_bytes
        self._check_size()

    def add_value(self, size_bytes: int) -> None:
        """Count a value of the next row, before the row is whole. Raises Problem (422) as `add_row` does."""
        self._row_bytes += size_bytes
        self._check_size()

    def _check_size(self) -> None:
        if self._size_bytes + self._row_bytes > MOST_ANSWER_BYTES:
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
