"""The local stack whose projector publishes, driven by the emulator's own stream."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from console.local.background import BackgroundStack
from console.local.project import project_stack
from handlers.settings import STREAM
from tests.console.conftest import RunConsole
from tests.support.api import SOURCES
from tests.support.local import web
from tests.support.local.processes import children, until


@pytest.fixture(scope="module")
def projecting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BackgroundStack]:
    before = children()
    folder = tmp_path_factory.mktemp("projecting")
    with BackgroundStack(project_stack(folder, sandboxes=1, check_interval_ms=0, projection=STREAM)) as stack:
        yield stack
    assert children() <= before


@pytest.fixture
def own_children() -> None:
    """The module's stack starts sandboxes when it has to: its fixture looks, in place of the usual one."""


def shown(stack: BackgroundStack, path: str, bookmark: str) -> httpx.Response:
    """The newest row on a path, as soon as that holds a bookmark: each request waits for it."""
    answers: list[httpx.Response] = []

    def is_there() -> bool:
        answers.append(web.get(stack.url + path, params={"limit": "1"}, headers={"min-bookmark": bookmark}))
        return answers[-1].status_code == 200

    until(is_there)
    return answers[-1]


def test_what_is_appended_past_the_api_and_not_published_becomes_visible(
    projecting: BackgroundStack, run_console: RunConsole, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in projecting.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("EFS_DIR")
    ran = run_console("seed", "--direct", "--count", "250", "--seed", "7")
    assert ran.code == 0
    assert "not published" in ran.out
    bookmark = web.get(f"{projecting.url}/command/health").json()["bookmark"]
    assert bookmark.endswith(".250")
    newest = [shown(projecting, path, bookmark).json()["data"] for path in SOURCES]
    assert newest == [newest[0]] * 3


def test_an_insert_answers_at_once_and_its_row_becomes_visible(projecting: BackgroundStack) -> None:
    inserted = web.post(f"{projecting.url}/insert")
    assert (inserted.status_code, inserted.json()["snapshot"]) == (202, None)
    page = shown(projecting, "/sqlite-efs", inserted.json()["bookmark"]).json()
    assert page["data"][0]["id"] == inserted.json()["ids"][0]


def test_maintenance_runs_when_the_stack_has_started(projecting: BackgroundStack) -> None:
    until(lambda: web.get(f"{projecting.url}/command/health").json()["verified"]["quick"])
