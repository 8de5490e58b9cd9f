"""Texts of JSON as PostgreSQL's jsonb takes them, and their normal form."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

MOST_EXPONENT = 131_071
MOST_DECIMALS = 16_383


def check_json(text: str) -> None:
    """Hold a text against what jsonb keeps.

    Raises:
        ValueError: it is no JSON, or something in it would be lost.
    """
    raise NotImplementedError


def normal_json(text: str) -> bytes:
    """Return the normal form of a text that is JSON."""
    raise NotImplementedError
