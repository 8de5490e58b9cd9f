from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from console.errors import ConsoleError
from console.migration.sqlite.integrity import open_copy
from tests.console.migration.conftest import MakeFile


def opened(path: Path) -> tuple[str, ...]:
    connection, unknown = open_copy(path)
    connection.close()
    return unknown


def test_a_damaged_page_is_named(make_file: MakeFile) -> None:
    path = make_file("CREATE TABLE t (id INTEGER PRIMARY KEY, x); CREATE INDEX i ON t (x); INSERT INTO t VALUES (1, 2)")
    content = bytearray(path.read_bytes())
    content[4096:4106] = b"\xff" * 10
    path.write_bytes(content)
    with pytest.raises(ConsoleError, match="is damaged") as refused:
        open_copy(path)
    assert ".recover" in refused.value.hint


def test_a_file_that_is_no_database_inside_is_named(make_file: MakeFile) -> None:
    path = make_file("CREATE TABLE t (x)")
    path.write_bytes(path.read_bytes()[:100] + b"\xff" * 8_092)
    with pytest.raises(ConsoleError, match="is damaged, or no database"):
        open_copy(path)


def test_rows_that_break_a_constraint_are_no_damage(make_file: MakeFile) -> None:
    path = make_file("CREATE TABLE t (x TEXT, y CHECK (y > 0)); INSERT INTO t VALUES (NULL, 1)")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA ignore_check_constraints = on")
        connection.execute("INSERT INTO t VALUES ('a', -1)")
        connection.execute("PRAGMA writable_schema = on")
        connection.execute("UPDATE sqlite_schema SET sql = replace(sql, 'x TEXT', 'x TEXT NOT NULL')")
        connection.commit()
    assert opened(path) == ()


def test_collations_of_the_application_are_stood_in_for_and_named(tmp_path: Path) -> None:
    path = tmp_path / "app.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        for name in ("LOCALIZED", "OTHER"):
            connection.create_collation(name, lambda one, other: (one < other) - (one > other))
        connection.executescript("""
            CREATE TABLE t (x TEXT COLLATE LOCALIZED UNIQUE, y TEXT COLLATE OTHER UNIQUE);
            INSERT INTO t VALUES ('a', 'a'), ('b', 'b');
        """)
    assert set(opened(path)) == {"LOCALIZED", "OTHER"}


def test_an_index_that_lacks_a_row_is_damage(make_file: MakeFile) -> None:
    path = make_file(
        "CREATE TABLE t (x); CREATE INDEX i ON t (x); CREATE INDEX j ON t (x) WHERE x IS NULL; INSERT INTO t VALUES (1)"
    )
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA writable_schema = on")
        pages = dict(connection.execute("SELECT name, rootpage FROM sqlite_schema").fetchall())
        for name, other in (("i", "j"), ("j", "i")):
            connection.execute("UPDATE sqlite_schema SET rootpage = ? WHERE name = ?", (pages[other], name))
        connection.commit()
    with pytest.raises(ConsoleError, match=r"is damaged: .*missing from index i"):
        open_copy(path)


def test_a_file_that_needs_the_applications_functions_is_named(tmp_path: Path) -> None:
    path = tmp_path / "app.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.create_function("own", 1, str, deterministic=True)
        connection.executescript("CREATE TABLE t (x); CREATE INDEX i ON t (own(x)); INSERT INTO t VALUES (1)")
    with pytest.raises(ConsoleError, match=r"unknown function: own\(\)|no such function: own"):
        open_copy(path)
