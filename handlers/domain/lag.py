"""The lag of what readers see behind the ledger, measured from the data: in rows, and by the age of the oldest."""

from __future__ import annotations

from handlers.domain.timestamps import seconds_of

HEADER = "snapshot-lag"


class Lag:
    """The rows of the ledger that no snapshot holds yet.

    Attributes:
        rows: how many.
        seconds: the age of the oldest of them; 0 where there are none.
    """

    __slots__ = ("rows", "seconds")

    def __init__(self, rows: int = 0, oldest_created_at: str = "", now_s: float = 0.0) -> None:
        self.rows = rows
        self.seconds = round(max(0.0, now_s - seconds_of(oldest_created_at)), 3) if rows else 0.0

    def answer(self) -> dict[str, object]:
        """Return it as answers show it."""
        return {"rows": self.rows, "seconds": self.seconds}

    def header(self) -> dict[str, str]:
        """Return it as a header: a dictionary. Source: RFC 9651, section 3.2."""
        return {HEADER: f"rows={self.rows}, seconds={self.seconds}"}


def of_header(text: str) -> tuple[int, float]:
    """Return rows and seconds of a header that `Lag` made."""
    rows, seconds = [part.partition("=")[2] for part in text.split(", ")]
    return int(rows), float(seconds)
