from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from console.local import process
from console.local.database.keeper import Keeper
from tests.support.local.processes import children, gone, until

pytestmark = pytest.mark.usefixtures("measured_children")


def keep(folder: Path, *commands: Sequence[str]) -> subprocess.Popen[bytes]:
    return process.spawn(
        "console.local.database.keeper",
        *(str(int(signal.SIGTERM)), str(folder), *map(json.dumps, commands)),
        environ={},
        stdin=subprocess.PIPE,
        output=subprocess.DEVNULL,
    )


def test_commands_run_one_after_the_other(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    first, second = ["true"], ["sh", "-c", "exit 7"]
    with keep(tmp_path, first, second) as running:
        assert running.wait() == 7
    assert tmp_path.exists()


def test_none_runs_after_one_that_failed(tmp_path: Path) -> None:
    with keep(tmp_path, ["false"], ["sh", "-c", "exit 7"]) as running:
        assert running.wait() == 1
    assert tmp_path.exists()


@pytest.mark.parametrize("way", ["parent", "signal"])
def test_the_command_ends_with_the_parent_or_by_a_signal_and_so_does_the_folder(tmp_path: Path, way: str) -> None:
    with keep(tmp_path, ["sleep", "1000"], ["sleep", "1000"]) as running:
        until(lambda: children(running.pid))
        (child,) = children(running.pid)
        if way == "parent":
            assert running.stdin is not None
            running.stdin.close()
        else:
            running.terminate()
        assert running.wait() != 0
    assert gone(child)
    assert not tmp_path.exists()


def test_a_signal_while_a_command_starts_reaches_it(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Keeper(signal.SIGKILL)

    def start(command: Sequence[str]) -> subprocess.Popen[bytes]:
        kept.end(signal.SIGTERM, None)
        return subprocess.Popen(command)

    monkeypatch.setattr("console.local.database.keeper.unprivileged.start", start)
    assert kept.run([["sleep", "1000"], ["sleep", "1000"]]) == -signal.SIGKILL


def test_a_signal_before_any_command_lets_none_start() -> None:
    kept = Keeper(signal.SIGKILL)
    kept.end(signal.SIGTERM, None)
    assert kept.run([["sleep", "1000"]]) == 0
