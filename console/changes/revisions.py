"""Commits of the project's repository, read beside the working tree and never checked out in it."""

from __future__ import annotations

import io
import subprocess
import tarfile
import tempfile
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

from console.errors import ConsoleError

GIT_TIMEOUT_S = 60.0
# What decides on a manifest; commits that leave all of it alone need no look.
PATHS = ("*.py", "*.yaml", "*.txt", ":!tests", ":!docs", ":!console", ":!examples")


def commit_of(revision: str, root: Path) -> str:
    """Return the hash of the commit that a revision names. Raises ConsoleError."""
    hint = "a branch, a tag or a commit that `git log` shows (a shallow clone has few: git fetch --unshallow)"
    answer = _git(["rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"], root)
    if answer.returncode == 128:  # --quiet says nothing of a revision that is not there, and ends with 1
        raise ConsoleError(
            _said(answer) or f"{root} is in no git repository", "--against with a manifest file, or stack"
        )
    if answer.returncode:
        raise ConsoleError(f"--against: there is no revision {revision!r} in {root}", hint)
    return answer.stdout.decode().strip()


def latest_commits(root: Path, count: int) -> list[str]:
    """Return the latest commits that touched code or configuration, newest first; none where there is no git."""
    try:
        answer = _git(["log", "--format=%H", f"--max-count={count}", "HEAD", "--", *PATHS], root)
    except ConsoleError:
        return []
    return answer.stdout.decode().split() if answer.returncode == 0 else []


@contextmanager
def files_at(commit: str, root: Path) -> Generator[Path]:
    """Write the project as it is in a commit into a folder of its own, for as long as the block runs.

    Raises:
        ConsoleError: git does not give the commit.
    """
    answer = _git(["archive", "--format=tar", commit], root)
    if answer.returncode:
        raise ConsoleError(f"git archive {commit}: {_said(answer)}", "git fsck")
    with tempfile.TemporaryDirectory(prefix="lambda-sqlite-") as folder:
        with tarfile.open(fileobj=io.BytesIO(answer.stdout)) as archive:
            archive.extractall(folder, filter="data")
        yield Path(folder)


def _git(arguments: Sequence[str], root: Path) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(  # noqa: S603 - our arguments, without a shell
            ["git", "-C", str(root), *arguments],  # noqa: S607 - the one in PATH
            capture_output=True,
            timeout=GIT_TIMEOUT_S,
            check=False,
        )
    except FileNotFoundError as error:
        raise ConsoleError("git is not installed", "install it, or --against with a manifest file, or stack") from error
    except subprocess.TimeoutExpired as error:
        raise ConsoleError(f"git did not answer in {GIT_TIMEOUT_S:.0f} s", "git status, in the same folder") from error


def _said(answer: subprocess.CompletedProcess[bytes]) -> str:
    return answer.stderr.decode(errors="replace").strip().removeprefix("fatal: ")
