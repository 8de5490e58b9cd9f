"""The rows of a file on their way to a ledger that takes a batch once for its key, as the API's does."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from console.errors import INTERRUPTED, ConsoleError, NotDoneError
from console.imports.checking import Checker
from console.imports.files import open_source
from console.imports.importing import ImportPlan, check_file
from console.imports.mapping import Matching, match
from console.imports.sending import Sending
from console.imports.state import ImportState, StateFile, begin_or_go_on
from handlers.domain.bookmark import NOTHING, Bookmark
from tests.console.imports.conftest import GOOD, MODEL, WRITERS, Fields, write_csv

EPOCH = 7
COMMAND = "console import things.csv"
Draft = tuple[Any, ...]


def succeed(number: int, when: str) -> None:
    """Let a request through."""


class MemoryLedger:
    """Rows in memory, and the answers to the keys that were used.

    Args:
        fail: is called with the number of each request before and after it is carried out.
    """

    def __init__(self, fail: Callable[[int, str], None] = succeed) -> None:
        self.rows: list[Draft] = []
        self.answers: dict[str, str] = {}
        self.epoch = EPOCH
        self.published = 0
        self.requests = 0
        self.fail = fail

    def append(self, key: str, drafts: Sequence[Draft]) -> str:
        self.requests += 1
        self.fail(self.requests, "before")
        if key not in self.answers:
            self.rows += drafts
            self.answers[key] = f"{self.epoch}.{len(self.rows)}"
        self.fail(self.requests, "after")
        return self.answers[key]

    def publish(self) -> str:
        self.requests += 1
        self.fail(self.requests, "before")
        self.published = len(self.rows)
        return f"{self.epoch}.{self.published}"

    @property
    def head(self) -> Bookmark:
        return Bookmark(EPOCH, len(self.rows)) if self.rows else NOTHING


@pytest.fixture(autouse=True)
def local_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LOCAL_DIR", str(tmp_path / "local"))
    return tmp_path / "local"


@pytest.fixture
def three_a_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("handlers.imports.cutting.MAX_INSERT_ROWS", 3)


def rows_of(count: int) -> list[Fields]:
    return [GOOD | {"stock": number} for number in range(count)]


def send(ledger: MemoryLedger, path: Path, total: int = 8, *, again: bool = False) -> Sending:
    file = StateFile("digest", "http://api")
    new = ImportState("id", path.name, "http://api", ledger.head.epoch, str(ledger.head), time.time())
    state = begin_or_go_on(file.load(), new, ledger.head, again=again)
    with open_source(path) as source:
        checker = Checker(source, match(source, MODEL, Matching()), MODEL)
        sending = Sending(ledger, file, state, ledger.head, total)
        sending.run(source, checker, lambda _: None, COMMAND)
    return sending


@pytest.fixture
def path(tmp_path: Path) -> Path:
    write_csv(tmp_path / "things.csv", rows_of(8))
    return tmp_path / "things.csv"


def stocks(ledger: MemoryLedger) -> list[int]:
    return [row[2] for row in ledger.rows]


@pytest.mark.usefixtures("three_a_batch")
@pytest.mark.parametrize("keeps_state", [True, False])
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("number", [1, 2, 3, 4])
@pytest.mark.parametrize("error", [ConsoleError("no answer", "try"), KeyboardInterrupt()], ids=["lost", "interrupted"])
def test_whatever_cuts_it_short_the_same_command_adds_the_rest_and_no_row_twice(
    path: Path, number: int, when: str, error: BaseException, keeps_state: bool
) -> None:
    def fail(request: int, now: str) -> None:
        if (request, now) == (number, when):
            raise error

    ledger = MemoryLedger(fail)
    with suppress(ConsoleError):
        send(ledger, path)
    assert stocks(ledger) == list(range(8))[: len(ledger.rows)]
    before, ledger.fail = len(ledger.rows), succeed
    if not keeps_state:
        StateFile("digest", "http://api").path.unlink()
    sending = send(ledger, path)
    assert stocks(ledger) == list(range(8))
    assert ledger.published == 8
    assert (sending.known, sending.snapshot, sending.state.bookmark) == (before, "7.8", "7.8")
    assert sending.state.is_complete


@pytest.mark.usefixtures("three_a_batch")
@pytest.mark.parametrize(
    ("number", "when", "error", "said", "code"),
    [
        (1, "before", NotDoneError("refused", "try"), "refused", 1),
        (2, "before", NotDoneError("refused", "try"), "refused; 3 of 8 rows are in", 1),
        (1, "after", ConsoleError("lost", "try"), "lost; 0 of 8 rows are in, and perhaps some of the next", 1),
        (3, "after", KeyboardInterrupt(), "interrupted; 6 of 8 rows are in, and perhaps some of the next", INTERRUPTED),
        (4, "before", ConsoleError("lost", "try"), "lost; all 8 rows are in, but perhaps in no snapshot yet", 1),
    ],
)
def test_it_says_what_is_in_and_how_to_go_on(
    path: Path, *, number: int, when: str, error: BaseException, said: str, code: int
) -> None:
    def fail(request: int, now: str) -> None:
        if (request, now) == (number, when):
            raise error

    with pytest.raises(ConsoleError) as cut:
        send(MemoryLedger(fail), path)
    assert (str(cut.value), cut.value.code) == (said, code)
    assert cut.value.hint == ("try" if said == "refused" else COMMAND)


@pytest.mark.usefixtures("three_a_batch")
def test_of_a_batch_that_was_refused_nothing_is_kept(path: Path) -> None:
    def refuse(request: int, now: str) -> None:
        raise NotDoneError("refused", "try")

    ledger, file = MemoryLedger(refuse), StateFile("digest", "http://api")
    with pytest.raises(NotDoneError):
        send(ledger, path)
    assert file.load() is None
    ledger.fail = succeed
    send(ledger, path)
    done = file.load()
    assert done is not None
    assert done.is_complete
    ledger.fail = refuse
    with pytest.raises(NotDoneError):
        send(ledger, path, again=True)
    assert file.load() == done  # so the file is in, and is not sent again unasked


@pytest.mark.usefixtures("three_a_batch")
def test_a_batch_in_doubt_stays_in_doubt_where_it_is_refused_later(path: Path) -> None:
    errors = [ConsoleError("lost", "try"), NotDoneError("refused", "try")]

    def fail(request: int, now: str) -> None:
        raise errors.pop(0)

    ledger = MemoryLedger(fail)
    with pytest.raises(ConsoleError, match="lost; 0 of 8 rows are in, and perhaps some of the next"):
        send(ledger, path)
    doubtful = StateFile("digest", "http://api").load()
    with pytest.raises(ConsoleError, match="refused; 0 of 8 rows are in, and perhaps some of the next"):
        send(ledger, path)
    assert StateFile("digest", "http://api").load() == doubtful


@pytest.mark.usefixtures("three_a_batch")
def test_again_adds_all_rows_once_more(path: Path) -> None:
    ledger = MemoryLedger()
    for again in (False, True, True):
        send(ledger, path, again=again)
    assert stocks(ledger) == [*range(8), *range(8), *range(8)]


@pytest.mark.usefixtures("three_a_batch")
def test_a_file_that_changes_on_the_way_stops_it(path: Path) -> None:
    def change(request: int, now: str) -> None:
        if (request, now) == (2, "before"):
            write_csv(path, rows_of(9))

    ledger = MemoryLedger(change)
    with pytest.raises(ConsoleError, match=r"has changed while it was read; 6 of 8 rows are in$"):
        send(ledger, path)
    assert len(ledger.rows) == 6


@pytest.mark.usefixtures("three_a_batch")
def test_a_ledger_that_begins_another_history_on_the_way_stops_it(path: Path) -> None:
    ledger = MemoryLedger()

    def restore(request: int, now: str) -> None:
        ledger.epoch = EPOCH + (request > 1)

    ledger.fail = restore
    with pytest.raises(ConsoleError, match="left epoch 7 for 8 meanwhile; 3 of 8 rows are in"):
        send(ledger, path)


def peak_bytes(path: Path, count: int) -> int:
    """How much memory Python takes at most to check a file's rows and send them."""

    class Sink(MemoryLedger):
        def append(self, key: str, drafts: Sequence[Draft]) -> str:
            self.requests += len(drafts)
            return f"{EPOCH}.{self.requests}"

    StateFile("digest", "http://api").path.unlink(missing_ok=True)
    tracemalloc.start()
    try:
        with open_source(path) as source:
            mapping = match(source, MODEL, Matching())
            checked = check_file(ImportPlan(path, source, mapping, MODEL, path.with_suffix(".rejects")))
        send(Sink(), path, checked.rows)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert checked.rows == count
    return peak


@pytest.mark.parametrize("suffix", WRITERS)
def test_memory_does_not_grow_with_the_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str) -> None:
    monkeypatch.setattr("handlers.imports.cutting.MAX_INSERT_ROWS", 50)
    monkeypatch.setattr("console.imports.json_source.BLOCK_CHARACTERS", 1 << 12)
    monkeypatch.setattr("console.imports.source.BLOCK_BYTES", 1 << 12)
    peaks: list[int] = []
    for count in (200, 500):
        path = tmp_path / f"{count}{suffix}"
        WRITERS[suffix](path, rows_of(count))
        peaks.append(peak_bytes(path, count))
    assert peaks[1] - peaks[0] < 300 * 300  # a row that is kept takes 1,000 bytes
