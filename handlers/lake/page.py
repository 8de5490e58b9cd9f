"""A page of the ledger as an object of the lake: gzipped lines of JSON, one a row, in the ledger's order.

A page belongs to a root, the epoch in which its rows were written, and not to a branch: its object holds the rows of
that page that were put under that root, be they of the branch that is written to or of one that was left. So it only
ever grows, up to the page's end.

Its lines are a pure function of the rows and the declared columns: a line is the row's JSON text as every answer has
it, with `seq` in front. Rows older than the columns show them as everywhere else: the default, or what the upgrade
says. The bytes are too, as long as zlib is the same: another version may pack the same lines otherwise.
"""

from __future__ import annotations

import gzip
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from handlers.aws.table import page_of
from handlers.domain.hashes import content_hash, hash_text
from handlers.rows import MODEL

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from handlers.model.model import Row

PREFIX = "lake/"
ENDING = ".ndjson.gz"
CONTENT_TYPE = "application/gzip"  # not x-ndjson with an encoding: readers go by the key's ending
LEVEL = 6  # of zlib: level 9 takes twice as long and saves a hundredth


@dataclass(frozen=True)
class LakePage:
    """A page as it is put.

    Attributes:
        content: its bytes.
        metadata: `rows`, `first` and `last` (sequence numbers), `columns` (the version of those that its lines show),
            and `hash-<version>`: the content hash of its rows by the columns of a version. During a change of columns
            there are two of those, as the ledger's head stands for its rows by the older ones until it has ended.
    """

    key: str
    content: bytes
    metadata: dict[str, str]

    @classmethod
    def from_rows(cls, root: int, rows: Sequence[Row]) -> LakePage:
        """Return the page of these rows, all of one root and one page of the table, in order; one at least."""
        seqs, texts = [row[0] for row in rows], MODEL.json_texts(rows)
        metadata = {
            "rows": str(len(rows)),
            "first": str(seqs[0]),
            "last": str(seqs[-1]),
            "columns": str(MODEL.rows_version),
            hash_name(MODEL.rows_version): hash_text(content_hash(0, seqs, texts)),
        }
        if MODEL.counterpart is not None:
            version = MODEL.counterpart.rows_version
            before = content_hash(0, seqs, MODEL.texts_in(version, rows))
            metadata[hash_name(version)] = hash_text(before)
        return cls(page_key(root, page_of(seqs[0])), packed(seqs, texts), metadata)


def packed(seqs: Sequence[int], texts: Sequence[str]) -> bytes:
    """Return rows' texts as gzipped lines with their sequence numbers; without a name or a time in the header."""
    lines = "".join([f'{{"seq":{seq},{text[1:]}\n' for seq, text in zip(seqs, texts, strict=True)])
    buffer = io.BytesIO()
    with gzip.GzipFile(
        "", "wb", LEVEL, buffer, mtime=0
    ) as file:  # gzip.compress has another header from Python 3.13 on
        file.write(lines.encode())
    return buffer.getvalue()


def unpacked(content: bytes) -> tuple[list[int], list[str]]:
    """Return what `packed` packed. Raises ValueError, EOFError, OSError or zlib.error where it is none of that."""
    seqs: list[int] = []
    texts: list[str] = []
    for line in gzip.decompress(content).decode().split("\n")[:-1]:
        start, _, rest = line.partition(",")
        seqs.append(int(start.removeprefix('{"seq":')))
        texts.append("{" + rest)
    return seqs, texts


def page_key(root: int, page: int) -> str:
    """Return the key of a page's object."""
    return f"{PREFIX}root={root}/page={page}{ENDING}"


def hash_name(rows_version: int) -> str:
    """Return the name in the metadata of the hash by the columns of a version."""
    return f"hash-{rows_version}"


def last_of(metadata: Mapping[str, str]) -> int:
    """Return the last sequence number that an object says it holds; 0 where it says nothing of the kind."""
    text = metadata.get("last", "")
    return int(text) if text.isascii() and text.isdigit() else 0
