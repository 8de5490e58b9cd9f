"""The project's root and page, the local stack's folder, and the command that runs the console here, to be pasted."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE_DIR = ROOT / "dashboard"
LOCAL_DIR = Path(".local")  # unless the variable of this name says another: `local_dir`
URL_FILE = "url"  # in it, while the stack answers: the address where it does
ENVIRONMENT_FILE = "environment"  # and the variables that lead to its table, for a shell to read


def local_dir() -> Path:
    """Return the local stack's folder."""
    return Path(os.environ.get("LOCAL_DIR") or LOCAL_DIR)


def program(python: Path, folder: Path) -> str:
    """Return the words that run the console with a Python, for a shell in a folder."""
    shown = python.relative_to(folder) if python.is_relative_to(folder) else python
    return f"{shlex.quote(str(shown))} -m console"


PROGRAM = program(Path(sys.executable), Path.cwd())
