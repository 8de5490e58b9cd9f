"""Ids of what is no row: ULIDs too, so that they sort by the time of their making."""

from __future__ import annotations

from ulid import ULID


def new_id() -> str:
    """Return an id that nobody else has."""
    return str(ULID())
