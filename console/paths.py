"""The project's root and page, the local stack's folder, and the command that runs the console here, to be pasted."""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE_DIR = ROOT / "dashboard"
LOCAL_DIR = Path(".local")  # unless the variable of this name says another: `local_dir`
URL_FILE = "url"  # in it, while the stack answers: the address where it does
ENVIRONMENT_FILE = "environment"  # and the variables that lead to its table, for a shell to read

# Of an address, with a slip in it too, and of its parameters; greedy, for a password may have an @ that is not escaped.
SECRETS = ((re.compile(r"(//[^:/@]*):.*@"), r"\1:PASSWORD@"), (re.compile(r"(password=)[^&\s]+"), r"\1PASSWORD"))


def local_dir() -> Path:
    """Return the local stack's folder."""
    return Path(os.environ.get("LOCAL_DIR") or LOCAL_DIR)


def program(python: Path, folder: Path) -> str:
    """Return the words that run the console with a Python, for a shell in a folder."""
    shown = python.relative_to(folder) if python.is_relative_to(folder) else python
    return f"{shlex.quote(str(shown))} -m console"


def pasted(arguments: Sequence[str]) -> str:
    """Return a command line's words, for a shell, with no password that stands in an address."""
    return shlex.join(map(_masked, arguments))


def _masked(argument: str) -> str:
    for secret, instead in SECRETS:
        argument = secret.sub(instead, argument)
    return argument


PROGRAM = program(Path(sys.executable), Path.cwd())
