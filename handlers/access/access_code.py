"""An access code as people read, say and type it: `7K3M-9QXT-WB4H-2RFD`."""

from __future__ import annotations

import secrets

ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # without 0 and O, 1, I and L, and the U that is taken for a V
CHARACTERS = 16  # 30 ** 16 codes: 78 bits
GROUP = 4
LEFT_OUT = dict.fromkeys(map(ord, "-\u2010\u2011\u2012\u2013\u2014\u2212"))  # hyphens, dashes, the minus sign


def new_access_code() -> str:
    """Return a code that nobody can guess."""
    return "".join(secrets.choice(ALPHABET) for _ in range(CHARACTERS))


def grouped(code: str) -> str:
    """Return a code as it is shown."""
    return "-".join(code[start : start + GROUP] for start in range(0, len(code), GROUP))


def plain(entered: str) -> str:
    """Return what somebody entered as codes are made: in capitals, without spaces and dashes."""
    return "".join(entered.translate(LEFT_OUT).split()).upper()
