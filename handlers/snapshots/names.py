"""The names of segments: `<epoch>-<last>-<first>-<schema>-<digest>.db`, numbers zero-padded.

A name says everything that finding a snapshot takes, so a listing is enough. The same name is the same bytes: a name is
never reused or overwritten. A file of another schema version is not ours: it is neither read nor moved, so that old and
new code live side by side.
"""

from __future__ import annotations

import os

from handlers.domain.bookmark import Bookmark
from handlers.domain.hashes import DIGEST_DIGITS
from handlers.rows import MODEL

EPOCH_DIGITS = 16
SEQ_DIGITS = 12
SCHEMA_DIGITS = 6
HEXADECIMAL = frozenset("0123456789abcdef")

_LAST = EPOCH_DIGITS + 1
_FIRST = _LAST + SEQ_DIGITS + 1
_SCHEMA = _FIRST + SEQ_DIGITS + 1
_DIGEST = _SCHEMA + SCHEMA_DIGITS + 1
_LENGTH = _DIGEST + DIGEST_DIGITS + len(".db")


def snapshots_dir(efs_dir: str) -> str:
    """Return the directory of published segments."""
    return os.path.join(efs_dir, "snapshots")


class Name(str):
    """The name of a segment; names sort by epoch, then by last row, then by first row.

    Attributes:
        epoch: the history that it is published in.
        first, last: the rows that it holds, by seq; 1 and 0 where it holds none.
        schema: the schema version that the file is of.
    """

    __slots__ = ("epoch", "first", "last", "schema")

    def __init__(self, text: str) -> None:
        self.epoch = int(text[:EPOCH_DIGITS])
        self.last = int(text[_LAST : _LAST + SEQ_DIGITS])
        self.first = int(text[_FIRST : _FIRST + SEQ_DIGITS])
        self.schema = int(text[_SCHEMA : _SCHEMA + SCHEMA_DIGITS])

    @classmethod
    def of(cls, bookmark: Bookmark, first: int, digest: str, schema: int = MODEL.schema_version) -> Name:
        """Return the name of the segment of the rows first … bookmark, with this digest over the file's bytes."""
        return cls(
            f"{bookmark.epoch:0{EPOCH_DIGITS}d}-{bookmark.seq:0{SEQ_DIGITS}d}-{first:0{SEQ_DIGITS}d}-"
            f"{schema:0{SCHEMA_DIGITS}d}-{digest}.db"
        )

    @classmethod
    def parse(cls, text: str) -> Name | None:
        """Return the name, if `text` is of exactly this form."""
        if len(text) != _LENGTH or not text.isascii() or not text.endswith(".db"):
            return None
        numbers = (text[: _LAST - 1], text[_LAST : _FIRST - 1], text[_FIRST : _SCHEMA - 1], text[_SCHEMA : _DIGEST - 1])
        hyphens = {text[_LAST - 1], text[_FIRST - 1], text[_SCHEMA - 1], text[_DIGEST - 1]}
        if hyphens != {"-"} or not all(map(str.isdigit, numbers)) or not HEXADECIMAL.issuperset(text[_DIGEST:-3]):
            return None
        name = cls(text)
        return name if 1 <= name.first <= max(1, name.last) else None

    @property
    def bookmark(self) -> Bookmark:
        """Return the point up to which the segment reaches."""
        return Bookmark(self.epoch, self.last)

    @property
    def rows(self) -> int:
        """Return how many rows the segment holds."""
        return self.last - self.first + 1

    @property
    def digest(self) -> str:
        """Return the first 16 hex digits of BLAKE2b over the file's bytes."""
        return self[_DIGEST:-3]

    def in_epoch(self, epoch: int) -> Name:
        """Return the name of the same file in another epoch."""
        return Name.of(Bookmark(epoch, self.last), self.first, self.digest, self.schema)
