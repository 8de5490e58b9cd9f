"""The emulator's own stream, and who it calls: with batches in order, and again where they fail."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import pytest
from botocore.exceptions import EndpointConnectionError

from console.local import stream
from console.local.background import BackgroundStack
from console.local.emulator import Emulator
from console.local.function import FunctionFailed, FunctionTimedOut
from console.local.project import project_stack
from console.local.stream import BATCH_RECORDS, MOST_ATTEMPTS, Record, Shard, batches, deliver, follow, number_of
from handlers.domain.bookmark import Bookmark
from handlers.ledger.head import Head
from handlers.ledger.ledger import Ledger
from handlers.ledger.stream import head_of
from handlers.settings import STREAM
from tests.console.conftest import RunConsole
from tests.support.api import SOURCES, failed, record
from tests.support.files import make_rows
from tests.support.local import web
from tests.support.local.processes import children, until
from tests.support.meddling import EPOCH, put_rows, set_head


@pytest.fixture
def environ(emulator: Emulator, ledger: Ledger) -> Mapping[str, str]:
    return {**emulator.environment, "TABLE_NAME": ledger.table_name}


def move_to(ledger: Ledger, *seqs: int) -> None:
    for seq in seqs:
        set_head(ledger, Head(EPOCH, seq, seq, Head.new(EPOCH).stats, ((1, EPOCH),)))


def seqs_of(records: list[Record]) -> list[int]:
    """To where each record says that the head has moved."""
    moved = [head_of(record) for record in records]
    assert all(moved)
    return [bookmark.seq for bookmark in moved if bookmark]


# Reading


def test_the_records_of_the_head_come_once_and_as_lambda_gives_them(environ: Mapping[str, str], ledger: Ledger) -> None:
    put_rows(ledger, make_rows(3))
    shard = Shard(environ)
    (first,) = shard.read()
    assert isinstance(first["dynamodb"]["ApproximateCreationDateTime"], int | float)
    assert head_of(first) == Bookmark(EPOCH, 3)
    assert shard.read() == []
    move_to(ledger, 4, 5)
    assert seqs_of(shard.read()) == [4, 5]


def test_a_stream_that_cannot_be_read_now_is_read_on_where_it_was(
    environ: Mapping[str, str], ledger: Ledger, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    move_to(ledger, 1, 2)
    shard = Shard(environ)
    assert seqs_of(shard.read()) == [1, 2]
    move_to(ledger, 3)

    def away(**_: object) -> None:
        raise EndpointConnectionError(endpoint_url="http://127.0.0.1:1")

    with monkeypatch.context() as patch:
        patch.setattr(shard._client, "get_records", away)  # pyright: ignore[reportPrivateUsage]
        assert shard.read() == []
    assert "the stream cannot be read now" in caplog.text
    assert seqs_of(shard.read()) == [3]


def test_a_place_that_the_stream_has_forgotten_is_found_again(
    environ: Mapping[str, str], ledger: Ledger, caplog: pytest.LogCaptureFixture
) -> None:
    move_to(ledger, 1, 2)
    shard = Shard(environ)
    shard.read()
    move_to(ledger, 3)
    shard._place = "forgotten"  # pyright: ignore[reportPrivateUsage] - as after 15 minutes of sleep
    assert shard.read() == []
    assert "ShardIterator is not valid" in caplog.text
    assert seqs_of(shard.read()) == [3]


@pytest.mark.parametrize(("count", "sizes"), [(0, []), (1, [1]), (100, [100]), (101, [100, 1]), (250, [100, 100, 50])])
def test_a_batch_has_so_many_records_at_most(count: int, sizes: list[int]) -> None:
    records: list[Record] = [{"number": number} for number in range(count)]
    made = list(batches(records))
    assert [len(batch) for batch in made] == sizes
    assert [record for batch in made for record in batch] == records
    assert BATCH_RECORDS == 100


# Delivery


class Script:
    """A function that answers as told, then takes everything; an answer that is an exception is raised."""

    def __init__(self, *answers: dict[str, object] | Exception) -> None:
        self._answers = list(answers)
        self.got: list[list[str]] = []

    async def __call__(self, event: dict[str, object]) -> object:
        records: Any = event["Records"]
        self.got.append([number_of(record) for record in records])
        answer = self._answers.pop(0) if self._answers else failed()
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The failures before each pause; they take no time."""
    made: list[int] = []

    def backoff_s(failures: int, *_: float) -> float:
        made.append(failures)
        return 0.0

    monkeypatch.setattr(stream, "backoff_s", backoff_s)
    return made


def delivered(function: Script, *numbers: int) -> list[list[str]]:
    batch = [record(number, Bookmark(EPOCH, number)) for number in numbers]
    asyncio.run(deliver(batch, function))
    return function.got


def test_a_batch_that_is_taken_is_given_once(pauses: list[int]) -> None:
    assert delivered(Script(), 1, 2, 3) == [["1", "2", "3"]]
    assert pauses == []


def test_one_that_fails_comes_again_from_the_first_record_that_did(pauses: list[int]) -> None:
    function = Script(failed(3, 2), failed(2), failed(3))
    assert delivered(function, 1, 2, 3) == [["1", "2", "3"], ["2", "3"], ["2", "3"], ["3"]]
    assert pauses == [0, 1, 0]


def test_a_record_that_is_not_of_the_batch_fails_nothing(pauses: list[int]) -> None:
    assert delivered(Script(failed(9)), 1, 2) == [["1", "2"]]
    assert pauses == []


@pytest.mark.parametrize("error", [FunctionFailed("KeyError: a defect"), FunctionTimedOut("Task timed out")], ids=repr)
def test_one_whose_function_fails_comes_again_whole(
    pauses: list[int], caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    assert delivered(Script(error), 1, 2) == [["1", "2"]] * 2
    assert pauses == [1]
    assert str(error) in caplog.text


def test_one_that_fails_too_often_at_one_place_is_given_up(pauses: list[int], caplog: pytest.LogCaptureFixture) -> None:
    function = Script(failed(1), failed(2), *[failed(2)] * MOST_ATTEMPTS)
    assert delivered(function, 1, 2, 3) == [["1", "2", "3"]] * 2 + [["2", "3"]] * MOST_ATTEMPTS
    assert pauses == [1, 0, *range(1, MOST_ATTEMPTS)]
    assert "gave up on 2 records of the stream, from 2 on" in caplog.text


def test_what_comes_within_the_window_is_one_batch_and_other_items_call_nobody(
    environ: Mapping[str, str], ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "POLL_S", 0.0)
    got: list[list[int]] = []
    original, reads = Shard.read, list[int]()

    def read(shard: Shard) -> list[Record]:
        """Something happens to the table before each read."""
        reads.append(1)
        if len(reads) == 1:
            ledger.client.put_item(
                TableName=ledger.table_name, Item={"pk": {"S": "other"}, "sk": {"N": "1"}, "id": {"S": "x"}}
            )
        elif len(reads) in (2, 3):
            move_to(ledger, len(reads))
        return original(shard)

    async def take(event: dict[str, Any]) -> object:
        got.append(seqs_of(event["Records"]))
        raise asyncio.CancelledError

    monkeypatch.setattr(Shard, "read", read)
    with contextlib.suppress(asyncio.CancelledError):
        asyncio.run(follow(environ, take, window_s=0.0))
    assert got == [[2, 3]]


# The local stack whose projector publishes


@pytest.fixture(scope="module")
def projecting(tmp_path_factory: pytest.TempPathFactory, emulator: Emulator) -> Iterator[BackgroundStack]:
    assert emulator  # the session's own is there before anybody looks at the processes
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
