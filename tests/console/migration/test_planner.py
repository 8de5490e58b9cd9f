from __future__ import annotations

import pytest

from console.errors import ConsoleError
from console.migration.plan import MisfitCount
from tests.console.migration.conftest import NOW, MakePlan

PARENTS = """
CREATE TABLE tenants (id INTEGER PRIMARY KEY, uid TEXT UNIQUE);
CREATE TABLE users (
    id INTEGER PRIMARY KEY, email TEXT NOT NULL,
    tenant_id INT REFERENCES tenants (id) ON DELETE SET NULL
);
CREATE TABLE notes (id INTEGER PRIMARY KEY, user_id INT NOT NULL REFERENCES users);
INSERT INTO tenants VALUES (1, 'a'), (2, 'b');
INSERT INTO users VALUES (1, 'x@example.com', 1), (2, 'y@example.com', NULL), (3, 'z@example.com', 2);
INSERT INTO notes VALUES (1, 1), (2, 2), (3, 3);
"""
NOWHERE = "refers to a row of {} that is not there, or does not move"


def test_a_database_that_fits_is_planned_in_the_order_of_its_references(make_plan_of: MakePlan) -> None:
    made = make_plan_of(PARENTS)
    assert [(table.name, table.rows, table.left_out) for table in made.plan.tables] == [
        ("tenants", 2, 0),
        ("users", 3, 0),
        ("notes", 3, 0),
    ]
    assert (made.plan.misfits, made.plan.counts, made.plan.notes, made.plan.now) == ((), (), (), NOW)
    (key,) = made.table("users").foreign_keys
    assert (key.columns, key.parent, key.parent_columns, key.on_delete) == (
        ("tenant_id",),
        "tenants",
        ("id",),
        "SET NULL",
    )
    assert made.table("users").identity == "id"
    assert made.table("tenants").uniques == (("uid",),)


def test_values_of_another_kind_are_named_with_row_and_column(make_plan_of: MakePlan) -> None:
    made = make_plan_of("""
        CREATE TABLE t (
            id INTEGER PRIMARY KEY, n INTEGER, b BOOLEAN, at DATETIME, day DATE, price DECIMAL(10, 2), r REAL,
            name VARCHAR(5), data BLOB, doc JSON, uid UUID
        );
        INSERT INTO t VALUES (1, 5, 1, '2024-01-01 10:00:00', '2024-01-01', 19.99, 1.5, 'long text', x'00', '{}',
            '6f9619ff-8b86-d011-b42d-00c04fc964ff');
        INSERT INTO t VALUES (2, 'five', 2, '2024-01-01T10:00:00Z', '0000-00-00', 'much', 9e999, 'a' || char(0), 'x',
            '{', 'me');
        INSERT INTO t VALUES (3, 9223372036854775807, 'true', '2024-01-01', NULL, 9e999, NULL, CAST(x'c3' AS TEXT),
            NULL, NULL, NULL);
    """)
    found = {(column, *key): reason for _, column, key, _, reason in made.misfits()}
    assert found.pop(("b", 2)).startswith("is neither true nor false")
    assert found.pop(("doc", 2)).startswith("is no JSON: ")
    assert found == {
        ("n", 2): "is a text, not a whole number",
        ("at", 1): "is a time without an offset from UTC",
        ("at", 3): "is a time without an offset from UTC",
        ("day", 2): "is no time that there is, in the years 1 to 9999",
        ("price", 2): "is a text that is no number",
        ("price", 3): "is infinite or no number",
        ("name", 2): "has a NUL character, which a text in PostgreSQL cannot have",
        ("name", 3): "is no UTF-8: bytes c3 at byte 0",
        ("data", 2): "is a text, not bytes",
        ("uid", 2): "is no UUID",
    }
    assert MisfitCount("t", "at", "is a time without an offset from UTC", 2) in made.plan.counts


def test_of_many_misfits_the_first_are_shown_and_all_counted(make_plan_of: MakePlan) -> None:
    made = make_plan_of(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, x INT);"
        "WITH n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500)"
        "INSERT INTO t SELECT i, iif(i % 2, 'odd', i) FROM n",
        most=3,
    )
    assert [key for _, _, key, _, _ in made.misfits()] == [(1,), (3,), (5,)]
    assert [each.count for each in made.plan.counts] == [1250]


def test_null_in_a_key_or_a_column_that_may_not_be_null_is_a_misfit(make_plan_of: MakePlan) -> None:
    made = make_plan_of("CREATE TABLE t (k TEXT PRIMARY KEY, x); INSERT INTO t VALUES (NULL, 1), ('a', 2)")
    assert made.misfits() == [("t", "k", (None,), None, "is NULL where the column may not be")]


def test_rows_that_refer_to_nothing_are_named(make_plan_of: MakePlan) -> None:
    made = make_plan_of(PARENTS + "INSERT INTO users VALUES (4, 'w', 77); INSERT INTO notes VALUES (4, 88)")
    assert made.misfits() == [
        ("users", "tenant_id", (4,), 77, NOWHERE.format("tenants")),
        ("notes", "user_id", (4,), 88, NOWHERE.format("users")),
    ]


