from __future__ import annotations

import pytest

from tests.console.migration.conftest import MakePlan
from tests.console.migration.planning.conftest import Copy


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


def test_what_leads_to_skipped_rows_is_skipped_however_long_the_chain(make_plan_of: MakePlan, copy: Copy) -> None:
    made = make_plan_of(
        """
        CREATE TABLE t (id INTEGER PRIMARY KEY, up INT REFERENCES t);
        INSERT INTO t VALUES (1, NULL), (2, 1), (3, 9), (4, 3), (5, 4), (6, 5), (7, 8), (8, 7);
        """,
        'tables.t.columns.up.on_misfit = "skip"',
    )
    kept = [(1, None), (2, 1), (7, 8), (8, 7)]
    assert (made.misfits(), made.rows("t"), made.table("t").left_out) == ([], kept, 4)
    assert copy(made, "SELECT id, up FROM t ORDER BY id") == kept


CIRCLE = """
CREATE TABLE a (id INTEGER PRIMARY KEY, b_id TEXT REFERENCES b);
CREATE TABLE b (id TEXT PRIMARY KEY, a_id INT REFERENCES a) WITHOUT ROWID;
INSERT INTO a VALUES (1, 'x'), (2, 'y'), (3, 'z'), (4, NULL);
INSERT INTO b VALUES ('x', 9), ('y', 1), ('z', 2), ('u', 4);
"""


def test_what_leads_to_skipped_rows_is_skipped_around_a_circle_of_tables(make_plan_of: MakePlan, copy: Copy) -> None:
    rules = 'tables.a.columns.b_id.on_misfit = "skip"\ntables.b.columns.a_id.on_misfit = "skip"'
    made = make_plan_of(CIRCLE, rules)
    assert (made.misfits(), made.rows("a"), made.rows("b")) == ([], [(4, None)], [("u", 4)])
    assert copy(made, "SELECT a.id, b.id FROM a JOIN b ON b.a_id = a.id") == [(4, "u")]


def test_in_a_circle_a_reference_to_a_skipped_row_becomes_null_or_a_misfit(make_plan_of: MakePlan) -> None:
    made = make_plan_of(CIRCLE, 'tables.a.columns.b_id.on_misfit = "null"\ntables.b.columns.a_id.on_misfit = "skip"')
    assert (made.misfits(), made.rows("b")) == ([], [("u", 4), ("y", 1), ("z", 2)])
    assert made.rows("a") == [(1, None), (2, "y"), (3, "z"), (4, None)]
    made = make_plan_of("DROP TABLE a; DROP TABLE b;" + CIRCLE, 'tables.b.columns.a_id.on_misfit = "skip"')
    assert [misfit[:4] for misfit in made.misfits()] == [("a", "b_id", (1,), "x")]


def test_a_rule_may_name_its_table_where_that_refers_to_itself(make_plan_of: MakePlan) -> None:
    made = make_plan_of(
        """
        CREATE TABLE cat (id INTEGER PRIMARY KEY, up INT REFERENCES cat, deleted INT);
        INSERT INTO cat VALUES (1, NULL, 1), (2, 1, 0), (3, NULL, 0), (4, 3, 0);
        """,
        """
        [tables.cat]
        where = "cat.deleted = 0"
        columns.up.on_misfit = "null"
        """,
    )
    assert (made.misfits(), made.rows("cat")) == ([], [(2, None, 0), (3, None, 0), (4, 3, 0)])


def test_a_unique_index_of_plain_columns_is_enough_to_be_referred_to(make_plan_of: MakePlan, copy: Copy) -> None:
    made = make_plan_of("""
        CREATE TABLE p (a TEXT, b INT, c TEXT COLLATE NOCASE);
        CREATE UNIQUE INDEX p_plain ON p (b DESC, a);
        CREATE UNIQUE INDEX p_part ON p (b) WHERE b > 0;
        CREATE UNIQUE INDEX p_folded ON p (c);
        CREATE INDEX p_a ON p (a);
        CREATE TABLE c (x TEXT, y INT, FOREIGN KEY (x, y) REFERENCES p (a, b));
        CREATE TABLE d (y INT REFERENCES p (b), x TEXT REFERENCES p (c), z TEXT REFERENCES p (a));
        INSERT INTO p VALUES ('q', 1, 'r');
        INSERT INTO c VALUES ('q', 1);
    """)
    assert [key.parent_columns for key in made.table("c").foreign_keys] == [("a", "b")]
    assert made.table("d").foreign_keys == ()
    assert made.notes().count("there is no key or UNIQUE for it") == 3
    asked = "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'f'"
    assert copy(made, asked) == [("FOREIGN KEY (x, y) REFERENCES p(a, b)",)]
