"""What a drill says where a way back does not lead back: with a stack that answers as told."""

from __future__ import annotations

import contextlib
from collections.abc import Generator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from console.client.client import Client
from console.errors import INTERRUPTED, ConsoleError
from console.paths import PROGRAM
from console.recovery import disasters
from console.recovery.clocked import Clocked
from console.recovery.drilled_stack import DrilledStack
from console.terminal import Steps, messages
from handlers.domain.bookmark import Bookmark

NEWEST = Bookmark(7, 3)


class ScriptedStack(DrilledStack):
    """Has three rows, and gives these answers, one after another."""

    def __init__(self, folder: Path, *answers: httpx.Response) -> None:
        self._answers = list(answers)
        client = Client("http://127.0.0.1:1")
        client.once = client.post = self._next  # pyright: ignore[reportAttributeAccessIssue] - answers as told
        local: Any = SimpleNamespace(environment={"EFS_DIR": str(folder), "TABLE_NAME": "rows"}, recycle=lambda: None)
        super().__init__(local, client, Clocked(Steps(messages())))

    def insert(self, what: str, count: int) -> Bookmark:
        return NEWEST

    def _next(self, *_: Any) -> httpx.Response:
        return self._answers.pop(0)


def answer(status: int, headers: dict[str, str] | None = None, **members: object) -> httpx.Response:
    request = httpx.Request("GET", "http://127.0.0.1:1/")
    return httpx.Response(status, headers=headers, json=members, request=request)


def test_an_insert_that_is_cut_short_is_begun_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def cut_short(*_: object) -> None:
        raise ConsoleError("interrupted; 7 rows are in", "--start 8", INTERRUPTED)

    monkeypatch.setattr("console.recovery.drilled_stack.load", cut_short)
    with pytest.raises(ConsoleError, match="7 rows are in") as raised:
        DrilledStack.insert(ScriptedStack(tmp_path), "insert rows", 20)
    assert (raised.value.hint, raised.value.code) == (f"{PROGRAM} drill", INTERRUPTED)


def test_a_reader_that_answers_otherwise_than_it_has_to(tmp_path: Path) -> None:
    with pytest.raises(ConsoleError, match="500, not 200"):
        disasters.lost_files(ScriptedStack(tmp_path, answer(500)), 3)


def test_a_reader_that_does_not_say_when_to_come_again(tmp_path: Path) -> None:
    with pytest.raises(ConsoleError, match="503 without Retry-After"):
        disasters.lost_files(ScriptedStack(tmp_path, answer(200), answer(503)), 3)


def test_a_publish_that_is_not_all_of_it(tmp_path: Path) -> None:
    later = {"retry-after": "1"}
    published = answer(201, snapshot={"bookmark": "7.2"})
    stack = ScriptedStack(tmp_path, answer(200), answer(503, later), answer(503, later), published)
    with pytest.raises(ConsoleError, match=r"7\.2 was published, not 7\.3"):
        disasters.lost_files(stack, 3)


def test_a_damage_that_nobody_notices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def made(**_: object) -> dict[str, dict[str, str]]:
        return {"BackupDetails": {"BackupArn": "arn"}}

    @contextlib.contextmanager
    def opened(_: object) -> Generator[Any]:
        client = SimpleNamespace(delete_item=made, create_backup=made)
        yield SimpleNamespace(client=client, ledger=SimpleNamespace(table_name="rows"))

    monkeypatch.setattr("console.recovery.disasters.open_store", opened)
    monkeypatch.setattr("console.recovery.disasters.in_this_process", opened)
    monkeypatch.setattr("console.recovery.disasters.look_inside", lambda *_: {"is_right": True})  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]
    with pytest.raises(ConsoleError, match="verification found nothing"):
        disasters.damaged_table(ScriptedStack(tmp_path), 3)
