"""An interpreter with what Lambda's runtime brings and nothing else: AWS's runtime client, and the SDK.

It is a virtual environment of its own for each version of Python, because the project's has packages that a start of
Python looks at. The runtime client is published for Linux alone.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

LAYERS = Path(".benchmarks") / "layers"
REQUIREMENTS = Path(__file__).with_name("requirements.txt")
VERSION = "import sys; print('.'.join(map(str, sys.version_info[:3])))"


def version_of(python: str) -> str:
    """Return an interpreter's version, such as 3.13.0. Exits where it is none."""
    try:
        return subprocess.run([python, "-c", VERSION], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        sys.exit(f"Error: {python} is no Python\nTry: --python with the path of one")


def layer(python: str) -> str:
    """Return the path of an interpreter of the same version, with its layer; it is installed once.

    Exits with what to do where that cannot be.
    """
    folder = (LAYERS / version_of(python)).absolute()
    made, installed = folder / "bin" / "python", folder / "requirements.txt"
    if not installed.is_file() or installed.read_bytes() != REQUIREMENTS.read_bytes():
        print(f"Installing Lambda's runtime client into {folder}", file=sys.stderr, flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([python, "-m", "venv", "--without-pip", str(folder)], check=True)
        _install(made)
        shutil.copy(REQUIREMENTS, installed)
    return str(made)


def _install(python: Path) -> None:
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", str(python), "install", "-qq"]
    if subprocess.run([*pip, "--only-binary=:all:", "-r", str(REQUIREMENTS)], check=False).returncode:
        sys.exit("Error: Lambda's runtime client could not be installed; it is published for Linux\nTry: on Linux")
