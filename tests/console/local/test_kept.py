"""The local stack's rows: kept over a clean stop, gone after a kill, and told at the start."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from console.client import target
from console.errors import ConsoleError
from console.local.emulator import Emulator
from console.paths import ROOT
from handlers.domain.bookmark import Bookmark
from handlers.settings import BOTH, SYNC
from tests.support.local import web
from tests.support.local.processes import child_that_runs, children, gone, until


class Serving(NamedTuple):
    """A `serve` that answers."""

    process: subprocess.Popen[str]
    found: str
    url: str

    def insert(self, count: int) -> str:
        """Append rows and publish them; returns the bookmark."""
        return web.post(f"{self.url}/insert", json={"count": count}).json()["bookmark"]

    def append(self) -> str:
        """Append a row and leave publishing to the projector; returns the bookmark."""
        return web.post(f"{self.url}/insert", headers={"prefer": "respond-async"}).json()["bookmark"]

    def has(self, bookmark: str) -> bool:
        """Wait a while for a bookmark; tells whether it came."""
        return web.get(f"{self.url}/sqlite-efs", headers={"min-bookmark": bookmark}).status_code == 200

    def data(self, path: str) -> Any:
        return web.get(f"{self.url}/{path}").json()["data"]

    def stop(self) -> str:
        """Stop it; returns what it said last."""
        self.process.terminate()
        _, said = self.process.communicate()
        assert self.process.returncode == 0
        assert said.startswith("for the other verbs: export LOCAL_DIR=")
        return said.splitlines()[-1]


@contextlib.contextmanager
def serving(folder: Path, projection: str = SYNC) -> Generator[Serving]:
    command = [sys.executable, "-m", "console", "serve", "--port", "0", "--local-dir", str(folder), "--sandboxes", "1"]
    command += ["--projection", projection]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdout=pipe, stderr=pipe, text=True) as process:
        assert process.stderr is not None
        assert process.stdout is not None
        yield Serving(process, process.stderr.readline().strip(), process.stdout.readline().split()[1])
        process.terminate()
        process.communicate()


@pytest.fixture
def own_children() -> None:
    """Whoever is killed here is not this process's child alone: each test looks for itself."""


def test_rows_outlive_a_clean_stop_and_the_next_start_says_how_many(tmp_path: Path) -> None:
    with serving(tmp_path) as first:
        assert first.found == "a new, empty ledger"
        bookmark = first.insert(30)
        rows = first.data("ddb")
        lines = map(json.loads, (tmp_path / "log.ndjson").read_text(encoding="utf-8").splitlines())
        assert [line["route"] for line in lines if "route" in line][-2:] == ["POST /insert", "GET /ddb"]
        assert first.stop() == "stopping: keeps 30 rows"
    with serving(tmp_path) as second:
        assert second.found == "30 rows of the last run"
        assert [second.data(path) for path in ("ddb", "sqlite-efs", "sqlite-tmp")] == [rows] * 3
        after = Bookmark.parse(second.insert(1))
        assert after == Bookmark(Bookmark.parse(bookmark).epoch, 31)


def test_what_was_only_appended_is_published_after_the_next_start_and_so_is_what_follows(tmp_path: Path) -> None:
    with serving(tmp_path, BOTH) as first:
        appended = first.append()
        first.stop()
    with serving(tmp_path, BOTH) as second:
        assert second.found == "1 row of the last run"
        for bookmark in (appended, second.append()):
            until(lambda asked=bookmark: second.has(asked))


@pytest.mark.usefixtures("measured_children")
def test_after_a_kill_the_ledger_is_new_and_says_so(tmp_path: Path) -> None:
    with serving(tmp_path) as first:
        first.insert(5)
        first.stop()
    with serving(tmp_path) as second:
        before = Bookmark.parse(second.insert(2))
        emulator = child_that_runs("console.local.emulator", second.process.pid)
        second.process.kill()
        until(lambda: gone(emulator))
    with serving(tmp_path) as third:
        assert third.found == "a new, empty ledger: the last run was killed, and its rows are gone"
        assert [third.data(path) for path in ("ddb", "sqlite-efs", "sqlite-tmp")] == [[]] * 3
        after = Bookmark.parse(third.insert(1))
        assert (after.epoch > before.epoch, after.seq) == (True, 1)
        assert third.stop() == "stopping: keeps 1 row"
    with serving(tmp_path) as fourth:
        assert fourth.found == "1 row of the last run"


