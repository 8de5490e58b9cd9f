"""The functions' code as Pulumi deploys it.

The files are listed one by one. Pulumi hashes such an archive by names and contents alone, so that a function is
updated when, and only when, a file that it imports has changed.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pulumi

from archives.contents import contents_of
from archives.errors import ArchiveError
from archives.manifest import function_manifest
from archives.runtimes import why_without_byte_code
from infra.compute.asset import asset_of, sweep

ROOT = Path(__file__).resolve().parents[2]


def entry_of(function: str) -> str:
    """Return the module that a function starts in."""
    return f"handlers.{function}"


def handler_of(function: str) -> str:
    """Return the function's handler as Lambda takes it."""
    return f"{entry_of(function)}.handler"


def archive_of(function: str, runtime: str, root: Path = ROOT) -> pulumi.AssetArchive:
    """Return the archive of one function. Raises RunError where a file is no Python, or imports what is not there."""
    folder = root / "build" / "bytecode"
    with errors_for_pulumi():
        contents = contents_of(entry_of(function), root, runtime)
    archive = pulumi.AssetArchive({name: asset_of(name, content, folder) for name, content in contents.items()})
    sweep(folder)
    return archive


def sources_of(function: str, root: Path = ROOT) -> str:
    """Return the hash of a function's sources, the same whichever Python deploys. Raises RunError."""
    with errors_for_pulumi():
        return function_manifest(root, function).hash


@contextmanager
def errors_for_pulumi() -> Generator[None]:
    """Raise RunError, which Pulumi shows without a traceback, in place of ArchiveError."""
    try:
        yield
    except ArchiveError as error:
        raise pulumi.RunError(str(error)) from error


def warn_without_byte_code(runtime: str) -> None:
    """Say in one line what the archives go without, if they do."""
    if why := why_without_byte_code(runtime):
        pulumi.log.warn(why)
