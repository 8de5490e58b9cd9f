"""The functions whose time grows with one value's length times the other's: refused where that is too much.

Nothing can interrupt a function, so that two values of a megabyte would take minutes. SQLite's own functions do the
work, on a connection of their own.
"""

from __future__ import annotations

import _sqlite3 as sqlite3  # as snapshots/segment.py has it

from handlers.snapshots.segment import connect

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Value = str | bytes | int | float | None

MOST_COMPARISONS = 100_000_000  # a tenth of a second
BOUNDED = {"instr": 2, "replace": 3, "trim": 2, "ltrim": 2, "rtrim": 2}


class BoundedFunctions:
    """Puts bounded functions in the place of a connection's own.

    Attributes:
        refused: which one was called with values too long, and why; None: none was.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._plain = connect(":memory:")
        self.refused: str | None = None
        for name, count in BOUNDED.items():
            connection.create_function(name, count, self._bounded(name, count), deterministic=True)

    def close(self) -> None:
        """Close the connection that does the work."""
        self._plain.close()

    def _bounded(self, name: str, count: int) -> Callable[..., Value]:
        sql = f"SELECT {name}({', '.join('?' * count)})"

        def call(*values: Value) -> Value:
            length, other = (len(value) if isinstance(value, str | bytes) else 1 for value in values[:2])
            if length * other > MOST_COMPARISONS:
                self.refused = f"{name} of values with {length} and {other} characters would take too long"
                raise ValueError(self.refused)
            return self._plain.execute(sql, values).fetchone()[0]

        return call
