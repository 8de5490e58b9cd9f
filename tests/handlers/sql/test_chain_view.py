"""The view over a chain: its rows, its columns, and the plans of what is asked of it."""

from __future__ import annotations

import re

import pytest

from handlers.domain.bookmark import Bookmark
from handlers.domain.problem import Problem
from handlers.reads.sqlite_efs import SqliteReader
from handlers.reads.sqlite_view import Link, SqliteView
from handlers.rows import MODEL
from handlers.snapshots.segment import connect
from handlers.sql.budget import Budget
from handlers.sql.chain_view import MOST_SEGMENTS, ChainView
from handlers.sql.execution import Execution
from handlers.telemetry.usage import Usage
from tests.handlers.sql.conftest import COUNT, ROWS, TABLE, Run, rows_of
from tests.support.drafts import VALUE
from tests.support.files import EPOCH, MemoryLedger, Place, make_row

ENDS = (0, 1, ROWS[0] - 1, ROWS[0], ROWS[0] + 1, ROWS[0] + ROWS[1], COUNT - 1, COUNT)
BY_KEY = "INTEGER PRIMARY KEY"
BY_VALUE = f"INDEX {TABLE}_by_{VALUE}"


@pytest.mark.parametrize("seq", ENDS)
def test_the_view_holds_the_rows_up_to_a_point(run: Run, seq: int) -> None:
    assert run(f"SELECT count(*), max(seq) FROM {TABLE}", seq=seq) == [[seq, seq or None]]
    newest = run(f"SELECT * FROM {TABLE} ORDER BY seq DESC LIMIT 3", seq=seq)
    assert newest == [list(make_row(number)) for number in range(seq, max(0, seq - 3), -1)]


def test_it_has_the_models_columns_and_no_other(reader: SqliteReader, run: Run) -> None:
    assert rows_of(reader, {"sql": f"SELECT * FROM {TABLE}"}).columns == str(list(MODEL.names)).replace("'", '"')
    with pytest.raises(Problem, match="no such column: json"):
        run(f"SELECT json FROM {TABLE}")


def test_an_empty_data_set_is_an_empty_table(tmp_path_factory: pytest.TempPathFactory) -> None:
    empty = Place(tmp_path_factory.mktemp("empty"))
    sql = {"sql": f"SELECT count(*) FROM {TABLE}"}
    assert rows_of(empty.on_efs(), sql).text == "[0]"
    empty.publish(MemoryLedger())
    assert rows_of(empty.on_efs(), sql).text == "[0]"


def test_rows_come_oldest_first_where_no_order_is_asked_for(run: Run) -> None:
    assert [seq for (seq,) in run(f"SELECT seq FROM {TABLE}")] == [*range(1, 1001)]


def test_in_tmp_the_copies_are_read(published: Place) -> None:
    in_tmp = published.in_tmp()
    assert rows_of(in_tmp, {"sql": f"SELECT count(*) FROM {TABLE}"}).text == f"[{COUNT}]"

    def files(view: SqliteView) -> list[str]:
        chain = ChainView(view)
        try:
            return [path for _, _, path in chain.connection.execute("PRAGMA database_list") if path]
        finally:
            chain.connection.close()

    attached = in_tmp.read(Bookmark(0, 0), Usage(), files)
    assert len(attached) == len(ROWS)
    assert all(path.startswith(str(published.tmp)) for path in attached)
    in_tmp.drop()


def plan(reader: SqliteReader, sql: str, seq: int | None) -> list[str]:
    """How SQLite goes about a statement, step by step."""
    found: list[str] = []

    def use(view: SqliteView) -> None:
        execution = ChainView(view if seq is None else view.at(Bookmark(EPOCH, seq)))
        try:
            steps = execution.connection.execute(f"EXPLAIN QUERY PLAN {sql}", [0] * sql.count("?")).fetchall()
            found.extend(re.sub(r"s\d+_\w+\.", "", step[-1]) for step in steps)
        finally:
            execution.connection.close()

    reader.read(Bookmark(0, 0), Usage(), use)
    return found


