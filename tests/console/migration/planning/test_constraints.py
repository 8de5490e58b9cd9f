from __future__ import annotations

from console.migration.plan import PlannedIndex
from tests.console.migration.conftest import MakePlan
from tests.console.migration.planning.conftest import Copy


def test_indexes_uniques_and_checks_move_where_postgresql_has_them(make_plan_of: MakePlan) -> None:
    made = make_plan_of("""
        CREATE TABLE t (
            id INTEGER PRIMARY KEY, a TEXT, b INT, c TEXT COLLATE NOCASE, active BOOLEAN CHECK (active IN (0, 1)),
            UNIQUE (a, b), UNIQUE (b, a), CHECK (b > 0), CHECK (a GLOB 'x*'), UNIQUE (c DESC)
        );
        CREATE UNIQUE INDEX one_active ON t (b) WHERE active = 1;
        CREATE INDEX by_lower ON t (lower(a), b DESC);
        CREATE INDEX by_part ON t (substr(a, 1, 3));
        CREATE UNIQUE INDEX by_like ON t (a) WHERE a LIKE 'x%';
        CREATE INDEX trimmed ON t (a COLLATE RTRIM);
        CREATE INDEX number_without_case ON t (b COLLATE NOCASE);
    """)
    table = made.table("t")
    assert sorted(table.uniques) == [("a", "b"), ("b", "a")]
    assert table.checks == ('"active" IN ( FALSE , TRUE )', '"b" > 0')
    assert {index.name: index for index in table.indexes} == {
        "one_active": PlannedIndex("one_active", ('"b"',), is_unique=True, where='"active" = TRUE'),
        "by_lower": PlannedIndex("by_lower", ('lower("a")', '"b" DESC')),
        "number_without_case": PlannedIndex("number_without_case", ('"b"',)),
        "t_c_key": PlannedIndex("t_c_key", ('lower("c") DESC',), is_unique=True),
    }
    notes = made.notes()
    assert "t: CHECK (a GLOB 'x*') does not move" in notes
    assert "t: index by_part does not move: CREATE INDEX by_part ON t (substr(a, 1, 3))" in notes
    assert "t: index by_like and with it what it keeps unique does not move" in notes
    assert "t: index trimmed does not move" in notes


def test_an_index_of_a_column_that_is_left_out_is_named(make_plan_of: MakePlan) -> None:
    made = make_plan_of("CREATE TABLE t (a INT, b INT, UNIQUE (a, b))", "tables.t.columns.b.skip = true")
    assert made.table("t").indexes == ()
    assert "and with it what it keeps unique does not move: a column of it is left out" in made.notes()
    assert "t: column b is left out by rule" in made.notes()


def test_names_of_indexes_keep_clear_of_tables(make_plan_of: MakePlan) -> None:
    made = make_plan_of("CREATE TABLE t (a INT); CREATE INDEX u ON t (a)", "tables.t.rename = 'u'")
    assert [index.name for index in made.table("t").indexes] == ["u_"]


def test_a_key_by_rule_leaves_the_old_one_unique(make_plan_of: MakePlan) -> None:
    made = make_plan_of("CREATE TABLE t (a TEXT PRIMARY KEY, b INT)", "tables.t.key = 'b'")
    assert (made.table("t").key, made.table("t").uniques) == (("b",), (("a",),))


def test_a_key_without_case_stays_a_key(make_plan_of: MakePlan) -> None:
    made = make_plan_of("CREATE TABLE t (a TEXT COLLATE NOCASE PRIMARY KEY)")
    assert made.table("t").key == ("a",)
    assert [index.terms for index in made.table("t").indexes] == [('lower("a")',)]


def test_names_of_indexes_keep_clear_of_those_that_postgresql_gives(make_plan_of: MakePlan, copy: Copy) -> None:
    long = "t" * 62
    made = make_plan_of(f"""
        CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT UNIQUE, name TEXT COLLATE NOCASE UNIQUE);
        CREATE INDEX users_pkey ON users (email);
        CREATE INDEX users_id_seq ON users (email);
        CREATE INDEX users_email_key ON users (email);
        CREATE TABLE {long} (a TEXT PRIMARY KEY, {"b" * 40} TEXT UNIQUE);
        CREATE INDEX {long[:58]}_pkey ON {long} (a);
        CREATE INDEX {"t" * 29}_{"b" * 29}_key ON {long} (a);
        INSERT INTO users VALUES (1, 'a@example.com', 'A');
    """)
    assert [index.name for index in made.table("users").indexes] == [
        "users_name_key",
        "users_email_key_",
        "users_id_seq_",
        "users_pkey_",
    ]
    assert "users: index users_pkey becomes users_pkey_" in made.notes()
    assert "users_name_key becomes" not in made.notes()
    assert copy(made, "SELECT count(*) FROM pg_class WHERE relname LIKE 'users%\\_'") == [(3,)]
    assert all(len(index.name) == 63 and index.name[-9] == "_" for index in made.table(long).indexes)


def test_conditions_on_texts_without_case_are_named_and_stay_behind(make_plan_of: MakePlan) -> None:
    made = make_plan_of("""
        CREATE TABLE t (
            k TEXT, s TEXT COLLATE NOCASE CHECK (s IN ('open', 'shut')), u TEXT COLLATE RTRIM CHECK (u <> '')
        );
        CREATE UNIQUE INDEX one_open ON t (k) WHERE s = 'open';
    """)
    assert (made.table("t").checks, made.table("t").indexes) == ((), ())
    assert "t: CHECK (s IN ( 'open' , 'shut' )) does not move" in made.notes()
    assert "t: CHECK (u <> '') does not move" in made.notes()
    assert "t: index one_open and with it what it keeps unique does not move" in made.notes()
