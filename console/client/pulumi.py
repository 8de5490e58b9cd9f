"""Pulumi's own command, as far as the console asks it: what a stack says of itself."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from console.paths import ROOT


def ask_outputs(
    *arguments: str, stack: str = "", timeout_s: float, root: Path = ROOT
) -> subprocess.CompletedProcess[str] | None:
    """Run `pulumi stack output`. Returns how that ended; None where there is no Pulumi.

    Args:
        arguments: the output's name, and options.
        stack: its name; empty = the selected one.
        root: the project's folder.

    Raises OSError where it cannot be started, TimeoutExpired where it takes longer.
    """
    pulumi = shutil.which("pulumi")
    if pulumi is None:
        return None
    command = [pulumi, "stack", "output", *arguments, "--non-interactive", *(["--stack", stack] if stack else [])]
    return subprocess.run(  # noqa: S603 - a fixed command, and names, without a shell
        command, cwd=root, capture_output=True, text=True, timeout=timeout_s, check=False
    )
