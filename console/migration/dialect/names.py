"""Names where the rows go: in small letters, as SQL without quotes finds them; 63 bytes at most; none twice."""

from __future__ import annotations

import string
from collections.abc import Container, Sequence
from hashlib import blake2b

MOST_BYTES = 63
HASH_DIGITS = 8
SMALL = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
# PostgreSQL has columns of these names in every table.
TAKEN = frozenset({"tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"})


def target_name(name: str, taken: Container[str] = ()) -> str:
    """Return a source's name as PostgreSQL can have it.

    Args:
        taken: the names that are in use.
    """
    clean = name.encode("utf-8", "surrogateescape").decode("utf-8", "replace").translate(SMALL) or "unnamed"
    if clean in taken:
        clean += "_"
    return clean if fits(clean) and clean not in taken else _short(clean, name, taken)


def fits(name: str) -> bool:
    """Tell whether PostgreSQL keeps all of a name."""
    return 0 < len(name.encode()) <= MOST_BYTES and "\0" not in name


def given_name(table: str, columns: Sequence[str], label: str) -> str:
    """Return the name that PostgreSQL gives to what a table has: `users_email_key`; a long one is cut in two places."""
    one, other = table.encode(), "_".join(columns).encode()
    most = MOST_BYTES - len(label) - 1 - bool(columns)
    while len(one) + len(other) > most:
        one, other = (one[:-1], other) if len(one) > len(other) else (one, other[:-1])
    parts = [each.decode("utf-8", "ignore") for each in (one, *([other] if columns else []))]
    return "_".join([*parts, label])


def _short(clean: str, name: str, taken: Container[str]) -> str:
    seed = name.encode("utf-8", "surrogateescape")
    while True:
        digits = blake2b(seed, digest_size=HASH_DIGITS // 2).hexdigest()
        start = clean.encode()[: MOST_BYTES - HASH_DIGITS - 1].decode("utf-8", "ignore")
        made = f"{start}_{digits}"
        if made not in taken:
            return made
        seed += b"_"
