"""The memory of statements: bounded while they run, and no limit on what comes after them."""

from __future__ import annotations

import _ctypes
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from handlers.domain.problem import Problem
from handlers.reads.sqlite_efs import SqliteReader
from handlers.snapshots.segment import connect
from handlers.sql import heap
from handlers.sql.budget import MOST_VALUE_BYTES
from handlers.sql.execution import MOST_COLUMNS, MOST_HEAP_BYTES
from tests.handlers.sql.conftest import TABLE, rows_of
from tests.handlers.sql.test_fuzz import NASTY, outcome
from tests.support.files import MemoryLedger, Place

ROOT = Path(__file__).parents[3]
MEMORY_MB = 256  # the smallest function
LONGEST = MOST_VALUE_BYTES - 20
LINES = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT 5000) SELECT {} FROM n"
GREEDY = (
    f"SELECT {', '.join([f'zeroblob({LONGEST})'] * MOST_COLUMNS)}",
    f"SELECT {', '.join([f'randomblob({LONGEST})'] * MOST_COLUMNS)}",
    f"SELECT {', '.join(['x'] * MOST_COLUMNS)} FROM (SELECT zeroblob({LONGEST}) AS x)",
    f"SELECT {', '.join(['x'] * MOST_COLUMNS)} FROM (SELECT char(0) || hex(zeroblob({LONGEST // 2})) AS x)",
    f"SELECT length(printf('%s', {', '.join(['x'] * 99)})) FROM (SELECT zeroblob({LONGEST}) AS x)",
    f"SELECT max({', '.join(f'randomblob({LONGEST} - {number})' for number in range(100))})",
    f"SELECT CASE {' '.join(f'WHEN length(zeroblob({LONGEST}) || {n}) = 1 THEN 1' for n in range(999))} END",
    LINES.format(f"count(DISTINCT randomblob({LONGEST} - x))"),
    LINES.format(f"max(randomblob({LONGEST})) OVER (ORDER BY x DESC)"),
    LINES.format(f"json_group_array(hex(randomblob({LONGEST // 2})))"),
    LINES.format(f"group_concat(x, hex(zeroblob({LONGEST // 4})))"),
    f"WITH RECURSIVE n(x) AS (SELECT zeroblob({LONGEST}) UNION SELECT randomblob({LONGEST}) FROM n) SELECT 1 FROM n",
)


@pytest.fixture
def whole_heap() -> Iterator[None]:
    """No limit is left behind."""
    set_limit = heap.limit_setter()
    assert set_limit is not None
    yield
    set_limit(None)


def heap_limit() -> int:
    connection = connect(":memory:")
    try:
        return connection.execute("PRAGMA hard_heap_limit").fetchone()[0]
    finally:
        connection.close()


def test_a_read_after_a_statement_has_no_limit(reader: SqliteReader) -> None:
    rows_of(reader, {"sql": "SELECT 1"})
    assert heap_limit() == 0
    for sql in ("SELECT nope", "PRAGMA user_version", GREEDY[0]):
        with pytest.raises(Problem):
            rows_of(reader, {"sql": sql})
        assert heap_limit() == 0


@pytest.mark.parametrize(
    ("memory_mb", "more_bytes"), [(256, 256 * 2**20 // 10), (None, 512 * 2**20 // 10), (10240, MOST_HEAP_BYTES)]
)
def test_a_statement_gets_a_tenth_of_the_memory_and_no_more_than_is_sorted_in_time(
    reader: SqliteReader, monkeypatch: pytest.MonkeyPatch, memory_mb: int | None, more_bytes: int
) -> None:
    limits: list[int | None] = []
    monkeypatch.setattr(heap, "limit_setter", lambda: limits.append)
    rows_of(reader, {"sql": "SELECT 1"}, memory_mb=memory_mb)
    assert limits == [more_bytes, None]


@pytest.mark.usefixtures("whole_heap")
def test_what_sqlite_has_already_does_not_count() -> None:
    with heap.heap_limited(1_000_000):
        first = heap_limit()
    kept = connect(":memory:")
    try:
        kept.execute("CREATE TABLE a AS SELECT zeroblob(5000000)")
        with heap.heap_limited(1_000_000):
            assert heap_limit() > first + 4_000_000
        assert heap_limit() == 0
    finally:
        kept.close()


def limit_left(folder: Path) -> tuple[str, int]:
    """Run a statement as where the library hides its functions; return its rows, and the limit that it leaves."""
    place = Place(folder)
    place.publish_parts(MemoryLedger(), 300, 30)
    heap.limit_setter = lambda: None  # pyright: ignore[reportAttributeAccessIssue] - in a process of its own
    return rows_of(place.on_efs(), {"sql": f"SELECT count(*) FROM {TABLE}"}, memory_mb=1000).text, heap_limit()


def printed(call: str, folder: Path) -> str:
    """What a function of this module returns in a process of its own: elsewhere SQLite holds what other tests read."""
    code = f"from pathlib import Path\nfrom {__name__} import {call}\nprint({call}(Path({str(folder)!r})))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    return done.stdout.strip()


@pytest.mark.usefixtures("measured_children")
def test_where_the_library_hides_its_functions_the_limit_stays(tmp_path: Path) -> None:
    assert heap.limit_setter(_ctypes.__file__) is None
    assert printed("limit_left", tmp_path) == str(("[330]", MOST_HEAP_BYTES))


def peak_kib() -> int:
    """The most memory that this process has held since it began, the program before it aside."""
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:"))


def growth_kib(folder: Path) -> int:
    """Run every greedy and nasty statement in this process; return by how much its peak has grown."""
    place = Place(folder)
    place.publish_parts(MemoryLedger(), 300, 30)
    reader = place.on_efs()
    outcome(reader, f"SELECT * FROM {TABLE}", [], None, MEMORY_MB)
    before = peak_kib()
    for sql in (*GREEDY, *NASTY):
        outcome(reader, sql, [], None, MEMORY_MB)
    return peak_kib() - before


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_no_statement_takes_more_memory_than_a_small_function_has(tmp_path: Path) -> None:
    assert int(printed("growth_kib", tmp_path)) < 150 * 1024
