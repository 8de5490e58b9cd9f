"""A small project in a git repository of its own, with a commit for each state, and a Pulumi that gives one output."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

PROJECT = {
    "__main__.py": "import infra.stack\n",
    "infra/stack.py": "from handlers.settings import SWITCH\n",
    "archives/zipped.py": "",
    "handlers/__init__.py": "",
    "handlers/query.py": "import handlers.reads.page\nimport handlers.settings\n",
    "handlers/command.py": "import handlers.settings\n",
    "handlers/reads/__init__.py": "",
    "handlers/reads/page.py": "SIZE = 1\n",
    "handlers/settings.py": "SWITCH = 1\n",
    "Pulumi.yaml": "name: app\n",
    "requirements.txt": "pulumi\n",
    "README.md": "",
}
IDENTITY = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b"}


def write(root: Path, files: Mapping[str, str]) -> None:
    """Write files below a folder."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")


def git(root: Path, *arguments: str) -> str:
    """Run git in a folder, whatever the machine's own configuration says."""
    alone = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    ran = subprocess.run(
        ["git", *arguments],
        cwd=root,
        env={**os.environ, **IDENTITY, **alone},
        check=True,
        capture_output=True,
        text=True,
    )
    return ran.stdout.strip()


def commit(root: Path, changes: Mapping[str, str]) -> str:
    """Write files and commit them; returns the commit."""
    write(root, changes)
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "a change")
    return git(root, "rev-parse", "HEAD")


def repository(root: Path) -> Path:
    """Make the repository with the project in its first commit."""
    root.mkdir()
    git(root, "init", "--quiet")
    commit(root, PROJECT)
    return root


def fake_pulumi(folder: Path, answers: Mapping[str, object], error: str = "") -> str:
    """Write a program `pulumi` that answers `stack output manifest` by stack; returns the folder, for PATH.

    Args:
        answers: the output of each stack; that of "" is the selected one's.
        error: what it says on standard error in place of an answer.
    """
    folder.mkdir()
    program = folder / "pulumi"
    cases = "\n".join(f"  '{stack}') echo '{json.dumps(content)}' ;;" for stack, content in answers.items())
    program.write_text(
        f"""#!/bin/sh
[ "$1 $2 $3 $4 $5" = "stack output manifest --json --non-interactive" ] || exit 9
case "$7" in
{cases}
  *) printf '{error}' >&2; exit 255 ;;
esac
""",
        encoding="utf-8",
    )
    program.chmod(0o755)
    return str(folder)
