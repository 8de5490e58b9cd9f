"""An archive as a zip file: equal files give equal bytes, whoever makes it and whenever."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip file can hold
UNIX = 3
READABLE = 0o100644 << 16
BEST = 9


def zip_bytes(contents: Mapping[str, bytes]) -> bytes:
    """Return the zip file of these files, given as path in the archive -> content."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in sorted(contents.items()):
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.create_system, entry.external_attr = UNIX, READABLE
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED, BEST)
    return buffer.getvalue()
