from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.console.conftest import RunConsole

SCRIPT = """
CREATE TABLE Users (id INTEGER PRIMARY KEY, email TEXT NOT NULL COLLATE NOCASE UNIQUE, boss INT REFERENCES Users,
    role TEXT DEFAULT 'user' CHECK (role IN ('user', 'admin')), n INT);
CREATE INDEX by_role ON Users (role DESC) WHERE role <> 'user';
CREATE TABLE sessions (token TEXT PRIMARY KEY, expires_at INT UNIQUE);
CREATE VIEW v AS SELECT 1;
INSERT INTO Users VALUES (1, 'me@example.com', NULL, 'user', 'one'),
    (2, 'you@example.com', 1, 'user', 'two'), (3, 'x', 1, 'admin', 3);
INSERT INTO sessions VALUES ('a', 1), ('b', 4000000000);
"""
RULES = """
tables.Users.columns.n.kind = "text"
tables.Users.columns.n.convert = "text"
tables.Users.columns.role.skip = true
[tables.sessions]
destination = "dynamodb"
ttl = "expires_at"
where = "expires_at > :now_s"
columns.expires_at.convert = "unixepoch"
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "my app.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(SCRIPT)
    return path


def test_a_plan_with_misfits_names_them_and_ends_with_1(run_console: RunConsole, path: Path) -> None:
    ran = run_console("migrate", "plan", str(path), "--most", "1")
    assert ran.code == 1
    assert "Users as users: 3 rows" in ran.out
    assert "  id     bigint, key, counts by itself" in ran.out
    assert "  email  text, not null" in ran.out
    assert "  boss refers to users (id)" in ran.out
    assert '  index by_role: "role" DESC where "role" <> \'user\'' in ran.out
    assert '  unique index users_email_key: lower("email")' in ran.out
    assert "  check: \"role\" IN ( 'user' , 'admin' )" in ran.out
    assert "  unique: expires_at" in ran.out
    assert "2 misfits:" in ran.out
    assert "  Users, row 1, column n: 'one' is a text, not a whole number" in ran.out
    assert "  Users.n: 1 more whose value is a text, not a whole number" in ran.out
    assert "  view v does not move" in ran.out
    assert "nothing is copied" in ran.out


def test_values_can_be_hidden(run_console: RunConsole, path: Path) -> None:
    ran = run_console("migrate", "plan", str(path), "--hide-values")
    assert "column n: (a text of length 3) is a text" in ran.out
    assert "'one'" not in ran.out


def test_a_plan_by_rules_says_what_a_copy_would_move(run_console: RunConsole, path: Path, tmp_path: Path) -> None:
    rules = tmp_path / "migration.toml"
    rules.write_text(RULES)
    ran = run_console("migrate", "plan", str(path), "--rules", str(rules), "--now", "2026-01-31T12:00:00Z")
    assert ran.code == 0, ran.err
    assert "sessions to DynamoDB: 1 row, 1 left out by rule" in ran.out
    assert "expires_at  timestamptz, by unixepoch, by whose time items are forgotten" in ran.out
    assert "A copy moves 1 table with 3 rows to PostgreSQL and 1 table with 1 row to DynamoDB" in ran.out
    assert "--now 2026-01-31T12:00:00Z" in ran.out


def test_a_plan_is_told_as_json_and_the_backup_stays(run_console: RunConsole, path: Path, tmp_path: Path) -> None:
    ran = run_console("migrate", "plan", str(path), "--json", "--backup", str(tmp_path / "kept.sqlite"))
    plan = json.loads(ran.out)
    assert ran.code == 1
    assert plan["fits"] is False
    assert plan["misfits"][0]["value"] == "'one'"
    assert plan["misfits"][0]["key"] == "1"
    assert plan["counts"][0]["count"] == 2
    assert [table["target"] for table in plan["tables"]] == ["sessions", "users"]
    assert (tmp_path / "kept.sqlite").exists()


def test_an_empty_database_moves_nothing(run_console: RunConsole, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "empty.sqlite")) as connection:
        connection.execute("VACUUM")
    assert "A copy moves nothing" in run_console("migrate", "plan", str(tmp_path / "empty.sqlite")).out


def test_a_file_that_is_missing_is_named(run_console: RunConsole, tmp_path: Path) -> None:
    ran = run_console("migrate", "plan", str(tmp_path / "missing"))
    assert (ran.code, "is no file" in ran.err) == (2, True)