def test_a_parent_that_a_rule_leaves_out_is_missed_by_its_children(make_plan_of: MakePlan) -> None:
    made = make_plan_of(PARENTS, "tables.users.where = 'id <> 3'")
    assert made.misfits() == [("notes", "user_id", (3,), 3, NOWHERE.format("users"))]
    assert (made.table("users").rows, made.table("users").left_out) == (2, 1)
    whole = make_plan_of(
        "DROP TABLE notes; DROP TABLE users; DROP TABLE tenants;" + PARENTS, "tables.tenants.skip = true"
    )
    assert [(column, key) for _, column, key, _, _ in whole.misfits()] == [("tenant_id", (1,)), ("tenant_id", (3,))]
    assert "users: the reference of tenant_id to tenants does not move: that table does not move" in whole.plan.notes


def test_rules_say_what_becomes_of_rows_that_refer_to_nothing(make_plan_of: MakePlan) -> None:
    made = make_plan_of(
        PARENTS,
        """
        tables.tenants.where = "id = 1"
        tables.users.columns.tenant_id.on_misfit = "null"
        tables.notes.columns.user_id.on_misfit = "skip"
        tables.users.where = "id <> 2"
        """,
    )
    assert made.misfits() == []
    assert made.rows("users") == [(1, "x@example.com", 1), (3, "z@example.com", None)]
    assert made.rows("notes") == [(1, 1), (3, 3)]
    assert (made.table("notes").rows, made.table("notes").left_out) == (2, 1)


def test_what_follows_from_a_row_that_is_skipped_is_skipped_too(make_plan_of: MakePlan) -> None:
    made = make_plan_of(
        PARENTS + "INSERT INTO users VALUES (4, CAST(x'ff' AS TEXT), 1); INSERT INTO notes VALUES (4, 4)",
        """
        tables.users.columns.email.on_misfit = "skip"
        tables.notes.columns.user_id.on_misfit = "skip"
        """,
    )
    assert made.misfits() == []
    assert [row[0] for row in made.rows("users")] == [1, 2, 3]
    assert [row[0] for row in made.rows("notes")] == [1, 2, 3]


def test_tables_that_refer_to_each_other_and_to_themselves_are_planned(make_plan_of: MakePlan) -> None:
    made = make_plan_of("""
        CREATE TABLE b (id INTEGER PRIMARY KEY, a_id INT REFERENCES a);
        CREATE TABLE a (id INTEGER PRIMARY KEY, b_id INT REFERENCES b, up INT REFERENCES a);
        INSERT INTO a VALUES (1, 1, 2), (2, NULL, 3);
        INSERT INTO b VALUES (1, 1), (2, 9);
    """)
    assert {(table.name, key.parent, key.is_in_cycle) for table in made.plan.tables for key in table.foreign_keys} == {
        ("a", "b", True),
        ("b", "a", True),
        ("a", "a", False),
    }
    assert {(table, column, value) for table, column, _, value, _ in made.misfits()} == {
        ("a", "up", 3),
        ("b", "a_id", 9),
    }
    assert "a and b refer to each other: that constraint comes last" in made.plan.notes


def test_values_that_become_equal_are_duplicates(make_plan_of: MakePlan) -> None:
    made = make_plan_of("""
        CREATE TABLE t (id INTEGER PRIMARY KEY, at TIMESTAMPTZ UNIQUE, n TEXT UNIQUE);
        INSERT INTO t VALUES (1, '2024-01-01T10:00:00Z', 'a'), (2, '2024-01-01 11:00:00+01:00', 'A'), (3, NULL, NULL),
            (4, NULL, NULL);
    """)
    (misfit,) = made.misfits()
    assert (misfit[:3], misfit[4]) == (
        ("t", "at", (2,)),
        "is there twice where it is to be unique: in row 1 as well",
    )
    lower = make_plan_of(
        "DROP TABLE t; CREATE TABLE t (n TEXT UNIQUE); INSERT INTO t VALUES ('a'), ('A')",
        'tables.t.columns.n.convert = "lower"',
    )
    assert [(column, key) for _, column, key, _, _ in lower.misfits()] == [("n", (2,))]


def test_a_text_unique_without_case_stays_so_and_what_only_postgresql_folds_is_named(make_plan_of: MakePlan) -> None:
    made = make_plan_of("""
        CREATE TABLE t (id INTEGER PRIMARY KEY, n TEXT COLLATE NOCASE UNIQUE);
        INSERT INTO t VALUES (1, 'Ä'), (2, 'ä'), (3, 'b');
    """)
    (index,) = made.table("t").indexes
    assert (index.terms, index.is_unique, made.table("t").uniques) == (('lower("n")',), True, ())
    assert [(column, key) for _, column, key, _, _ in made.misfits()] == [("n", (2,))]


