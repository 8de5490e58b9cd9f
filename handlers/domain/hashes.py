"""The hashes: of a file's bytes (its name's digest), of a row (the content hash), of a short text (ETags, cursors).

All are BLAKE2b. The content hash is the sum of a 128-bit hash per row, mod 2^128: it does not depend on the order in
which rows were taken in, and n more rows cost n.
"""

from __future__ import annotations

from _blake2 import blake2b  # hashlib's own; hashlib itself loads OpenSSL: 1.4 ms of every cold start
from functools import partial

DIGEST_DIGITS = 16
HASH_MODULUS = 2**128

short_hash = partial(blake2b, digest_size=8)  # of a short text's bytes


def content_hash(known: int, seqs: list[int], texts: list[str]) -> int:
    """Return the content hash of `known`'s rows and these: sequence numbers and rows' JSON texts, in step."""
    total = known
    for seq, text in zip(seqs, texts, strict=True):
        total += int.from_bytes(blake2b(b"%d\n%s" % (seq, text.encode()), digest_size=16).digest(), "big")
    return total % HASH_MODULUS


def hash_text(value: int) -> str:
    """Return a content hash as 32 hex digits."""
    return f"{value:032x}"
