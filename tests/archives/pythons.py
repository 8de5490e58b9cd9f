"""Other Pythons on this machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

VERSIONS = ("3.11", "3.12", "3.13", "3.14")


@cache
def other_pythons() -> dict[str, str]:
    """Return the interpreters of other versions than this one, by version; there may be none."""
    here = "{}.{}".format(*sys.version_info)
    found = {version: _interpreter(version) for version in VERSIONS if version != here}
    return {version: path for version, path in found.items() if path}


def _interpreter(version: str) -> str | None:
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    managed = pyenv.glob(f"versions/{version}.*/bin/python{version}")
    for path in filter(None, (shutil.which(f"python{version}"), *map(str, sorted(managed)))):
        done = subprocess.run([path, "-I", "-S", "-c", ""], capture_output=True, check=False)
        if done.returncode == 0:  # pyenv's stand-ins for versions that are not chosen fail
            return path
    return None
