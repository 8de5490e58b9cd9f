from __future__ import annotations

import pytest

from tests.console.migration.conftest import MakePlan


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("CREATE TABLE c (p_id INT REFERENCES nobody (id))", "to nobody does not move: that table does not move"),
        ("CREATE TABLE p (id INT); CREATE TABLE c (p_id INT REFERENCES p (id))", "there is no key or UNIQUE for it"),
        (
            "CREATE TABLE p (id INT PRIMARY KEY); CREATE TABLE c (p_id INT REFERENCES p (x))",
            "a column of it does not move",
        ),
        (
            "CREATE TABLE p (id INT PRIMARY KEY); CREATE TABLE c (p_id TEXT REFERENCES p);"
            "INSERT INTO p VALUES (1); INSERT INTO c VALUES ('1')",
            "p_id is text and id is bigint",
        ),
    ],
    ids=["table", "key", "column", "kinds"],
)
def test_a_reference_that_postgresql_cannot_have_is_named(make_plan_of: MakePlan, script: str, why: str) -> None:
    made = make_plan_of(script)
    assert made.table("c").foreign_keys == ()
    assert why in made.notes()


def test_a_column_that_holds_nothing_is_of_the_kind_that_it_refers_to(make_plan_of: MakePlan) -> None:
    made = make_plan_of("CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE c (p_id REFERENCES p)")
    assert made.column("c", "p_id").kind == "bigint"
    assert len(made.table("c").foreign_keys) == 1


def test_a_reference_that_only_sqlite_follows_without_case_leads_nowhere(make_plan_of: MakePlan) -> None:
    made = make_plan_of("""
        CREATE TABLE p (id TEXT COLLATE NOCASE PRIMARY KEY);
        CREATE TABLE c (id INTEGER PRIMARY KEY, p_id TEXT REFERENCES p);
        INSERT INTO p VALUES ('a');
        INSERT INTO c VALUES (1, 'a'), (2, 'A');
    """)
    assert [(column, value) for _, column, _, value, _ in made.misfits()] == [("p_id", "A")]


def test_references_of_several_columns_are_followed_unless_one_is_null(make_plan_of: MakePlan) -> None:
    made = make_plan_of("""
        CREATE TABLE p (a INT, b INT, PRIMARY KEY (a, b)) WITHOUT ROWID;
        CREATE TABLE c (x INT, y INT, FOREIGN KEY (x, y) REFERENCES p DEFERRABLE INITIALLY DEFERRED);
        INSERT INTO p VALUES (1, 2);
        INSERT INTO c VALUES (1, 2), (1, NULL), (2, 1);
    """)
    (misfit,) = made.misfits()
    assert misfit[:4] == ("c", "x, y", (3,), "2, 1")
    assert [key.is_deferred for key in made.table("c").foreign_keys] == [True]


def test_of_a_reference_by_several_columns_one_becomes_null(make_plan_of: MakePlan) -> None:
    made = make_plan_of(
        """
        CREATE TABLE p (a INT, b INT, PRIMARY KEY (a, b));
        CREATE TABLE c (x INT NOT NULL, y INT, FOREIGN KEY (x, y) REFERENCES p);
        INSERT INTO c VALUES (2, 1);
        """,
        'tables.c.columns.y.on_misfit = "null"',
    )
    assert (made.misfits(), made.rows("c")) == ([], [(2, None)])


def test_rows_that_refer_to_their_own_table_are_skipped(make_plan_of: MakePlan) -> None:
    made = make_plan_of(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, up INT REFERENCES t); INSERT INTO t VALUES (1, NULL), (2, 1), (3, 9)",
        'tables.t.columns.up.on_misfit = "skip"',
    )
    assert (made.misfits(), made.rows("t")) == ([], [(1, None), (2, 1)])
