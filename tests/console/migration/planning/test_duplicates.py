from __future__ import annotations

from tests.console.migration.conftest import MakePlan


def test_only_indexes_whose_values_change_are_looked_at(make_plan_of: MakePlan) -> None:
    made = make_plan_of("""
        CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, at TIMESTAMPTZ, n NUMERIC);
        CREATE UNIQUE INDEX plain ON t (a);
        CREATE UNIQUE INDEX raised ON t (upper(a));
        CREATE UNIQUE INDEX instant ON t (at DESC, n);
        CREATE UNIQUE INDEX trimmed ON t (abs(id), a);
        INSERT INTO t VALUES (1, 'a', '2024-01-01T00:00:00Z', 1), (2, 'b', '2024-01-01 00:00:00+00:00', 1),
            (3, 'c', '2024-01-01 00:00Z', 2);
    """)
    assert [(column, key, value) for _, column, key, value, _ in made.misfits()] == [
        ("at, n", (2,), "2024-01-01 00:00:00+00:00, 1")
    ]


def test_what_only_postgresql_folds_is_found_in_large_and_in_small_letters(make_plan_of: MakePlan) -> None:
    made = make_plan_of("""
        CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT);
        CREATE UNIQUE INDEX raised ON t (upper(a) DESC);
        CREATE UNIQUE INDEX lowered ON t (lower(b));
        INSERT INTO t VALUES (1, 'ä', 'x'), (2, 'Ä', 'Ö'), (3, 'c', 'ö');
    """)
    assert {(column, key) for _, column, key, _, _ in made.misfits()} == {("a", (2,)), ("b", (3,))}
