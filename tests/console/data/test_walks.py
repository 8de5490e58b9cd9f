from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.client.client import Client
from console.client.snapshots import newest_snapshot
from console.data.verification import verify_paths
from console.errors import ConsoleError
from console.local.background import BackgroundStack
from handlers.routes import SOURCES
from tests.console.conftest import RunConsole
from tests.support.drafts import items
from tests.support.local import web
from tests.support.local.faults import FaultyApi, answers, passes

ROWS = 2500


@pytest.fixture(scope="module")
def loaded(live: BackgroundStack) -> BackgroundStack:
    for count in (1000, 1000, ROWS - 2000):
        web.post(f"{live.url}/insert", json={"items": items(count)})
    return live


@pytest.fixture
def api(loaded: BackgroundStack) -> Iterator[FaultyApi]:
    with FaultyApi(loaded.url) as api:
        yield api


def stays(_: Path, *, missing_ok: bool) -> None:
    assert missing_ok


def pages(api: FaultyApi) -> list[str]:
    return [path.split("?")[0][1:] for _, path, _ in api.seen if "as_of" in path]


def test_a_verification_that_was_cut_short_goes_on_where_it_stopped(
    api: FaultyApi, run_console: RunConsole, tmp_path: Path
) -> None:
    state = tmp_path / "state"
    api.script.extend([*[passes] * 7, answers(500)])
    assert run_console("verify", "--url", api.url, "--state", str(state)).code == 1
    kept = json.loads(state.read_text())
    assert {source: walk["rows"] for source, walk in kept["walks"].items()} == dict.fromkeys(SOURCES, 1000)
    api.seen.clear()
    web.post(f"{api.upstream}/insert", json={"count": 1})  # what is newer is for the next verification
    ran = run_console("verify", "--url", api.url, "--state", str(state), "--json")
    result = json.loads(ran.out)
    assert [(check["rows"], check["is_right"]) for check in result["paths"]] == [(ROWS, True)] * len(SOURCES)
    assert result["bookmark"] == kept["of"]["bookmark"]
    assert pages(api) == [*SOURCES] * 2
    assert not state.exists()


def test_a_difference_is_remembered(api: FaultyApi, tmp_path: Path) -> None:
    state = tmp_path / "state"
    with Client(api.url) as client:
        published = newest_snapshot(client)

        def change(text: str) -> str:
            return text.replace('"id":"0', '"id":"1', 1)

        api.script.extend([lambda exchange: exchange.forward(change), passes, passes, answers(500)])
        with pytest.raises(ConsoleError):
            verify_paths(client, published, lambda _: None, state)
        found = verify_paths(client, published, lambda _: None, state)
    assert [(check.is_right, check.first_difference) for check in found.paths] == [
        (False, 1),
        (True, None),
        (True, None),
    ]


def test_a_state_at_the_end_has_nothing_left_to_read(
    api: FaultyApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = tmp_path / "state"
    with Client(api.url) as client:
        published = newest_snapshot(client)
        with monkeypatch.context() as patch:
            patch.setattr(Path, "unlink", stays)  # cut short just before
            verify_paths(client, published, lambda _: None, state)
        api.seen.clear()
        advanced: list[int] = []
        found = verify_paths(client, published, advanced.append, state)
    assert found.is_right
    assert pages(api) == []
    assert advanced == [published.bookmark.seq] * len(SOURCES)
    assert not state.exists()


def test_the_state_of_another_api_or_snapshot_is_left_alone(
    api: FaultyApi, loaded: BackgroundStack, run_console: RunConsole, tmp_path: Path
) -> None:
    state = tmp_path / "state"
    api.script.extend([*[passes] * 7, answers(500)])
    assert run_console("verify", "--url", api.url, "--state", str(state)).code == 1
    assert json.loads(run_console("verify", "--url", loaded.url, "--state", str(state), "--json").out)["is_right"]


@pytest.mark.parametrize(
    ("content", "said"), [("{", "cannot be read"), ("{}", "is no state of a verification"), ("[]", "is no state")]
)
def test_a_file_that_is_no_state_is_told(
    api: FaultyApi, run_console: RunConsole, tmp_path: Path, content: str, said: str
) -> None:
    state = tmp_path / "state"
    state.write_text(content)
    ran = run_console("verify", "--url", api.url, "--state", str(state))
    assert ran.code == 1
    assert f"--state {state} {said}" in ran.err


def test_a_state_that_cannot_be_written_is_told(api: FaultyApi, run_console: RunConsole, tmp_path: Path) -> None:
    ran = run_console("verify", "--url", api.url, "--state", str(tmp_path / "no" / "state"))
    assert ran.code == 1
    assert "cannot be written" in ran.err
