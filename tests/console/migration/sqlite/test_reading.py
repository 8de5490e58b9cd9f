from __future__ import annotations

import pytest

from tests.console.migration.conftest import MakePlan

SKIP = 'tables.t.columns.name.on_misfit = "skip"'


@pytest.mark.parametrize("encoding", ["UTF-8", "UTF-16le", "UTF-16be"])
def test_texts_of_every_encoding_of_a_file_stay_in(make_plan_of: MakePlan, encoding: str) -> None:
    made = make_plan_of(
        f"""
        PRAGMA encoding = '{encoding}';
        CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT, n INT);
        INSERT INTO t VALUES (1, 'Ärger 😀', '12'), (2, 'a' || char(0), 3), (3, 'c', 'x');
        """,
        SKIP + '\ntables.t.columns.n.on_misfit = "skip"',
    )
    assert (made.misfits(), made.rows("t")) == ([], [(1, "Ärger 😀", 12)])
    assert made.table("t").left_out == 2


def test_null_is_skipped_where_it_may_not_be_and_no_duplicate_is(make_plan_of: MakePlan) -> None:
    made = make_plan_of(
        """
        CREATE TABLE t (name TEXT PRIMARY KEY, other TEXT);
        INSERT INTO t VALUES ('a', NULL), (NULL, 'b'), (' ', 'c'), ('a ', NULL);
        """,
        SKIP + '\ntables.t.columns.other.on_misfit = "skip"\ntables.t.columns.name.convert = ["trim", "empty_to_null"]',
    )
    assert made.rows("t") == [("a", None), ("a", None)]
    assert [(key, value, reason) for _, _, key, value, reason in made.misfits()] == [
        (("a ",), "a", "is there twice where it is to be unique: in row 'a' as well")
    ]
