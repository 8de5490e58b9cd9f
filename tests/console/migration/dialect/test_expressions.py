from __future__ import annotations

import psycopg
import pytest

from console.migration.dialect.expressions import portable_condition, portable_term
from console.migration.kinds import Kind
from console.migration.plan import PlannedColumn
from console.migration.sqlite.tokens import tokens

KINDS: dict[str, Kind] = {
    "n": "bigint",
    "price": "numeric",
    "name": "text",
    "other": "text",
    "active": "boolean",
    "at": "timestamptz",
    "Order By": "text",
    "nick": "text",
}
COLUMNS = {name.lower(): PlannedColumn(name, name.lower(), kind, is_nullable=True) for name, kind in KINDS.items()}
FOLDED = frozenset({"nick"})
TABLE = ", ".join(f'"{column.target}" {column.kind}' for column in COLUMNS.values())


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("n > 0", '"n" > 0'),
        ("N BETWEEN 1 AND 5 and price <= 1.5", '"n" BETWEEN 1 AND 5 AND "price" <= 1.5'),
        ("(n + price) * 2 <> -1", None),
        ("n + price <> -1", '"n" + "price" <> - 1'),
        ("name IN ('a', 'it''s')", "\"name\" IN ( 'a' , 'it''s' )"),
        ("[order by] NOT IN ('a') OR NOT (name == 'b')", "\"order by\" NOT IN ( 'a' ) OR NOT ( \"name\" = 'b' )"),
        ("name != other", '"name" <> "other"'),
        ("length(name) = 16", 'length("name") = 16'),
        ("abs(n) < 3", 'abs("n") < 3'),
        ("n NOT BETWEEN 1 AND 5 AND n BETWEEN - 1 AND 9", '"n" NOT BETWEEN 1 AND 5 AND "n" BETWEEN - 1 AND 9'),
        ("nick IS NOT NULL AND length(nick) < 9", '"nick" IS NOT NULL AND length("nick") < 9'),
        ("(n = 1 OR name = 'a') AND NOT active = 1", '( "n" = 1 OR "name" = \'a\' ) AND NOT "active" = TRUE'),
        ("nick = 'a'", None),
        ("Nick IN ('a')", None),
        ("name = nick", None),
        ("lower(name) = 'a'", None),
        ("upper(name) = 'A'", None),
        ("n", None),
        ("active", None),
        ("NOT n", None),
        ("1", None),
        ("n > 0 = 1", None),
        ("n = 1 IN (0, 1)", None),
        ("n BETWEEN 1 AND n = 1", None),
        ("n BETWEEN 1 AND", None),
        ("(n = 1) IN (0, 1)", None),
        ("(n = 1) BETWEEN 0 AND 1", None),
        ("(n = 1) IS NULL", None),
        ("active = 1 AND at IS NOT NULL", '"active" = TRUE AND "at" IS NOT NULL'),
        ("active IN (0, 1)", '"active" IN ( FALSE , TRUE )'),
        ("active IS NULL", '"active" IS NULL'),
        ("at = at", '"at" = "at"'),
        ("name > 'a'", None),
        ("name = 1", None),
        ("n = 'a'", None),
        ("(name) > 5", None),
        ("n > (5)", None),
        ("at > '2024-01-01'", None),
        ("active = 2", None),
        ("active = 'true'", None),
        ("n IS 5", None),
        ("n IS NOT 5", None),
        ("name LIKE 'a%'", None),
        ("typeof(n) = 'integer'", None),
        ("length(n) = 1", None),
        ("abs(name) = 1", None),
        ("length(name || other) = 1", None),
        ("length", None),
        ('name = "a"', None),
        ("n > 0x1F", None),
        ("nothing > 0", None),
    ],
    ids=lambda each: str(each)[:32],
)
def test_a_condition_is_said_where_postgresql_means_the_same_by_it(
    sql: str, expected: str | None, database_url: str
) -> None:
    made = portable_condition(tokens(sql), COLUMNS, FOLDED)
    assert made == expected
    if made is not None:
        with psycopg.connect(database_url) as connection:
            connection.execute(f"CREATE TABLE t ({TABLE}, CHECK ({made}))".encode())


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("lower(name)", 'lower("name")'),
        ("UPPER(name)", 'upper("name")'),
        ("abs(n)", 'abs("n")'),
        ("lower(n)", None),
        ("lower(nothing)", None),
        ("substr(name, 1)", None),
        ("n + 1", None),
    ],
)
def test_a_term_of_an_index_is_a_function_of_a_column(sql: str, expected: str | None) -> None:
    assert portable_term(tokens(sql), COLUMNS) == expected
