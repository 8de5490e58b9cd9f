"""The functions that can run for minutes by themselves: refused where they would.

Nothing can interrupt a function. With some the time grows with one value's length times the other's, and `%c` with a
length writes one character after the other, two thousand million if asked to. SQLite's own functions do the work, on a
connection of their own, after a look at the clock: many calls are few steps.
"""

from __future__ import annotations

import _sqlite3 as sqlite3  # as snapshots/segment.py has it
import re

from handlers.domain.problem import Problem
from handlers.snapshots.segment import connect
from handlers.sql.budget import MOST_VALUE_BYTES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from handlers.sql.budget import Budget

    Value = str | bytes | int | float | None

MOST_COMPARISONS = 10_000_000  # 30 ms of trim
MOST_PATTERN_BYTES = 50  # of LIKE and GLOB
PRODUCTS = {"glob": 2, "instr": 2, "replace": 3, "trim": 2, "ltrim": 2, "rtrim": 2}  # with how many arguments
FORMATS = ("printf", "format")
MANY_CHARACTERS = re.compile(r"%[^%a-zA-Z]*(\*|[0-9]{4})[^%a-zA-Z]*l*c")


class BoundedFunctions:
    """Puts bounded functions in the place of a connection's own.

    Args:
        connection: of the statement.
        budget: whose time the calls take.

    Attributes:
        problem: of the call that was refused; None: none was.
    """

    def __init__(self, connection: sqlite3.Connection, budget: Budget) -> None:
        self._budget = budget
        self._plain = connect(":memory:")
        self._plain.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MOST_VALUE_BYTES)
        self._plain.setlimit(sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH, MOST_PATTERN_BYTES)
        self._plain.text_factory = text_of  # %.1s can cut a character
        self.problem: Problem | None = None
        for name, count in PRODUCTS.items():
            connection.create_function(name, count, self._bounded(name, _many_comparisons), deterministic=True)
        for name in FORMATS:
            connection.create_function(name, -1, self._bounded(name, _many_characters), deterministic=True)

    def close(self) -> None:
        """Close the connection that does the work."""
        self._plain.close()

    def _bounded(self, name: str, excess: Callable[..., str]) -> Callable[..., Value]:
        """Return a function that refuses what `excess` has something against."""

        def call(*values: Value) -> Value:
            self.problem = self._refusal(name, excess(*values))
            if self.problem is None:
                sql = f"SELECT {name}({', '.join('?' * len(values))})"
                try:
                    return self._plain.execute(sql, values).fetchone()[0]
                except sqlite3.DataError:
                    self.problem = self._budget.exceeded(f"{name} makes a value of more than {MOST_VALUE_BYTES} bytes")
                except sqlite3.OperationalError as error:
                    self.problem = Problem("wrong-sql", str(error))
            raise self.problem

        return call

    def _refusal(self, name: str, reason: str) -> Problem | None:
        if self._budget.is_time_up():
            return self._budget.out_of_time()
        return self._budget.exceeded(f"{name}{reason} would take too long") if reason else None


def text_of(raw: bytes) -> str:
    """Return a text; what is not UTF-8 in it is replaced, since no JSON can hold it."""
    return raw.decode("utf-8", "replace")


def _many_comparisons(*values: Value) -> str:
    length, other = (len(value) if isinstance(value, str | bytes) else 1 for value in values[:2])
    return f" of values with {length} and {other} characters" if length * other > MOST_COMPARISONS else ""


def _many_characters(*values: Value) -> str:
    return " of so many characters" if values and MANY_CHARACTERS.search(str(values[0])) else ""
