"""Two manifests held against each other, part by part: each function, and the infrastructure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from archives.manifest import PartManifest

INFRASTRUCTURE = "infrastructure"


@dataclass(frozen=True, kw_only=True)
class FileChanges:
    """The files of a part that came, that changed, and that went; paths as in its archive."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class PartChange:
    """A part in two versions: its hashes, None where it is not there, and the files that differ.

    `files` are None where it is not known which.
    """

    before: str | None
    after: str | None
    files: FileChanges | None

    def is_changed(self) -> bool:
        """Return whether deploying the later version does anything for this part."""
        return self.before != self.after


Changes = Mapping[str, PartChange]


def compared(before: Mapping[str, PartManifest], after: Mapping[str, PartManifest]) -> Changes:
    """Return what becomes of each part; one without files stands for a version of which only the hash is known."""
    return {name: _part(before.get(name), after.get(name)) for name in {**after, **before}}


def changed_functions(changes: Changes) -> list[str]:
    """Return the functions that differ."""
    return [name for name, change in changes.items() if name != INFRASTRUCTURE and change.is_changed()]


def _part(before: PartManifest | None, after: PartManifest | None) -> PartChange:
    hashes = (before.hash if before else None, after.hash if after else None)
    is_known = hashes[0] == hashes[1] or not before or before.files
    return PartChange(before=hashes[0], after=hashes[1], files=_files(before, after) if is_known else None)


def _files(before: PartManifest | None, after: PartManifest | None) -> FileChanges:
    if before and after and before.hash == after.hash:
        return FileChanges()
    old: Mapping[str, str] = before.files if before else {}
    new: Mapping[str, str] = after.files if after else {}
    return FileChanges(
        added=tuple(name for name in new if name not in old),
        changed=tuple(name for name in new if name in old and new[name] != old[name]),
        removed=tuple(name for name in old if name not in new),
    )
