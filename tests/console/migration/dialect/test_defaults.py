from __future__ import annotations

import psycopg
import pytest

from console.migration.dialect.defaults import target_default
from console.migration.kinds import Kind

UTC_NOW = "(CURRENT_TIMESTAMP AT TIME ZONE 'UTC')"


@pytest.mark.parametrize(
    ("sql", "kind", "expected"),
    [
        ("CURRENT_TIMESTAMP", "timestamptz", "CURRENT_TIMESTAMP"),
        ("datetime('now')", "timestamp", UTC_NOW),
        ("(datetime())", "text", "to_char(CURRENT_TIMESTAMP AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS')"),
        ("current_date", "text", "to_char(CURRENT_TIMESTAMP AT TIME ZONE 'UTC', 'YYYY-MM-DD')"),
        ("date('now')", "date", f"{UTC_NOW}::date"),
        ("(unixepoch())", "bigint", "extract(epoch FROM CURRENT_TIMESTAMP)::bigint"),
        ("(CAST(strftime('%s', 'now') AS INTEGER))", "bigint", "extract(epoch FROM CURRENT_TIMESTAMP)::bigint"),
        ("CURRENT_TIMESTAMP", "bigint", None),
        ("0", "boolean", "FALSE"),
        ("TRUE", "boolean", "TRUE"),
        ("'t'", "boolean", "TRUE"),
        ("-1", "bigint", "-1"),
        ("(0x1F)", "bigint", "31"),
        ("+1.50", "numeric", "1.5"),
        ("-1.5", "double precision", "-1.5"),
        ("'it''s'", "text", "'it''s'"),
        ('"user"', "text", "'user'"),
        ("'2024-01-01'", "date", "'2024-01-01'"),
        ("'2024-01-01T00:00:00Z'", "timestamptz", "'2024-01-01 00:00:00+00:00'"),
        ("'{}'", "jsonb", "'{}'"),
        ("'x'", "bigint", None),
        ("x'00'", "bytea", None),
        ("hex(randomblob(16))", "text", None),
        ("1 + 1", "bigint", None),
        ("- x", "bigint", None),
    ],
    ids=lambda each: str(each)[:24],
)
def test_a_default_is_said_as_postgresql_takes_it(
    sql: str, kind: Kind, expected: str | None, database_url: str
) -> None:
    made = target_default(sql, kind)
    assert made == expected
    if made is not None:
        with psycopg.connect(database_url) as connection:
            connection.execute(f"CREATE TABLE t (a {kind} DEFAULT {made}, b int)".encode())
            connection.execute("INSERT INTO t (b) VALUES (1)")
            assert connection.execute("SELECT a IS NOT NULL FROM t").fetchone() == (True,)
