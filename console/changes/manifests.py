"""The manifests of this project: of a folder, and of a file that `package` wrote."""

from __future__ import annotations

import json
from pathlib import Path

from archives.manifest import Manifest, manifest_of
from console.errors import ConsoleError
from handlers.routes import FUNCTIONS

MANIFEST_FILE = "manifest.json"


def manifest_in(folder: Path, stack: str = "") -> Manifest:
    """Return the manifest of the project in a folder, with the functions that it has. Raises ArchiveError.

    Args:
        stack: whose configuration counts; empty = that of all of them.
    """
    functions = [name for name in FUNCTIONS if (folder / "handlers" / f"{name}.py").is_file()]
    return manifest_of(folder, functions, stack)


def manifest_from(file: Path) -> Manifest:
    """Return the manifest that a file holds. Raises ConsoleError."""
    hint = "one that `package` wrote, `stack`, or a git revision"
    try:
        return Manifest.from_json(json.loads(file.read_text(encoding="utf-8")))
    except OSError as error:
        raise ConsoleError(f"{file} cannot be read: {error.strerror}", hint) from error
    except (ValueError, TypeError, KeyError) as error:
        raise ConsoleError(f"{file} is no manifest of this version", hint) from error
