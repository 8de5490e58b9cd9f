from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from console.errors import ConsoleError
from console.migration.plan import PlannedColumn, PlannedTable
from console.migration.source import SourceFile
from tests.console.migration.conftest import NOW, MakeFile, MakePlan

WORDS = PlannedTable("t", "t", (PlannedColumn("k", "key", "text", is_nullable=False),), ("key",))


def test_rows_come_in_the_order_of_their_keys_bytes_and_in_parts(make_plan_of: MakePlan) -> None:
    made = make_plan_of("""
        CREATE TABLE t (k TEXT COLLATE NOCASE PRIMARY KEY, n INT);
        INSERT INTO t VALUES ('b', 1), ('ä', 2), ('A', 3), ('C', 4);
    """)
    table = made.table("t")
    assert made.rows("t") == [("A", 3), ("C", 4), ("b", 1), ("ä", 2)]
    assert list(made.source.rows(table, start=1, count=2)) == [("C", 4), ("b", 1)]
    assert list(made.source.rows(table, start=4)) == []


def test_a_table_without_a_key_comes_in_the_order_of_its_rowid(make_plan_of: MakePlan) -> None:
    made = make_plan_of("CREATE TABLE t (rowid TEXT); INSERT INTO t (_rowid_, rowid) VALUES (2, 'b'), (1, 'c')")
    assert made.rows("t") == [("c",), ("b",)]
    hidden = make_plan_of(
        "DROP TABLE t; CREATE TABLE t (rowid, _rowid_, oid); INSERT INTO t VALUES (2, 2, 2), (1, 1, 1)"
    )
    assert hidden.rows("t") == [(2, 2, 2), (1, 1, 1)]
    assert "t: has no primary key: a rule `key` names one" in hidden.plan.notes


def test_more_rows_than_a_batch_all_come(make_plan_of: MakePlan) -> None:
    made = make_plan_of("""
        CREATE TABLE t (id INTEGER PRIMARY KEY);
        WITH n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2001) INSERT INTO t SELECT i FROM n;
    """)
    assert made.rows("t") == [(number,) for number in range(1, 2002)]
    assert made.source.count_all() == 2001


def test_what_is_written_after_the_copy_is_not_read(make_file: MakeFile) -> None:
    path = make_file("CREATE TABLE t (k TEXT PRIMARY KEY); INSERT INTO t VALUES ('a')")
    with SourceFile(path) as source, closing(sqlite3.connect(path)) as writer:
        writer.execute("INSERT INTO t VALUES ('b')")
        writer.commit()
        assert list(source.rows(WORDS)) == [("a",)]


def test_the_copy_goes_with_the_source_and_a_backup_stays(make_file: MakeFile, tmp_path: Path) -> None:
    path, backup = make_file("CREATE TABLE t (k TEXT PRIMARY KEY)"), tmp_path / "backup.sqlite"
    with SourceFile(path) as source:
        copy = source.copy
        assert copy.exists()
    assert not copy.parent.exists()
    with SourceFile(path, backup=backup) as source:
        assert source.copy == backup
    assert backup.exists()
    with pytest.raises(ConsoleError, match="exists"):
        SourceFile(path, backup=backup).__enter__()


def test_now_is_one_instant_in_every_form(make_file: MakeFile) -> None:
    path = make_file("CREATE TABLE t (k)")
    with SourceFile(path, now="2026-01-31T13:00:00.5+01:00") as source:
        assert source.now == "2026-01-31T12:00:00.500000Z"
        assert source.parameters == {
            "now": "2026-01-31 12:00:00",
            "now_iso": NOW,
            "now_s": 1_769_860_800,
            "now_ms": 1_769_860_800_000,
        }
    assert SourceFile(path).now.endswith("Z")


@pytest.mark.parametrize(("now", "said"), [("2026-01-31", "has no offset from UTC"), ("soon", "is no time such as")])
def test_an_instant_that_is_none_is_refused(now: str, said: str) -> None:
    with pytest.raises(ConsoleError, match=f"--now {now} {said}"):
        SourceFile(Path("any"), now=now)


def test_a_misfit_that_nobody_has_planned_for_is_named(make_file: MakeFile) -> None:
    path = make_file("CREATE TABLE t (k TEXT PRIMARY KEY); INSERT INTO t VALUES ('a'), (CAST(x'62ff' AS TEXT))")
    with SourceFile(path) as source, pytest.raises(ConsoleError) as refused:
        list(source.rows(WORDS))
    assert str(refused.value) == r"t, row 'b\xff', column k: 'b\xff' is no UTF-8: bytes ff at byte 1"
