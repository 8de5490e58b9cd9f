"""What a deployment spends on the machine that deploys, step by step, from a fresh clone on.

python -m tests.perf.delivery prints a table; docs/delivery.md has one, beside what AWS takes. Nothing is asserted.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
PROGRAM = "from tests.infra.program import run; run('dev')"


def main(*, installs: bool) -> None:
    """Print how long each step takes; without `installs`, those with packages are left out."""
    python = sys.executable
    with tempfile.TemporaryDirectory(prefix="delivery-") as name:
        folder = Path(name)
        clone = folder / "clone"
        show("checkout: git clone --depth 100", ["git", "clone", "-q", "--depth", "100", f"file://{ROOT}", str(clone)])
        if installs:
            install_steps(folder, clone)
        show("change detection: console changed", [python, "-m", "console", "changed", "--against", "HEAD~1"], clone)
        package = [python, "-m", "console", "package", "--out", str(folder / "build")]
        show("archives: console package", package, clone)
        show("the program under mocks, all imports included", [python, "-c", PROGRAM], clone)


def install_steps(folder: Path, clone: Path) -> None:
    """Install what `make install-deploy` does, without anything at hand and then from pip's cache."""
    cache = {"PIP_CACHE_DIR": str(folder / "cache"), "PIP_NO_CACHE_DIR": "0"}
    for number, where in enumerate(("from the index", "from pip's cache")):
        environment = folder / f"venv{number}"
        show(f"environment: python -m venv ({where})", [sys.executable, "-m", "venv", str(environment)])
        command = [str(environment / "bin" / "python"), "-m", "console.install", "deploy"]
        show(f"packages {where}", command, clone, cache)


def show(step: str, command: Sequence[str], folder: Path = ROOT, variables: dict[str, str] | None = None) -> None:
    """Run a command and print its step with the seconds that it took; what it said is shown where it fails."""
    start_s = time.perf_counter()
    ran = subprocess.run(
        command, cwd=folder, env={**os.environ, **(variables or {})}, capture_output=True, text=True, check=False
    )
    took_s = time.perf_counter() - start_s
    if ran.returncode:
        sys.exit(f"{ran.stdout}{ran.stderr}Error: {step}: ended with {ran.returncode}\nTry: make delivery-time")
    print(f"| {step} | {took_s:.1f} s |", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--without-packages", action="store_true", help="leave out what takes a minute or two")
    main(installs=not parser.parse_args().without_packages)
