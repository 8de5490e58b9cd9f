from __future__ import annotations

from contextlib import closing
from pathlib import Path

from console.migration.sqlite.integrity import open_copy
from console.migration.sqlite.introspection import quoted, read_left_behind, read_tables
from console.migration.sqlite.schema import IndexTerm, SourceForeignKey, SourceTable
from tests.console.migration.conftest import MakeFile


def tables(path: Path) -> dict[str, SourceTable]:
    connection, _ = open_copy(path)
    with closing(connection):
        return {table.name: table for table in read_tables(connection)}


def test_keys_say_who_gives_them(make_file: MakeFile) -> None:
    found = tables(
        make_file("""
        CREATE TABLE auto (id INTEGER PRIMARY KEY AUTOINCREMENT);
        CREATE TABLE alias (id integer primary key, rowid TEXT);
        CREATE TABLE number (id INT PRIMARY KEY);
        CREATE TABLE backwards (id INTEGER PRIMARY KEY DESC);
        CREATE TABLE pair (b TEXT, a TEXT, PRIMARY KEY (a, b)) WITHOUT ROWID;
        CREATE TABLE none (rowid, _rowid_, oid);
        CREATE TABLE strict (id INTEGER PRIMARY KEY, any ANY) STRICT;
        """)
    )
    assert {name: (table.key, table.rowid, table.is_identity) for name, table in found.items()} == {
        "auto": (("id",), "rowid", True),
        "alias": (("id",), "_rowid_", True),
        "number": (("id",), "rowid", False),
        "backwards": (("id",), "rowid", False),
        "pair": (("a", "b"), None, False),
        "none": ((), None, False),
        "strict": (("id",), "rowid", True),
    }
    assert [name for name, table in found.items() if table.is_autoincrement] == ["auto"]
    assert [name for name, table in found.items() if table.is_strict] == ["strict"]


def test_columns_are_described_generated_ones_too(make_file: MakeFile) -> None:
    (table,) = tables(
        make_file("""
        CREATE TABLE t (
            id INTEGER PRIMARY KEY,
            [odd name] varchar(10) NOT NULL DEFAULT 'it''s' COLLATE nocase,
            v INT GENERATED ALWAYS AS (id * 2) VIRTUAL,
            s TEXT AS (id || 'x') STORED,
            plain
        )""")
    ).values()
    described = [(c.name, c.declared, c.is_nullable, c.default, c.is_generated, c.collation) for c in table.columns]
    assert described == [
        ("id", "INTEGER", False, None, False, "BINARY"),
        ("odd name", "VARCHAR(10)", False, "'it''s'", False, "NOCASE"),
        ("v", "INT", True, None, True, "BINARY"),
        ("s", "TEXT", True, None, True, "BINARY"),
        ("plain", "", True, None, False, "BINARY"),
    ]


def test_references_are_found_by_column_by_table_and_by_the_parents_key(make_file: MakeFile) -> None:
    found = tables(
        make_file("""
        CREATE TABLE p (a, b, PRIMARY KEY (a, b));
        CREATE TABLE c (
            x REFERENCES q (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
            y, z,
            CONSTRAINT named FOREIGN KEY (y, z) REFERENCES p ON UPDATE SET NULL
        );
        CREATE TABLE d (y, z, FOREIGN KEY (y, z) REFERENCES p (a, b) DEFERRABLE INITIALLY DEFERRED);
        """)
    )
    assert found["c"].foreign_keys == (
        SourceForeignKey(("x",), "q", ("id",), "CASCADE", "NO ACTION", is_deferred=True),
        SourceForeignKey(("y", "z"), "p", ("a", "b"), "NO ACTION", "SET NULL", is_deferred=False),
    )
    assert [key.is_deferred for key in found["d"].foreign_keys] == [True]


def test_indexes_have_their_terms(make_file: MakeFile) -> None:
    (table,) = tables(
        make_file("""
        CREATE TABLE t (a TEXT COLLATE NOCASE UNIQUE, b, c);
        CREATE INDEX i ON t (b DESC, lower(c) COLLATE RTRIM) WHERE b > 0;
        """)
    ).values()
    auto, named = sorted(table.indexes, key=lambda index: index.origin, reverse=True)
    assert (auto.is_unique, auto.origin, auto.is_partial, auto.sql) == (True, "u", False, "")
    assert auto.terms == (IndexTerm("a", is_descending=False, collation="NOCASE"),)
    assert (named.name, named.is_unique, named.is_partial) == ("i", False, True)
    assert named.terms == (
        IndexTerm("b", is_descending=True, collation="BINARY"),
        IndexTerm(None, is_descending=False, collation="RTRIM"),
    )


def test_all_that_stays_behind_is_named(make_file: MakeFile) -> None:
    path = make_file("""
        CREATE TABLE t (a);
        CREATE VIEW v AS SELECT a FROM t;
        CREATE TRIGGER r AFTER INSERT ON t BEGIN DELETE FROM t; END;
        CREATE VIRTUAL TABLE f USING fts5 (body);
    """)
    connection, _ = open_copy(path)
    with closing(connection):
        said = read_left_behind(connection)
        assert [table.name for table in read_tables(connection)] == ["t"]
    assert {text.partition(" ")[0] for text in said} == {"table", "trigger", "view", "virtual"}
    assert any(text.startswith("virtual f is a virtual table") for text in said)
    assert any(text.startswith("table f_data belongs to a virtual table") for text in said)
    assert "view v does not move: write it anew for PostgreSQL" in said


def test_a_name_is_quoted_whatever_is_in_it() -> None:
    assert quoted('a "b" c') == '"a ""b"" c"'
