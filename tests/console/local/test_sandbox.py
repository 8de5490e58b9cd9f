from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from console.local.process import spawn
from console.local.sandbox import LENGTH
from tests.support.local.processes import gone, read_when_there, until

pytestmark = pytest.mark.usefixtures("measured_children")
ENVIRON = {
    "AWS_LAMBDA_FUNCTION_NAME": "query",
    "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
    "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/query",
    "AWS_LAMBDA_LOG_STREAM_NAME": "local",
    "AWS_REGION": "eu-central-1",
}


class Parent:
    """The other end of a sandbox's socket."""

    def __init__(self, channel: socket.socket, process: subprocess.Popen[bytes]) -> None:
        self.channel = channel
        self.process = process
        self._answers = channel.makefile("rb")

    def send(self, event: dict[str, object], deadline_ms: int = 0) -> None:
        request = json.dumps({"event": event, "request_id": "id-1", "deadline_ms": deadline_ms}).encode()
        self.channel.sendall(LENGTH.pack(len(request)) + request)

    def receive(self) -> dict[str, Any]:
        (length,) = LENGTH.unpack(self._answers.read(LENGTH.size))
        return json.loads(self._answers.read(length))

    def call(self, do: str, deadline_ms: int = 0) -> dict[str, Any]:
        self.send({"do": do}, deadline_ms)
        return self.receive()

    def hang_up(self) -> None:
        self._answers.close()
        self.channel.close()


@contextlib.contextmanager
def sandbox(output: Path, handler: str = "tests.support.local.toys.handler") -> Generator[Parent]:
    ours, theirs = socket.socketpair()
    with output.open("wb") as log, ours:
        with theirs:
            process = spawn(
                "console.local.sandbox", handler, environ=ENVIRON, stdin=theirs.fileno(), output=log.fileno()
            )
        with process:
            parent = Parent(ours, process)
            yield parent
            parent.hang_up()


def test_one_process_answers_one_request_after_another(tmp_path: Path) -> None:
    with sandbox(tmp_path / "log") as parent:
        for value in ("a", {"b": [1, None, "ü"]}, 2.5):
            parent.send({"do": "echo", "value": value})
            assert parent.receive() == {"result": value}
        parent.send({"do": "echo", "value": 1})
        parent.send({"do": "echo", "value": 2})
        assert [parent.receive()["result"], parent.receive()["result"]] == [1, 2]


def test_the_context_has_lambdas_names(tmp_path: Path) -> None:
    with sandbox(tmp_path / "log") as parent:
        context = parent.call("context", deadline_ms=time.time_ns() // 1_000_000 + 600_000)["result"]
        assert 0 < context.pop("remaining_ms") <= 600_000
        assert context == {
            "aws_request_id": "id-1",
            "function_name": "query",
            "function_version": "$LATEST",
            "memory_limit_in_mb": "512",
            "log_group_name": "/aws/lambda/query",
            "log_stream_name": "local",
            "invoked_function_arn": "arn:aws:lambda:eu-central-1:000000000000:function:query",
        }
        assert parent.call("context", deadline_ms=1)["result"]["remaining_ms"] == 0


def test_an_exception_is_described_and_the_next_request_works(tmp_path: Path) -> None:
    with sandbox(tmp_path / "log") as parent:
        error = parent.call("fail")["error"]
        assert (error["errorType"], error["errorMessage"]) == ("ValueError", "secret: wrong")
        assert any("in fail" in line for line in error["stackTrace"])
        assert parent.call("echo") == {"result": {"do": "echo"}}
    assert "id-1 failed\nTraceback" in (tmp_path / "log").read_text()


def test_an_answer_that_is_not_json_is_an_error(tmp_path: Path) -> None:
    with sandbox(tmp_path / "log") as parent:
        assert parent.call("unserialisable")["error"]["errorType"] == "TypeError"


def test_prints_stay_out_of_the_answers_and_the_handler_reads_an_empty_input(tmp_path: Path) -> None:
    with sandbox(tmp_path / "log") as parent:
        assert parent.call("chatter") == {"result": ""}
        assert (tmp_path / "log").read_text() == "a line from the handler\n"


def test_the_callers_environment_stays_outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    with sandbox(tmp_path / "log") as parent:
        environ = parent.call("environ")["result"]
    assert environ["PATH"] == os.environ["PATH"]
    assert "AWS_PROFILE" not in environ
    assert environ["AWS_REGION"] == "eu-central-1"


def test_a_handler_that_cannot_be_loaded_ends_the_process_and_says_why(tmp_path: Path) -> None:
    with sandbox(tmp_path / "log", "tests.support.local.toys.missing") as parent:
        assert parent.process.wait() == 1
    assert "has no attribute 'missing'" in (tmp_path / "log").read_text()


def test_it_ends_with_its_input_while_idle(tmp_path: Path) -> None:
    with sandbox(tmp_path / "log") as parent:
        parent.call("echo")
        parent.hang_up()
        parent.process.wait()


def test_it_ends_with_its_input_while_the_handler_hangs(tmp_path: Path) -> None:
    with sandbox(tmp_path / "log") as parent:
        parent.send({"do": "hang", "tell": str(tmp_path / "pid")})
        pid = int(read_when_there(tmp_path / "pid"))
        parent.hang_up()
        until(lambda: gone(pid))
