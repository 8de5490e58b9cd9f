from __future__ import annotations

from pathlib import Path

import pytest

from console.errors import ConsoleError
from console.migration.rules import ColumnRules, Rules, TableRules, read_rules


def test_all_rules_are_read_and_found_in_whatever_case(tmp_path: Path) -> None:
    path = tmp_path / "migration.toml"
    path.write_text("""
        [tables.Sessions]
        where = "expires_at > :now"
        rename = "live_sessions"
        destination = "dynamodb"
        ttl = "expires_at"
        key = "tenant, token"
        [tables.Sessions.columns.Expires_At]
        rename = "expires"
        kind = "timestamptz"
        convert = ["trim", "local:Europe/Berlin"]
        on_misfit = "skip"
        [tables.log]
        skip = true
        key = ["a,b"]
        columns.x = {skip = true, convert = "lower"}
    """)
    rules = read_rules(path)
    column = ColumnRules("expires", "timestamptz", ("trim", "local:Europe/Berlin"), "skip")
    assert rules.of_table("SESSIONS") == TableRules(
        where="expires_at > :now",
        rename="live_sessions",
        destination="dynamodb",
        ttl="expires_at",
        key=("tenant", "token"),
        columns={"Expires_At": column},
    )
    assert rules.of_table("sessions").of_column("expires_at") == column
    assert rules.of_table("log").key == ("a,b",)
    assert rules.of_table("log").of_column("x") == ColumnRules(convert=("lower",), skip=True)
    assert rules.of_table("log").of_column("y") == ColumnRules()
    assert rules.of_table("other") == TableRules()


def test_a_file_without_rules_has_none(tmp_path: Path) -> None:
    path = tmp_path / "migration.toml"
    path.write_text("")
    assert read_rules(path) == Rules()


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ("= 1", "Invalid statement"),
        ("table.a.skip = true", "the file has 'table'; allowed: tables"),
        ("tables = 1", "tables = 1 is no section such as [tables]"),
        ("tables.a.drop = true", "tables.a has 'drop'; allowed: skip, where, rename, destination, ttl, key, columns"),
        ("tables.a.columns.b.type = 'text'", "has 'type'; allowed: rename, kind, convert, on_misfit, skip"),
        ("tables.a.columns.b = 'text'", "tables.a.columns.b = 'text' is no section"),
        ("tables.a.skip = 1", "tables.a.skip = 1 is neither true nor false"),
        ("tables.a.columns.b.skip = 'no'", "tables.a.columns.b.skip = 'no' is neither true nor false"),
        ("tables.a.where = 1", "tables.a.where = 1 is no text"),
        ("tables.a.rename = ''", "tables.a.rename = '' is no text"),
        ("tables.a.key = [1]", "tables.a.key = 1 is no text"),
        ("tables.a.destination = 'mysql'", "'mysql' is none of postgresql, dynamodb"),
        ("tables.a.columns.b.kind = 'int'", "'int' is none of bigint, double precision, numeric, boolean, timestamptz"),
        ("tables.a.columns.b.on_misfit = 'drop'", "'drop' is none of fail, null, skip"),
        ("tables.a.columns.b.convert = 'epoch'", "tables.a.columns.b: convert = 'epoch' is none of unixepoch"),
        ("tables.a.columns.b.convert = 'local:Mars'", "this machine knows no such time zone"),
    ],
    ids=lambda each: each[:36],
)
def test_what_is_no_rule_is_refused_with_what_is_allowed(toml: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "migration.toml"
    path.write_text(toml)
    with pytest.raises(ConsoleError) as refused:
        read_rules(path)
    assert said in str(refused.value)
    assert str(path) in str(refused.value)
    assert refused.value.code == 2


def test_a_file_that_is_missing_or_no_text_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConsoleError, match="No such file"):
        read_rules(tmp_path / "missing.toml")
    (tmp_path / "bytes.toml").write_bytes(b"\xff")
    with pytest.raises(ConsoleError, match="codec can't decode"):
        read_rules(tmp_path / "bytes.toml")
