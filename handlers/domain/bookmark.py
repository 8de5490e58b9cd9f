"""A bookmark is a point in a ledger's history, written "<epoch>.<seq>".

Bookmarks compare as (epoch, seq). Within one epoch that is history's order; between epochs it only says which
ledger is the newer one, because a later epoch does not continue an earlier one.
"""

from __future__ import annotations

MAX_EPOCH = 10**16 - 1
MAX_SEQ = 10**12 - 1


class Bookmark(tuple[int, int]):
    """A pair (epoch, seq): a tuple, because comparing two must cost nothing."""

    __slots__ = ()

    def __new__(cls, epoch: int, seq: int) -> Bookmark:
        return super().__new__(cls, (epoch, seq))

    @property
    def epoch(self) -> int:
        """Return the identity of one ledger history."""
        return self[0]

    @property
    def seq(self) -> int:
        """Return how many rows of that history it holds: the sequence number of the last one."""
        return self[1]

    def __str__(self) -> str:
        return f"{self[0]}.{self[1]}"

    @classmethod
    def parse(cls, text: str) -> Bookmark:
        """Read "<epoch>.<seq>". Raises ValueError for anything else, leading zeros included."""
        epoch, _, seq = text.partition(".")
        if not (_is_plain_integer(epoch) and _is_plain_integer(seq)):
            raise ValueError(f"not a bookmark: {text!r}")
        bookmark = cls(int(epoch), int(seq))
        if bookmark.seq > MAX_SEQ:
            raise ValueError(f"not a bookmark: {text!r}")
        return bookmark


NOTHING = Bookmark(0, 0)  # before any ledger: every reader satisfies it


def _is_plain_integer(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= len(str(MAX_EPOCH)) and (text == "0" or text[0] != "0")
