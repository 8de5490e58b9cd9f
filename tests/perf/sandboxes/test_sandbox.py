"""The Runtime API gives events to a runtime client and takes its answers; what goes wrong is told."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator
from pathlib import Path

import pytest

from tests.perf.sandboxes.sandbox import Sandbox, SandboxFailed

CLIENT = """if True:
    import http.client, os
    api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    def ask(method, path, body=None):
        api.request(method, "/2018-06-01/runtime/" + path, body)
        answer = api.getresponse()
        return answer.headers, answer.read()
"""
ECHO = """
    while True:
        headers, event = ask("GET", "invocation/next")
        ask("POST", "invocation/" + headers["Lambda-Runtime-Aws-Request-Id"] + "/response", event)
"""
BROKEN = """
    ask("POST", "init/error", "no such handler")
"""
DEAD = """
    raise SystemExit("it has ended")
"""

Start = Callable[[str], Sandbox]


@pytest.fixture
def start(tmp_path: Path) -> Generator[Start]:
    started: list[Sandbox] = []

    def start(program: str) -> Sandbox:
        sandbox = Sandbox([sys.executable, "-c", CLIENT + program], tmp_path, {}, tmp_path / "log", set())
        started.append(sandbox)
        return sandbox

    yield start
    for sandbox in started:
        sandbox.close()


def test_every_event_gets_its_answer(start: Start) -> None:
    sandbox = start(ECHO)
    assert sandbox.start() > 0
    for number in range(3):
        assert sandbox.ask(b'{"number": %d}' % number) == {"number": number}
    large = b'"' + b"x" * 1_000_000 + b'"'
    spent_us, answer = sandbox.invoke(large)
    assert spent_us > 0
    assert answer == large


def test_an_error_of_the_runtime_client_is_told(start: Start) -> None:
    with pytest.raises(SandboxFailed, match="init/error: no such handler"):
        start(BROKEN).start()


def test_a_process_that_ends_says_what_it_printed(start: Start) -> None:
    with pytest.raises(SandboxFailed, match="it has ended"):
        start(DEAD).start()