@pytest.mark.usefixtures("measured_children")
def test_where_the_emulator_has_ended_nothing_is_said_to_be_kept(tmp_path: Path) -> None:
    with serving(tmp_path) as stack:
        os.kill(child_that_runs("console.local.emulator", stack.process.pid), signal.SIGKILL)
        _, said = stack.process.communicate()
        assert "stopping\n" in said
        assert "has ended" in said
        assert "keeps" not in said


def test_rows_of_another_shape_are_another_ledger(tmp_path: Path) -> None:
    (tmp_path / "table-0.json").write_text("rows that this data model cannot read")
    with serving(tmp_path) as stack:
        assert stack.found == "a new, empty ledger"


def test_the_address_of_a_stack_lies_in_its_folder_while_it_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOCAL_DIR", str(tmp_path))
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.delenv("API_URL", raising=False)
    with serving(tmp_path) as stack:
        assert target.api_url("") == stack.url
        stack.stop()
        assert not (tmp_path / "url").exists()
        (tmp_path / "url").write_text(f"{stack.url}\n")  # as one that was killed leaves it
        said = f"the local stack does not answer any more at {stack.url}, the address in {tmp_path}/url"
        with pytest.raises(ConsoleError, match=re.escape(said)) as error:
            target.api_url("")
        assert "make serve" in error.value.hint


# The emulator's file


def tables(emulator: Emulator) -> list[str]:
    asked = {"x-amz-target": "DynamoDB_20120810.ListTables"}
    return web.post(emulator.url, headers=asked, json={}).json()["TableNames"]


def make_table(emulator: Emulator) -> None:
    asked = {"x-amz-target": "DynamoDB_20120810.CreateTable"}
    key = {"AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}]}
    key["KeySchema"] = [{"AttributeName": "pk", "KeyType": "HASH"}]
    body = {"TableName": "kept", "BillingMode": "PAY_PER_REQUEST", **key}
    assert web.post(emulator.url, headers=asked, json=body).status_code == 200


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """The file with the tables of an emulator that was stopped."""
    with Emulator(tmp_path / "first", kept=tmp_path / "table.json") as emulator:
        make_table(emulator)
    return tmp_path / "table.json"


def test_a_stopped_emulators_tables_are_there_again_once(kept: Path, tmp_path: Path) -> None:
    with Emulator(tmp_path / "second", kept=kept) as emulator:
        assert tables(emulator) == ["kept"]
        assert kept.read_bytes() == b""
    with Emulator(tmp_path / "third", kept=kept) as emulator:
        assert tables(emulator) == ["kept"]


def test_a_killed_emulator_keeps_nothing(kept: Path, tmp_path: Path) -> None:
    before = children()  # those of other tests among them
    emulator = Emulator(tmp_path / "second", kept=kept)
    emulator.wait()
    (pid,) = children() - before
    os.kill(pid, signal.SIGKILL)
    emulator.stop()
    assert kept.read_bytes() == b""
    with Emulator(tmp_path / "third", kept=kept) as third:
        assert tables(third) == []


def test_a_start_that_fails_loses_nothing(kept: Path, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        emulator = Emulator(tmp_path / "second", port=other.getsockname()[1], kept=kept)
        with pytest.raises(ConsoleError, match="ended before it answered"):
            emulator.__enter__()
    with Emulator(tmp_path / "third", kept=kept) as emulator:
        assert tables(emulator) == ["kept"]


def test_an_emulator_that_keeps_nothing_leaves_none(tmp_path: Path) -> None:
    with Emulator(tmp_path) as emulator:
        make_table(emulator)
    assert list(tmp_path.rglob("dynamodb.json")) == []