@pytest.mark.parametrize("seq", [None, COUNT - 1, ROWS[0] + 5, ROWS[0] - 5], ids=str)
@pytest.mark.parametrize(
    ("condition", "index"),
    [
        ("WHERE id = ?", f"INDEX {TABLE}_by_id"),
        (f"WHERE {VALUE} = ?", BY_VALUE),
        (f"WHERE {VALUE} > ?", BY_VALUE),
        (f"WHERE {VALUE} BETWEEN ? AND ?", BY_VALUE),
        (f"WHERE {VALUE} > ? ORDER BY {VALUE} LIMIT 5", BY_VALUE),
        ("WHERE created_at >= ? ORDER BY created_at LIMIT 5", f"INDEX {TABLE}_by_created_at"),
        ("WHERE seq = ?", BY_KEY),
        ("WHERE seq BETWEEN ? AND ? ORDER BY seq DESC LIMIT 5", BY_KEY),
    ],
)
@pytest.mark.parametrize("columns", ["*", "count(*)"])
def test_each_segment_is_searched_by_its_own_index(
    reader: SqliteReader, condition: str, index: str, columns: str, seq: int | None
) -> None:
    steps = plan(reader, f"SELECT {columns} FROM {TABLE} {condition}", seq)
    searches = [step for step in steps if step.startswith("SEARCH")]
    assert len(searches) == sum(start < (seq or COUNT) for start in (0, ROWS[0], ROWS[0] + ROWS[1]))
    assert all(index in step for step in searches), searches
    assert not [step for step in steps if "MATERIALIZE" in step or "TEMP B-TREE" in step]


@pytest.mark.parametrize("seq", [None, COUNT - 1], ids=str)
def test_the_newest_rows_are_read_from_the_end_without_a_sort(reader: SqliteReader, seq: int | None) -> None:
    steps = plan(reader, f"SELECT * FROM {TABLE} ORDER BY seq DESC LIMIT 5", seq)
    assert not [step for step in steps if "MATERIALIZE" in step or "TEMP B-TREE" in step]
    assert steps.count("MERGE (UNION ALL)") == len(ROWS) - 1


def test_the_newest_rows_cost_steps_by_their_number_not_by_the_tables(reader: SqliteReader) -> None:
    assert steps_of(reader, f"SELECT * FROM {TABLE} ORDER BY seq DESC LIMIT 5") < COUNT // 10
    assert steps_of(reader, f"SELECT max(id || seq) FROM {TABLE}") > COUNT


def steps_of(reader: SqliteReader, sql: str) -> int:
    budget = Budget()
    rows_of(reader, {"sql": sql}, budget=budget)
    steps = budget.exceeded("").members["vm_steps"]
    assert isinstance(steps, int)
    return steps


def test_a_join_of_the_view_with_itself_stays_within_bounds(run: Run) -> None:
    names = ", ".join(f"{TABLE} AS r{number}" for number in range(20))
    joined = " AND ".join(f"r{number}.seq = r0.seq" for number in range(1, 20))
    assert run(f"SELECT r0.seq FROM {names} WHERE {joined} AND r0.seq = 7") == [[7]]


def chain_of(count: int) -> SqliteView:
    def fail() -> None:
        raise AssertionError

    links = [Link(seq, seq, fail) for seq in range(count, 0, -1)]  # pyright: ignore[reportArgumentType] - is never called
    return SqliteView(links, Bookmark(EPOCH, count))


def test_a_chain_longer_than_sqlite_attaches_is_refused_with_what_helps() -> None:
    with pytest.raises(
        Problem, match=rf"{MOST_SEGMENTS + 1} segments.*{MOST_SEGMENTS} at most.*POST /snapshots"
    ) as caught:
        ChainView(chain_of(MOST_SEGMENTS + 1))
    assert caught.value.status == 422


def test_sqlite_attaches_as_many_as_the_limit_says() -> None:
    connection = connect(":memory:")
    for number in range(MOST_SEGMENTS):
        connection.execute(f"ATTACH ':memory:' AS s{number}")
    connection.close()


def test_a_view_that_cannot_be_made_leaves_nothing_open(reader: SqliteReader) -> None:
    with pytest.raises(AssertionError):
        Execution(chain_of(1), Budget(), None)
