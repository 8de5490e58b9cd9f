"""docs/your-data.md to the letter: its commands, run in a copy of the project, print what the page shows."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "your-data.md"
BLOCKS = re.findall(r"^```(console|diff)\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
COMMANDS = [step for kind, text in BLOCKS if kind == "console" for step in re.split(r"^\$ ", text, flags=re.M)[1:]]
LEFT_BEHIND = shutil.ignore_patterns(".*", "__pycache__", "node_modules")
PORT = "8787"  # on the page; here it is a free one


class Walk:
    """A copy of the project, in which commands are run as a reader would."""

    def __init__(self, project: Path, port: str) -> None:
        self.project = project
        self._port = port
        inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        self._environ = inherited | {"PORT": port, "COLUMNS": "120"}
        self._serving: subprocess.Popen[str] | None = None

    def run(self, command: str) -> str:
        """Return what a command prints, on either stream; `make serve` goes on running."""
        if command == "make serve":
            return self._serve()
        finished = subprocess.run(
            ["bash", "-c", command.replace(PORT, self._port)],
            cwd=self.project,
            env=self._environ,
            check=False,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        assert finished.returncode == 0, finished.stdout
        return finished.stdout.replace(self._port, PORT)

    def change(self, diff: str) -> None:
        """Stop serving, and apply a change to the code."""
        self.stop()
        subprocess.run(["git", "apply"], cwd=self.project, input=diff, text=True, check=True)

    def stop(self) -> None:
        """Stop serving as Ctrl-C does."""
        if self._serving is not None:
            os.killpg(self._serving.pid, signal.SIGINT)
            self._serving.communicate()
            self._serving = None

    def _serve(self) -> str:
        self._serving = subprocess.Popen(
            ["make", "serve"],
            cwd=self.project,
            env=self._environ,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        printed: list[str] = []
        assert self._serving.stdout is not None
        for line in self._serving.stdout:
            printed.append(line)
            if line.startswith("ready "):
                break
        return "".join(printed).replace(self._port, PORT)


@pytest.fixture
def walk(tmp_path: Path) -> Iterator[Walk]:
    project = tmp_path / "project"
    shutil.copytree(ROOT, project, ignore=LEFT_BEHIND)
    make_environment(project / ".venv")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = str(listener.getsockname()[1])
    walking = Walk(project, port)
    yield walking
    walking.stop()


def make_environment(folder: Path) -> None:
    """This Python's packages under the name that the page has for them, and nothing left for make to install."""
    folder.mkdir()
    for entry in Path(sys.prefix).iterdir():
        (folder / entry.name).symlink_to(entry)
    for name in (".run", ".report", ".deploy", ".dev"):
        (folder / name).unlink(missing_ok=True)
        (folder / name).touch()


def matches(printed: str, shown: str) -> bool:
    """Tell whether that was printed; `…` stands for anything, and a line's end for any spaces before it."""
    lines = [".*?".join(map(re.escape, line.rstrip().split("…"))) for line in shown.strip().splitlines()]
    return re.fullmatch(r"\s*\n".join(lines), printed.strip(), re.DOTALL) is not None


def test_every_command_of_the_page_prints_what_it_shows(walk: Walk) -> None:
    for kind, text in BLOCKS:
        if kind == "diff":
            walk.change(text)
            continue
        for step in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
            command, _, shown = step.partition("\n")
            printed = walk.run(command)
            assert matches(printed, shown), f"$ {command}\n{printed}"


def test_the_page_has_ten_steps_and_their_output() -> None:
    assert re.findall(r"^\*\*(\d+)\.", PAGE.read_text(encoding="utf-8"), re.MULTILINE) == [*map(str, range(1, 11))]
    silent = {step.split()[0] for step in COMMANDS if not step.partition("\n")[2].strip()}
    assert silent == {"cp", "sleep"}
