"""The functions' code as Pulumi deploys it.

The files are listed one by one. Pulumi hashes such an archive by names and contents alone, so that a function is
updated when, and only when, a file that it imports has changed.
"""

from __future__ import annotations

from pathlib import Path

import pulumi

from archives.closure import files_of
from archives.lean import content_of

ROOT = Path(__file__).resolve().parents[2]


def entry_of(function: str) -> str:
    """Return the module that a function starts in."""
    return f"handlers.{function}"


def handler_of(function: str) -> str:
    """Return the function's handler as Lambda takes it."""
    return f"{entry_of(function)}.handler"


def archive_of(function: str, root: Path = ROOT) -> pulumi.AssetArchive:
    """Return the archive of one function. Raises ArchiveError where an import cannot be followed."""
    files = files_of(entry_of(function), root)
    return pulumi.AssetArchive({name: pulumi.StringAsset(content_of(path).decode()) for name, path in files.items()})
