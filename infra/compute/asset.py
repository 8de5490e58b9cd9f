"""A file of an archive as Pulumi takes it: a text as it is, byte code and libraries from a file.

Pulumi's own protocol has texts and paths, and those are no texts. It compares assets by their hashes alone, never by
their paths; the path is relative all the same, and the same on each machine, since Pulumi keeps it in the state.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import pulumi

KEPT_S = 24 * 3600  # longer than any deployment takes between naming a file and reading it


def asset_of(name: str, content: bytes, folder: Path) -> pulumi.Asset:
    """Return a file of an archive; what is no text is written into the folder first.

    Args:
        name: its path in the archive.

    Raises:
        RunError: the folder cannot be written.
    """
    with suppress(UnicodeDecodeError):
        return pulumi.StringAsset(content.decode())
    digest, file = hashlib.sha256(content).hexdigest()[:16], Path(name)
    path = folder / f"{file.stem}.{digest}{file.suffix}"
    try:
        _write(path, content)
    except OSError as error:
        raise pulumi.RunError(f"{path} cannot be written: {error.strerror}") from error
    return pulumi.FileAsset(os.path.relpath(path))


def sweep(folder: Path) -> None:
    """Remove what no program has written for a day; one that runs has just written all that it names."""
    oldest = time.time() - KEPT_S
    for path in folder.glob("*"):
        with suppress(OSError):  # another program sweeps too; what is a folder or another user's stays
            if path.stat().st_mtime < oldest:
                path.unlink()


def _write(path: Path, content: bytes) -> None:
    """Put a whole file in its place at once: programs that run side by side write the same bytes under one name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(content)
    os.replace(file.name, path)
