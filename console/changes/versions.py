"""The version to compare with, as it is named on the command line: a manifest file, a stack, or a revision."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from archives.errors import ArchiveError
from archives.manifest import Manifest
from console.changes.comparison import Changes, compared
from console.changes.deployed import deployed_hashes, with_files
from console.changes.manifests import manifest_from, manifest_in
from console.changes.revisions import commit_of, files_at
from console.errors import ConsoleError

STACK = "stack"
FILE, REVISION = "file", "revision"
HINT = "make clean, then make check"


@dataclass(frozen=True, kw_only=True)
class Version:
    """A version to compare with: its kind (file, stack or revision), and its name; empty = the selected stack."""

    kind: str
    name: str


def version_of(against: str) -> Version:
    """Return the version that `--against` names.

    `stack` and `stack:NAME` are stacks, what is a file or ends with .json is a manifest; all else is a revision.
    """
    kind, _, name = against.partition(":")
    if kind == STACK:
        return Version(kind=STACK, name=name)
    is_file = against.endswith(".json") or Path(against).is_file()
    return Version(kind=FILE if is_file else REVISION, name=against)


def changes_since(version: Version, root: Path) -> Changes:
    """Return what the working tree in a folder changes against a version.

    Against a stack, a function that the stack does not have is left out: its settings switch it off.

    Raises:
        ConsoleError: one of the two cannot be read.
    """
    if version.kind == STACK:
        return _since_stack(version.name, root)
    now = _packaged(root, HINT)
    if version.kind == FILE:
        return compared(manifest_from(Path(version.name)).parts(), now.parts())
    return compared(_at_revision(version.name, root).parts(), now.parts())


def _since_stack(name: str, root: Path) -> Changes:
    hashes, stack = deployed_hashes(name, root)
    now = _packaged(root, HINT, stack)
    deployed = with_files(hashes, now, root, stack)
    there = {name: part for name, part in now.parts().items() if name in deployed.parts()}
    return compared(deployed.parts(), there)


def _at_revision(revision: str, root: Path) -> Manifest:
    commit = commit_of(revision, root)
    with files_at(commit, root) as folder:
        return _packaged(folder, "another revision: this one cannot be packaged")


def _packaged(folder: Path, hint: str, stack: str = "") -> Manifest:
    try:
        return manifest_in(folder, stack)
    except ArchiveError as error:
        raise ConsoleError(str(error), hint) from error
