from __future__ import annotations

import asyncio
import contextlib
import logging
import queue
import signal
import socket
import threading
from collections.abc import Mapping
from pathlib import Path

import httpx
import pytest

from console.errors import ConsoleError
from console.local.account.entrance import Entrance
from console.local.background import BackgroundStack
from console.local.gateway import Invoke
from console.local.process import HOST
from console.local.project import run
from console.local.stack import Caller, LocalStack, listen, serving
from tests.support.local import web
from tests.support.local.processes import Children, read_when_there
from tests.support.local.toy_stack import slow_preparation, toy_stack


def refused(url: str) -> bool:
    try:
        web.get(url)
    except httpx.ConnectError:
        return True
    return False


def port_of(stack: BackgroundStack) -> int:
    return int(stack.url.rpartition(":")[2])


def unwanted(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What was logged that a person cannot do anything about."""
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]


def test_nothing_is_left_after_stop(tmp_path: Path, own_children: Children) -> None:
    stack = BackgroundStack(toy_stack(tmp_path)).start()
    web.get(f"{stack.url}/who")
    assert len(own_children()) == 2
    stack.stop()
    stack.stop()
    assert own_children() == set()
    assert refused(stack.url)
    assert list((tmp_path / "tmp").iterdir()) == []


def test_stop_ends_a_request_that_hangs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, own_children: Children
) -> None:
    monkeypatch.setattr("console.local.stack.DRAIN_S", 0)
    stack = BackgroundStack(toy_stack(tmp_path)).start()
    answers: list[int] = []

    def hang() -> None:
        hanging = web.get(f"{stack.url}/hang", params={"tell": str(tmp_path / "pid")})
        answers.append(hanging.status_code)

    request = threading.Thread(target=hang)
    request.start()
    read_when_there(tmp_path / "pid")
    stack.stop()
    request.join()
    assert answers == [500]
    assert own_children() == set()
    assert unwanted(caplog) == []


def test_stop_leaves_a_client_that_never_sends_the_rest_of_its_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("console.local.stack.DRAIN_S", 0)
    monkeypatch.setattr("console.local.stack.STALL_S", 0)
    with BackgroundStack(toy_stack(tmp_path)) as stack, socket.create_connection((HOST, port_of(stack))) as client:
        client.sendall(b"POST /who HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 9\r\n\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 100 ")  # the gateway waits for the body
        stack.stop()
        with contextlib.suppress(ConnectionResetError):
            assert client.recv(100) == b""
    assert unwanted(caplog) == []


def test_what_a_caller_serves_ends_with_the_function_that_it_waits_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, own_children: Children
) -> None:
    monkeypatch.setattr("console.local.stack.DRAIN_S", 0)
    urls: queue.Queue[str] = queue.Queue()
    answers: list[int] = []

    async def opens(_: Mapping[str, str], invokes: Mapping[str, Invoke]) -> None:
        with listen(0) as listener:
            async with serving(Entrance(invokes), listener, is_logged=False):
                urls.put(f"http://{HOST}:{listener.getsockname()[1]}/query")
                await asyncio.Event().wait()

    def enter() -> None:
        event = {"rawPath": "/hang", "queryStringParameters": {"tell": str(tmp_path / "pid")}}
        answers.append(web.post(urls.get(), json=event).status_code)

    entering = threading.Thread(target=enter)
    with BackgroundStack(toy_stack(tmp_path, callers=(opens,))):
        entering.start()
        read_when_there(tmp_path / "pid")
    entering.join()
    assert answers == [500]
    assert own_children() == set()
    assert unwanted(caplog) == []


def test_the_table_is_there_when_the_stack_closes_and_the_functions_are_gone(
    tmp_path: Path, own_children: Children
) -> None:
    left: list[int] = []

    def close(environ: Mapping[str, str]) -> None:
        web.post(environ["AWS_ENDPOINT_URL"], headers={"x-amz-target": "DynamoDB_20120810.ListTables"}, json={})
        left.append(len(own_children()))

    with BackgroundStack(toy_stack(tmp_path, closing=close)) as stack:
        web.get(f"{stack.url}/who")
        assert len(own_children()) == 2
    assert left == [1]


def test_what_an_earlier_stack_published_stays_and_its_temporary_files_go(tmp_path: Path) -> None:
    for name in ("efs", "tmp", "emulator"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "old").touch()
    with BackgroundStack(toy_stack(tmp_path)):
        assert (tmp_path / "efs" / "old").exists()
        assert not (tmp_path / "tmp" / "old").exists()
        assert not (tmp_path / "emulator" / "old").exists()


def test_the_table_is_prepared_before_the_first_request(tmp_path: Path) -> None:
    prepared: list[Mapping[str, str]] = []
    with BackgroundStack(toy_stack(tmp_path, prepare=prepared.append)) as stack:
        assert prepared == [stack.environment]
        endpoint = stack.environment["AWS_ENDPOINT_URL"]
        assert web.post(endpoint, headers={"x-amz-target": "DynamoDB_20120810.ListTables"}, json={}).json() == {
            "TableNames": []
        }


def test_a_start_that_fails_half_way_leaves_nothing(tmp_path: Path, own_children: Children) -> None:
    def fail(_: Mapping[str, str]) -> None:
        assert len(own_children()) == 1
        raise ConsoleError("no table", "none")

    stack = BackgroundStack(toy_stack(tmp_path, prepare=fail))
    with pytest.raises(ConsoleError, match=r"^no table$"):
        stack.start()
    assert own_children() == set()
    assert refused(stack.url)
    stack.stop()
    with BackgroundStack(toy_stack(tmp_path)) as again:
        assert web.get(f"{again.url}/health").status_code == 200


def test_an_interrupted_start_leaves_nothing(tmp_path: Path, own_children: Children) -> None:
    def interrupt(environ: Mapping[str, str]) -> None:
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        slow_preparation(environ)

    with pytest.raises(KeyboardInterrupt):
        BackgroundStack(toy_stack(tmp_path, prepare=interrupt)).start()
    assert own_children() == set()


def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConsoleError, match=rf"^cannot use {tmp_path}/file: Not a directory$") as error:
        BackgroundStack(toy_stack(tmp_path / "file")).start()
    assert "--local-dir" in error.value.hint


# Callers


async def waits(_: Mapping[str, str], __: Mapping[str, Invoke]) -> None:
    await asyncio.Event().wait()


async def ends(_: Mapping[str, str], __: Mapping[str, Invoke]) -> None:
    """Nothing is left to do."""


async def fails(environ: Mapping[str, str], invokes: Mapping[str, Invoke]) -> None:
    assert "TABLE_NAME" in environ
    raise KeyError(f"a defect of what calls {', '.join(invokes)}")


def test_a_caller_that_ends_with_an_error_ends_the_stack(tmp_path: Path, own_children: Children) -> None:
    with pytest.raises(KeyError, match="a defect of what calls command, query"):
        run(toy_stack(tmp_path, callers=(waits, ends, fails)))
    assert own_children() == set()


def test_callers_end_with_the_stack(tmp_path: Path) -> None:
    ended: list[str] = []

    async def notes(_: Mapping[str, str], invokes: Mapping[str, Invoke]) -> None:
        try:
            await invokes["query"]({"rawPath": "/who"})
            await asyncio.Event().wait()
        finally:
            ended.append("ended")

    with BackgroundStack(toy_stack(tmp_path, callers=(notes, waits))) as stack:
        assert web.get(f"{stack.url}/who").status_code == 200
        assert ended == []
    assert ended == ["ended"]


# Services and openings


class ToyService:
    """Notes what happens to it."""

    def __init__(self, folder: Path) -> None:
        assert (folder / "emulator").is_dir()
        self.life = ["started"]

    def wait(self) -> Mapping[str, str]:
        self.life.append("ready")
        return {"SERVICE_URL": "toy://"}

    def check(self) -> None:
        if self.life[-1] == "ended":
            raise ConsoleError("the toy has ended", "none")

    def stop(self) -> None:
        self.life.append("stopped")


def with_toy(folder: Path, opening: Caller) -> tuple[list[ToyService], LocalStack]:
    started: list[ToyService] = []

    def serve(place: Path) -> ToyService:
        started.append(ToyService(place))
        return started[-1]

    return started, toy_stack(folder, services=(serve,), opening=(opening,))


def test_a_service_is_ready_before_the_functions_and_ends_after_them(tmp_path: Path, own_children: Children) -> None:
    opened: list[str] = []

    async def opens(environ: Mapping[str, str], invokes: Mapping[str, Invoke]) -> None:
        opened.append(environ["SERVICE_URL"])
        await invokes["query"]({"rawPath": "/who"})
        opened.append(str(len(own_children())))

    started, stack = with_toy(tmp_path, opens)
    with BackgroundStack(stack) as running:
        assert opened == ["toy://", "2"]
        assert running.environment["SERVICE_URL"] == "toy://"
        assert started[0].life == ["started", "ready"]
    assert started[0].life == ["started", "ready", "stopped"]


def test_an_opening_that_fails_leaves_nothing(tmp_path: Path, own_children: Children) -> None:
    started, stack = with_toy(tmp_path, fails)
    with pytest.raises(KeyError, match="a defect"):
        BackgroundStack(stack).start()
    assert own_children() == set()
    assert started[0].life == ["started", "ready", "stopped"]


def test_a_service_that_ends_ends_the_stack(tmp_path: Path, own_children: Children) -> None:
    async def cut(_: Mapping[str, str], __: Mapping[str, Invoke]) -> None:
        started[0].life.append("ended")

    started, stack = with_toy(tmp_path, cut)
    with pytest.raises(ConsoleError, match=r"^the toy has ended$"):
        run(stack)
    assert own_children() == set()
    assert started[0].life[-1] == "stopped"
