"""The checksum of rows, whatever order they come in: the sum of their 128-bit hashes, and how many there are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import blake2b

from console.migration.kinds import Kind, TargetValue, canonical

MODULUS = 1 << 128


class Checksum:
    """The checksum of a table or a part of it: equal where both have each row as often, by what its values mean."""

    def __init__(self, kinds: Sequence[Kind]) -> None:
        self._kinds = tuple(kinds)
        self._sum = 0
        self.rows = 0

    def add(self, row: Sequence[TargetValue]) -> None:
        """Count a row in, its values in the order of the kinds."""
        self._sum += row_hash(self._kinds, row)
        self.rows += 1

    def add_all(self, rows: Iterable[Sequence[TargetValue]]) -> None:
        """Count rows in."""
        for row in rows:
            self.add(row)

    @property
    def hex(self) -> str:
        """The sum as 32 digits."""
        return f"{self._sum % MODULUS:032x}"


def row_hash(kinds: Sequence[Kind], row: Sequence[TargetValue]) -> int:
    """Return the hash of a row: of each value's length and normal form."""
    forms = [canonical(kind, value) for kind, value in zip(kinds, row, strict=True)]
    framed = b"".join(b"%d:%b" % (len(form), form) for form in forms)
    return int.from_bytes(blake2b(framed, digest_size=16).digest(), "big")
