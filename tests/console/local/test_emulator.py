from __future__ import annotations

import contextlib
import importlib
import io
import json
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from console.errors import ConsoleError
from console.local import emulator
from console.local.emulator import Emulator
from console.paths import ROOT
from tests.support.local.processes import Children, children, gone, until

pytestmark = pytest.mark.usefixtures("measured_children")
OWNER = """
import pathlib, sys
from console.local.emulator import Emulator
with Emulator(pathlib.Path(sys.argv[1])):
    print("up", flush=True)
    input()
"""


@pytest.fixture
def foreign_port() -> Iterator[int]:
    """A port on which something else listens that does not speak HTTP."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            while connection := server.accept()[0]:
                with connection, contextlib.suppress(ConnectionError):
                    connection.sendall(b"what?\r\n")
                    if connection.recv(1) == b"!":
                        return

        thread = threading.Thread(target=answer)
        thread.start()
        yield server.getsockname()[1]
        with socket.create_connection(server.getsockname()) as last:
            last.sendall(b"!")
        thread.join()


def test_dynamodb_answers_where_the_environment_points(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Emulator(tmp_path) as emulator:
        for name, value in emulator.environment.items():
            monkeypatch.setenv(name, value)
        boto3: Any = importlib.import_module("boto3")  # its own types are incomplete
        client = boto3.client("dynamodb")
        assert client.meta.endpoint_url == emulator.url
        assert client.list_tables()["TableNames"] == []
        client.close()


def test_it_keeps_its_files_in_its_folder_and_is_gone_afterwards(tmp_path: Path, own_children: Children) -> None:
    with Emulator(tmp_path / "new"):
        (pid,) = own_children()
        assert list((tmp_path / "new" / "tmp").glob("ministack-*.pid"))
    assert gone(pid)
    assert not list((tmp_path / "new" / "tmp").glob("ministack-*.pid"))


def test_every_start_is_an_empty_account_on_a_port_of_its_own(tmp_path: Path) -> None:
    with Emulator(tmp_path / "a") as one, Emulator(tmp_path / "b") as two:
        assert one.url != two.url


def test_its_port_is_nobody_elses_before_it_listens_there(tmp_path: Path) -> None:
    emulator = Emulator(tmp_path)
    port = int(emulator.url.rpartition(":")[2])
    with socket.socket() as other, pytest.raises(OSError, match="in use"):
        other.bind(("127.0.0.1", port))
    emulator.stop()


def test_where_a_port_cannot_be_held_it_starts_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.local.emulator.sys.platform", "darwin")
    with Emulator(tmp_path) as emulator:
        emulator.check()


def test_a_start_that_fails_says_what_the_emulator_said(
    tmp_path: Path, foreign_port: int, own_children: Children
) -> None:
    with pytest.raises(ConsoleError) as error, Emulator(tmp_path, port=foreign_port):
        pytest.fail("it must not start")
    assert f"the emulator on http://127.0.0.1:{foreign_port} ended before it answered: ERROR" in str(error.value)
    assert "already in use" in str(error.value)
    assert "\n" not in str(error.value)
    assert error.value.hint == f"cat {tmp_path / 'emulator.log'}"
    assert own_children() == set()


def test_a_start_that_takes_too_long_is_given_up(tmp_path: Path, own_children: Children) -> None:
    with pytest.raises(ConsoleError, match=r"did not answer within 0 s: it printed nothing$"):
        Emulator(tmp_path, start_timeout_s=0).__enter__()
    assert own_children() == set()


def test_it_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", OWNER, str(tmp_path)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "up\n"
        (emulator,) = children(parent.pid)
        parent.kill()
        until(lambda: gone(emulator))


def test_tables_are_saved_by_the_encoder_in_c(monkeypatch: pytest.MonkeyPatch) -> None:
    dumps: list[Callable[..., None]] = []

    def run_module(_: str, **__: str) -> None:
        dumps.append(json.dump)

    monkeypatch.setattr(json, "dump", json.dump)  # put back at the end
    monkeypatch.setattr("console.local.emulator._follow_parent", lambda: None)
    monkeypatch.setattr("runpy.run_module", run_module)
    emulator.main()
    monkeypatch.setattr("json.encoder._make_iterencode", None)  # the one in Python
    file = io.StringIO()
    dumps[0]({"a": {1}}, file, default=list)
    assert file.getvalue() == '{"a": [1]}'
