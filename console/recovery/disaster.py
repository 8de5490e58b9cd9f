"""The names of the disasters: those that a drill can live through, and those that only AWS can show."""

from __future__ import annotations

from enum import StrEnum


class Disaster(StrEnum):
    """A disaster, and so a way back.

    `rows` were written by mistake; the `table` was damaged past the API, or was `deleted`, or only the `backup` vault
    still has it; the `files` of the file system are gone; the `region` is gone.
    """

    ROWS = "rows"
    TABLE = "table"
    DELETED = "deleted"
    BACKUP = "backup"
    FILES = "files"
    REGION = "region"
