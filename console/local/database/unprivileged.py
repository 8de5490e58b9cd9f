"""The user that PostgreSQL and its like run as: our own, but nobody in the place of root, which they refuse."""

from __future__ import annotations

import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

NOBODY = "nobody"


def other_user() -> pwd.struct_passwd | None:
    """Return the user to run as in root's place; None where that is this process's own."""
    return pwd.getpwnam(NOBODY) if os.geteuid() == 0 else None


def make_folder(prefix: str) -> Path:
    """Make a temporary folder that is theirs alone."""
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    hand_over(folder)
    return folder


def hand_over(path: Path) -> None:
    """Let a file or folder be theirs."""
    if user := other_user():
        os.chown(path, user.pw_uid, user.pw_gid)


def reachable(programs: Path, folder: Path) -> Path:
    """Return where they can run the programs of an installation: a copy where only root may enter, as below /root."""
    if other_user() is None or all(parent.stat().st_mode & stat.S_IXOTH for parent in programs.resolve().parents):
        return programs
    return Path(shutil.copytree(programs.parent, folder / "installation", symlinks=True), programs.name)


def start(command: Sequence[str]) -> subprocess.Popen[bytes]:
    """Start a program as that user."""
    if user := other_user():
        return subprocess.Popen(  # noqa: S603 - programs that are installed here
            command, stdin=subprocess.DEVNULL, cwd="/", user=user.pw_uid, group=user.pw_gid, extra_groups=()
        )
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, cwd="/")  # noqa: S603 - as above
