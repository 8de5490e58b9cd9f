"""A statement reads the view and calls functions; whatever else it tries is refused, and nothing is written."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from handlers.domain.problem import Problem
from tests.handlers.sql.conftest import COUNT, TABLE, Run
from tests.support.files import Place

ID = "id"
REFUSED = {
    "ATTACH 'evil.db' AS evil": "attach",
    "ATTACH ':memory:' AS evil": "attach",
    "DETACH temp": "detach",
    "VACUUM": "attach",
    "VACUUM INTO 'evil.db'": "write one to a file",
    "PRAGMA user_version": "PRAGMA",
    "PRAGMA writable_schema = 1": "PRAGMA",
    "PRAGMA hard_heap_limit = 1": "PRAGMA",
    "PRAGMA temp_store_directory = '/'": "PRAGMA",
    "BEGIN": "a transaction",
    "COMMIT": "a transaction",
    "ROLLBACK": "a transaction",
    "SAVEPOINT a": "a transaction",
    f"INSERT INTO {TABLE} VALUES (1, 2, 3, 4)": "write",
    f"INSERT INTO {TABLE} ({ID}) SELECT {ID} FROM {TABLE} RETURNING {ID}": "write",
    f"REPLACE INTO {TABLE} VALUES (1, 2, 3, 4)": "write",
    f"UPDATE {TABLE} SET {ID} = 1": "write",
    f"DELETE FROM {TABLE}": "write",
    f"WITH a AS (SELECT 1) DELETE FROM {TABLE}": "write",
    f"EXPLAIN DELETE FROM {TABLE}": "write",
    "CREATE TABLE a (b)": "SQLite's own tables",
    "CREATE TEMP TABLE a AS SELECT 1": "SQLite's own tables",
    "CREATE TEMP VIEW a AS SELECT 1": "SQLite's own tables",
    "CREATE VIRTUAL TABLE a USING fts5(b)": "SQLite's own tables",
    f"CREATE INDEX a ON {TABLE} ({ID})": "",
    f"CREATE TEMP TRIGGER a INSTEAD OF DELETE ON {TABLE} BEGIN SELECT 1; END": "to change a schema",
    f"DROP VIEW {TABLE}": "SQLite's own tables",
    "ANALYZE": "SQLite's own tables",
    "REINDEX": "change a schema",
    "UPDATE sqlite_schema SET sql = ''": "write",
    "SELECT * FROM sqlite_schema": "sqlite_master",
    "SELECT * FROM sqlite_temp_schema": "sqlite_temp",
    "SELECT count(*) FROM sqlite_schema": "sqlite_schema",
    "SELECT 1 FROM main.sqlite_schema": "sqlite_schema",
    "SELECT * FROM segment": "segment",
    "SELECT count(*) FROM SEGMENT": "SEGMENT",
    "SELECT * FROM pragma_database_list": "SQLite's own tables",
    "SELECT count(*) FROM pragma_function_list": "SQLite's own tables",
    "SELECT load_extension('evil')": "the function load_extension",
    "SELECT LOAD_EXTENSION('evil', 'entry')": "LOAD_EXTENSION",
    "SELECT sqlite_log(1, 'x')": "the function sqlite_log",
    "SELECT json_patch('{}', '{}')": "the function json_patch",
}


def fingerprint(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.mark.parametrize("sql", REFUSED)
def test_what_is_not_allowed_is_refused_with_the_reason(run: Run, published: Place, folder: Path, sql: str) -> None:
    before = fingerprint(published.efs)
    with pytest.raises(Problem, match=f"(?i)Not allowed: .*{REFUSED[sql]}.*may read {TABLE}") as caught:
        run(sql)
    assert caught.value.kind == "forbidden"
    assert fingerprint(published.efs) == before
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("name", ["sqlite_dbpage", "dbstat", "sqlite_stmt", "fts3tokenize", "bytecode('SELECT 1')"])
def test_tables_that_a_build_may_have_are_refused_or_unknown(run: Run, name: str) -> None:
    with pytest.raises(Problem) as caught:
        run(f"SELECT * FROM {name}")
    assert caught.value.kind in ("forbidden", "wrong-sql")


UNKNOWN_CALLS = (
    *("fts3_tokenizer('simple')", "writefile('evil', 'x')", "readfile('/etc/passwd')", "edit('x')"),
    *("rtreecheck('a', 'b')", "fts5(1)"),
)


@pytest.mark.parametrize("call", UNKNOWN_CALLS)
def test_functions_that_a_build_may_have_are_refused_or_unknown(run: Run, folder: Path, call: str) -> None:
    with pytest.raises(Problem) as caught:
        run(f"SELECT {call}")
    assert caught.value.kind in ("forbidden", "wrong-sql")
    assert list(folder.iterdir()) == []


def test_the_rows_beyond_the_point_cannot_be_reached_under_a_name_like_the_views(run: Run) -> None:
    for schema in ("s0", "main"):
        with pytest.raises(Problem):
            run(f"WITH {TABLE} AS (SELECT seq FROM {schema}.{TABLE}) SELECT count(*) FROM {TABLE}", seq=1)
    assert run(f"WITH {TABLE} AS (SELECT seq FROM temp.{TABLE}) SELECT count(*) FROM {TABLE}", seq=1) == [[1]]


@pytest.mark.parametrize(
    ("sql", "first"),
    [
        (f"SELECT count(*) FROM {TABLE.upper()}", COUNT),
        (f"SELECT count(*) FROM temp.{TABLE}", COUNT),
        (f"WITH a AS (SELECT * FROM {TABLE}) SELECT count(*) FROM a", COUNT),
        ("WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT 10) SELECT sum(x) FROM n", 55),
        ("VALUES (1), (2)", 1),
        ("SELECT value FROM json_each('[7, 8]')", 7),
        ("""SELECT atom FROM json_tree('{"a": {"b": 9}}') WHERE atom""", 9),
        ("""SELECT '{"a": 5}' ->> 'a'""", 5),
        (f"SELECT row_number() OVER (ORDER BY seq) FROM {TABLE}", 1),
        ("SELECT instr('abc', 'c'), sqrt(4), strftime('%Y', 0, 'unixepoch'), printf('%d', 1)", 3),
        (f"EXPLAIN SELECT {ID} FROM {TABLE}", 0),
        (f"-- a comment\nSELECT seq /* another */ FROM {TABLE}; -- and one more", 1),
        (f"SELECT seq FROM {TABLE} EXCEPT SELECT seq FROM {TABLE} WHERE seq > 1", 1),
    ],
)
def test_all_that_reads_is_allowed(run: Run, sql: str, first: object) -> None:
    assert run(sql)[0][0] == first
