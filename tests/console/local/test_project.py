from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path

import pytest

from console.errors import ConsoleError
from console.local.project import run
from console.paths import ROOT
from tests.support.local import web
from tests.support.local.processes import Children, child_that_runs, children, gone, read_when_there, until
from tests.support.local.toy_stack import toy_stack

pytestmark = pytest.mark.usefixtures("measured_children")


@contextlib.contextmanager
def started(*arguments: str) -> Generator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", *arguments]
    pipe = subprocess.PIPE
    inherited = signal.signal(signal.SIGHUP, signal.SIG_DFL)  # whoever runs the tests may have it ignored
    process = subprocess.Popen(command, cwd=ROOT, stdout=pipe, stderr=pipe, text=True, start_new_session=True)
    signal.signal(signal.SIGHUP, inherited)
    with process:
        yield process


def url_when_ready(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    ready, url = process.stdout.readline().split()
    assert ready == "ready"
    return url


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_it_is_ready_once_it_answers_and_a_signal_stops_everything(tmp_path: Path, number: signal.Signals) -> None:
    with started("tests.support.local.toy_stack", str(tmp_path)) as process:
        url = url_when_ready(process)
        sandbox = web.get(f"{url}/who").json()
        assert sandbox["calls"] == 1
        running = children(process.pid)
        assert sandbox["pid"] in running
        assert len(running) == 2
        os.killpg(process.pid, number)  # as Ctrl-C does: the children must not see it
        assert process.communicate() == ("", "")
        assert process.returncode == 0
        assert all(gone(pid) for pid in running)


def test_what_nohup_started_outlives_its_terminal(tmp_path: Path) -> None:
    ignore = "import runpy, signal, sys; signal.signal(signal.SIGHUP, signal.SIG_IGN); sys.argv = sys.argv[1:]; "
    program = f"{ignore} runpy.run_module(sys.argv[0], run_name='__main__', alter_sys=True)"
    command = [sys.executable, "-c", program, "tests.support.local.toy_stack", str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        url = url_when_ready(process)
        process.send_signal(signal.SIGHUP)
        assert web.get(f"{url}/who").status_code == 200
        process.terminate()


def test_a_signal_while_it_starts_stops_everything(tmp_path: Path) -> None:
    with started("tests.support.local.toy_stack", str(tmp_path), "--slow") as process:
        read_when_there(tmp_path / "efs" / "preparing")
        running = children(process.pid)
        assert running
        process.terminate()
        assert process.communicate() == ("", "")
        assert process.returncode == 0
        assert all(gone(pid) for pid in running)


def test_everything_ends_when_it_is_killed(tmp_path: Path) -> None:
    with started("tests.support.local.toy_stack", str(tmp_path)) as process:
        web.post(f"{url_when_ready(process)}/insert/who")
        running = children(process.pid)
        assert len(running) == 3
        process.kill()
        until(lambda: all(gone(pid) for pid in running))


@pytest.mark.parametrize(("toy", "said"), [("sick", "was answered with 503"), ("fail", "failed: ValueError: .*")])
def test_a_stack_that_is_not_healthy_is_not_ready(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], own_children: Children, toy: str, said: str
) -> None:
    with pytest.raises(ConsoleError, match=f"^GET /query/health {said}$"):
        run(toy_stack(tmp_path, query=f"tests.support.local.toys.{toy}"))
    assert capfd.readouterr().out == ""
    assert own_children() == set()


def test_it_ends_and_says_so_when_the_emulator_has_ended(tmp_path: Path) -> None:
    with started("tests.support.local.toy_stack", str(tmp_path)) as process:
        url_when_ready(process)
        emulator = child_that_runs("console.local.emulator", process.pid)
        os.kill(emulator, signal.SIGKILL)
        _, said = process.communicate()
        assert process.returncode != 0
        assert "the emulator on http://127.0.0.1:" in said
        assert "has ended" in said
        assert gone(emulator)
