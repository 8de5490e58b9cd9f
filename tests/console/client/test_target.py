from __future__ import annotations

import socket
from pathlib import Path

import pytest

from console.client import target
from console.errors import ConsoleError


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("API_URL", raising=False)
    monkeypatch.delenv("PORT", raising=False)
    monkeypatch.setenv("LOCAL_DIR", str(tmp_path / "local"))
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")


def pulumi(folder: Path, script: str) -> None:
    path = folder / "pulumi"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def test_the_url_given_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_URL", "http://environment")
    assert target.api_url("http://given") == "http://given"
    assert target.api_url("") == "http://environment"


def test_then_the_stacks_output(tmp_path: Path) -> None:
    pulumi(tmp_path, 'test "$*" = "stack output api_url --non-interactive" && echo https://stack')
    assert target.api_url("") == "https://stack"


@pytest.mark.parametrize("script", ["echo https://wrong; exit 1", "exec sleep 30", "true"])
def test_else_the_local_stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    monkeypatch.setattr(target, "PULUMI_TIMEOUT_S", 0.3)
    assert target.api_url("") == "http://127.0.0.1:8787"
    pulumi(tmp_path, script)
    assert target.api_url("") == "http://127.0.0.1:8787"


def test_a_pulumi_that_cannot_run_is_as_none(tmp_path: Path) -> None:
    (tmp_path / "pulumi").write_bytes(b"\x7fELF")
    (tmp_path / "pulumi").chmod(0o755)
    assert target.api_url("") == "http://127.0.0.1:8787"


def left(tmp_path: Path, text: str) -> None:
    (tmp_path / "local").mkdir()
    (tmp_path / "local" / "url").write_text(text)


def test_the_address_that_a_running_stack_left_comes_before_the_port(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORT", "9000")
    assert target.api_url("") == "http://127.0.0.1:9000"
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        left(tmp_path, f"{url}\n")
        assert target.api_url("") == url
        pulumi(tmp_path, "echo https://stack")
        assert target.api_url("") == "https://stack"


@pytest.mark.parametrize("text", ["", "nonsense", "http://127.0.0.1:99999", "http://127.0.0.1:1\n"])
def test_an_address_where_nobody_answers_says_whose_it_was(tmp_path: Path, text: str) -> None:
    left(tmp_path, text)
    with pytest.raises(ConsoleError, match="the local stack does not answer any more") as error:
        target.api_url("")
    assert str(tmp_path / "local" / "url") in str(error.value)
    assert "make serve" in error.value.hint
    assert "set LOCAL_DIR" in error.value.hint
    assert target.api_url("http://given") == "http://given"
