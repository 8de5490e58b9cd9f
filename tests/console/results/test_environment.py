from __future__ import annotations

import platform
import sys

import pytest

from console.client.client import Client
from console.errors import ConsoleError
from console.local.background import BackgroundStack
from console.results.environment import environment, is_local, read_function
from console.results.result import FunctionBuild
from handlers.telemetry.runtime import VERSION
from tests.support.local.faults import FaultyApi, answers


def test_the_function_says_what_it_is_and_this_machine_is_described(live: BackgroundStack) -> None:
    with Client(live.url) as client:
        found = environment(client)
    assert (found.url, found.is_local) == (live.url, True)
    assert found.function.version == VERSION
    assert found.function.python == platform.python_version()
    assert (found.client.python, found.client.version) == (platform.python_version(), VERSION)
    assert (found.function.region, found.function.memory_mb) == (None, None)
    assert sys.platform in found.client.system.lower()
    assert found.client.cpus > 0


@pytest.mark.parametrize(
    ("url", "local"), [("http://127.0.0.1:8787", True), ("http://localhost", True), ("https://api.test", False)]
)
def test_an_api_on_this_machine_is_local(url: str, local: bool) -> None:
    assert is_local(url) == local


def test_what_a_function_does_not_say_is_unknown() -> None:
    build = {"version": "1", "region": "eu-central-1", "memory_mb": 512, "architecture": 7, "colour": "red"}
    assert read_function(build) == FunctionBuild(version="1", region="eu-central-1", memory_mb=512)
    assert read_function({"memory_mb": "many"}) == FunctionBuild()


def test_elsewhere_a_function_has_a_region_and_memory(faulty: FaultyApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.results.environment.LOOPBACK", ())
    faulty.script.append(answers(200, {"build": {"region": "eu-west-1", "memory_mb": 512}}))
    with Client(faulty.url) as client:
        assert environment(client).function == FunctionBuild(region="eu-west-1", memory_mb=512)


def test_an_api_without_a_build_is_another_one(faulty: FaultyApi) -> None:
    faulty.script.append(answers(200, {"status": "ok"}))
    with Client(faulty.url) as client, pytest.raises(ConsoleError, match="unexpected answer: no build"):
        environment(client)