def test_a_key_by_rule_is_held_unique(make_plan_of: MakePlan) -> None:
    made = make_plan_of(
        "CREATE TABLE t (a INT, b TEXT); INSERT INTO t VALUES (1, 'x'), (1, 'y'), (1, 'x')", "tables.t.key = 'A, b'"
    )
    assert made.table("t").key == ("a", "b")
    (misfit,) = made.misfits()
    assert misfit[:4] == ("t", "a, b", (1, "x"), "1, x")


def test_names_become_such_as_postgresql_can_have(make_plan_of: MakePlan) -> None:
    long = "x" * 62 + "ü"
    made = make_plan_of(f"""
        CREATE TABLE "Order" (Id INTEGER PRIMARY KEY, "Group By" TEXT, xmin INT, "{long}1" INT, "{long}2" INT);
        CREATE TABLE "" (a INT);
        CREATE TABLE "per ""cent"" %" (a INT);
        INSERT INTO "Order" VALUES (1, 'a', 2, 3, 4);
    """)
    targets = [column.target for column in made.table("Order").columns]
    assert targets[:3] == ["id", "group by", "xmin_"]
    assert len(set(targets)) == 5
    assert all(len(target.encode()) <= 63 for target in targets)
    assert {table.target for table in made.plan.tables} == {"order", "unnamed", 'per "cent" %'}
    assert made.rows("Order") == [(1, "a", 2, 3, 4)]
    assert "Order: becomes order" in made.plan.notes


def test_a_table_for_dynamodb_has_a_time_to_live_and_no_references(make_plan_of: MakePlan) -> None:
    made = make_plan_of(
        PARENTS
        + """
        CREATE TABLE sessions (token TEXT PRIMARY KEY, user_id INT REFERENCES users, expires_at INT, score REAL);
        INSERT INTO sessions VALUES ('a', 1, 4000000000, 1.5), ('b', 9, 1, 1), ('', 2, 4000000000, 9e999);
        """,
        """
        [tables.sessions]
        destination = "dynamodb"
        ttl = "expires_at"
        where = "expires_at > :now_s"
        columns.expires_at.convert = "unixepoch"
        """,
    )
    table = made.table("sessions")
    assert (table.destination, table.ttl, table.rows, table.left_out, table.foreign_keys) == (
        "dynamodb",
        "expires_at",
        2,
        1,
        (),
    )
    assert {(column, value) for _, column, _, value, _ in made.misfits()} == {("token", ""), ("score", float("inf"))}
    assert "sessions: the reference of user_id to users does not move: DynamoDB has none" in made.plan.notes


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ("tables.nobody.skip = true", "tables.nobody: there is no nobody; there are notes, tenants, users"),
        ("tables.users.columns.nothing.skip = true", "there is no nothing; there are id, email, tenant_id"),
        ("tables.users.key = 'nothing'", "there is no nothing"),
        ("tables.users.ttl = 'id'", 'ttl is for destination = "dynamodb" alone'),
        ("tables.users.where = 'age > 1'", "no such column: age"),
        ("tables.users.where = 'id > :then'", "there is no :"),
        ("tables.users.where = '1); DROP TABLE users; --'", "where = "),
        ("tables.users.where = 'id > 1 -- all'", "incomplete input"),
        ("tables.users.rename = 'tenants'\ntables.tenants.rename = 'tenants'", "which is taken"),
        (f"tables.users.rename = '{'x' * 64}'", "longer than 63 bytes"),
        ("tables.users.columns.email.rename = 'id'", "which is taken"),
        ("tables.users.columns.id.skip = true", "a column of its key id is left out"),
        ("tables.users.columns.email.on_misfit = 'null'", "but it is NOT NULL"),
    ],
    ids=lambda each: each[:30].replace("\n", " "),
)
def test_rules_that_the_source_contradicts_are_refused(make_plan_of: MakePlan, toml: str, said: str) -> None:
    with pytest.raises(ConsoleError) as refused:
        make_plan_of(PARENTS, toml)
    assert said in str(refused.value)
    assert refused.value.code == 2


def test_a_table_for_dynamodb_needs_a_key(make_plan_of: MakePlan) -> None:
    with pytest.raises(ConsoleError, match="has no primary key"):
        make_plan_of("CREATE TABLE t (a)", "tables.t.destination = 'dynamodb'")


def test_what_sqlite_itself_cannot_read_is_no_plan(make_plan_of: MakePlan) -> None:
    with pytest.raises(ConsoleError, match="cannot be read: integer overflow"):
        make_plan_of(
            "CREATE TABLE t (a INT); INSERT INTO t VALUES (-9223372036854775807 - 1); ALTER TABLE t ADD b AS (abs(a))"
        )


def test_an_empty_file_moves_nothing(make_plan_of: MakePlan) -> None:
    assert make_plan_of("").plan.tables == ()
