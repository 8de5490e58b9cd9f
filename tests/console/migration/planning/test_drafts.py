from __future__ import annotations

from tests.console.migration.conftest import MakePlan


def test_a_conversion_says_the_kind_unless_a_rule_does(make_plan_of: MakePlan) -> None:
    made = make_plan_of(
        """
        CREATE TABLE t (a INT, b DATETIME, c, d TEXT, e INT);
        INSERT INTO t VALUES (0, '2024-01-01 12:00:00', 5, ' ', 0);
        """,
        """
        [tables.t.columns]
        a.convert = "unixepoch"
        b.convert = "local:Europe/Berlin"
        c.convert = "text"
        d.convert = ["trim", "empty_to_null"]
        e = {convert = "unixepoch", kind = "timestamptz", rename = "When"}
        """,
    )
    (row,) = made.rows("t")
    assert [str(value) for value in row] == [
        "1970-01-01 00:00:00+00:00",
        "2024-01-01 11:00:00+00:00",
        "5",
        "None",
        "1970-01-01 00:00:00+00:00",
    ]
    assert made.column("t", "e").target == "When"


def test_what_is_null_instead_of_a_misfit_is_so_in_the_rows_too(make_plan_of: MakePlan) -> None:
    made = make_plan_of(
        "CREATE TABLE t (a INT); INSERT INTO t VALUES (1), ('x')", 'tables.t.columns.a.on_misfit = "null"'
    )
    assert (made.misfits(), made.rows("t")) == ([], [(1,), (None,)])


def test_what_becomes_null_where_it_may_not_is_a_misfit(make_plan_of: MakePlan) -> None:
    made = make_plan_of(
        "CREATE TABLE t (a TEXT NOT NULL); INSERT INTO t VALUES ('')", 'tables.t.columns.a.convert = "empty_to_null"'
    )
    assert made.misfits() == [("t", "a", (1,), "", "is NULL where the column may not be")]


def test_defaults_and_generated_columns_are_noted_where_they_do_not_move(make_plan_of: MakePlan) -> None:
    made = make_plan_of("""
        CREATE TABLE t (a TEXT DEFAULT (hex(randomblob(8))), b INT DEFAULT 5, c INT DEFAULT NULL, d AS (b * 2));
        INSERT INTO t (a) VALUES ('x');
    """)
    assert [made.column("t", name).default for name in "abc"] == [None, "5", None]
    assert "t: column a: its default hex(randomblob(8)) does not move" in made.notes()
    assert "t: column d is reckoned by SQLite: its values move, its expression does not" in made.notes()
    assert made.rows("t") == [("x", 5, None, 10)]


def test_the_rowid_counts_by_itself_unless_it_becomes_something_else(make_plan_of: MakePlan) -> None:
    script = "CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY); INSERT OR IGNORE INTO t VALUES (1)"
    assert make_plan_of(script).table("t").identity == "id"
    assert make_plan_of(script, 'tables.t.columns.id = {convert = "text"}').table("t").identity is None
    assert make_plan_of(script, 'tables.t.key = "id"').table("t").identity is None


def test_a_table_with_more_columns_than_a_statement_has_results_is_surveyed(make_plan_of: MakePlan) -> None:
    columns = ", ".join(f"c{number} INT" for number in range(450))
    made = make_plan_of(f"CREATE TABLE t ({columns}); INSERT INTO t (c0, c449) VALUES (1, 'x')")
    assert [column.kind for column in made.table("t").columns][-2:] == ["bigint", "text"]
