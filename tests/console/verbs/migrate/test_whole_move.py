"""The example of a whole move: an application's database goes from SQLite to PostgreSQL and DynamoDB, and back."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import stat
import subprocess
import sys
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from console.local.database.server import PostgresServer
from console.migration.opening import open_planned
from console.paths import ROOT
from examples.timerecord.store import TimeStore
from tests.support.database.postgres import new_database

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

EXAMPLE = ROOT / "examples" / "timerecord"
LEFT_AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
AFTER = LEFT_AT + timedelta(minutes=5)


class Move:
    """The commands of the move, as the documentation has them."""

    def __init__(self, folder: Path, url: str, environ: dict[str, str]) -> None:
        self.file, self.url, self._environ = folder / "time.db", url, environ
        self._prefix = f"{uuid.uuid4()}-"
        made = [str(self.file), "--work-sessions", "2000", "--now", LEFT_AT.isoformat()]
        subprocess.run([sys.executable, str(EXAMPLE / "generate.py"), *made], check=True, capture_output=True)

    def store(self, provider: str) -> TimeStore:
        environ = {"DB_PROVIDER": provider, "DB_FILE": str(self.file), "DATABASE_URL": self.url}
        return TimeStore.from_environment(environ)

    def migrate(self, verb: str, *options: str, code: int = 0) -> Any:
        rules = ["--rules", str(EXAMPLE / "migration.toml"), "--now", LEFT_AT.isoformat()]
        command = [sys.executable, "-m", "console", "migrate", verb, str(self.file), *rules, *options, "--json"]
        ran = subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT, env=self._environ)
        assert ran.returncode == code, ran.stderr
        return json.loads(ran.stdout)

    def copy(self) -> Any:
        return self.migrate("copy", "--to", self.url, "--dynamodb-prefix", self._prefix)

    def verify(self, code: int = 0) -> Any:
        return self.migrate("verify", "--against", self.url, "--dynamodb-prefix", self._prefix, code=code)


@pytest.fixture
def move(tmp_path: Path, postgres_server: PostgresServer, client: DynamoDBClient) -> Iterator[Move]:
    with new_database(postgres_server) as url:
        yield Move(tmp_path, url, {**os.environ, "LOCAL_DIR": str(tmp_path / "local")})


def test_an_application_moves_and_can_go_back(move: Move) -> None:
    move.file.chmod(stat.S_IRUSR)  # writes are stopped
    assert move.migrate("plan", "--backup", str(move.file.with_suffix(".backup")))["misfits"] == []
    copied = move.copy()
    assert copied["postgresql"]["rows"]["work_sessions"] == 2000
    assert sum(copied["dynamodb"]["rows"].values()) > 0
    assert move.verify()["equal"]

    with contextlib.closing(move.store("sqlite")) as before, contextlib.closing(move.store("postgresql")) as after:
        assert [before.latest(user) for user in range(1, 11)] == [after.latest(user) for user in range(1, 11)]
        assert move.verify()["equal"]

        recorded = after.start(3, AFTER)
        assert recorded == 2001
        after.stop(recorded, AFTER + timedelta(hours=2))
        (differing,) = [table for table in move.verify(code=1)["tables"] if not table["equal"]]
        assert differing["table"] == "work_sessions"
        assert [(each["key"], each["how"]) for each in differing["differences"]] == [(["2001"], "extra")]

        move.file.chmod(stat.S_IRUSR | stat.S_IWUSR)  # and back, with what was recorded meanwhile
        assert before.start(3, AFTER) == recorded
        before.stop(recorded, AFTER + timedelta(hours=2))
        assert before.latest(3) == after.latest(3)
        assert move.verify()["equal"]


def test_what_expired_an_hour_before_the_move_stays_behind(tmp_path: Path) -> None:
    file, hour = tmp_path / "time.db", timedelta(hours=1)
    before, after = ((LEFT_AT + by).strftime("%Y-%m-%dT%H:%M:%SZ") for by in (-hour, hour))
    before_s, after_s = (int((LEFT_AT + by).timestamp()) for by in (-hour, hour))
    with contextlib.closing(sqlite3.connect(file)) as connection, connection:
        connection.executescript((EXAMPLE / "schema.sql").read_text())
        connection.execute("INSERT INTO tenants VALUES (1, 'u', 'Tenant', ?)", (before,))
        columns = "id, tenant_id, email, password_hash, created_at, updated_at"
        user = f"INSERT INTO users ({columns}) VALUES (1, 1, 'a', 'b', ?, ?)"
        connection.execute(user, (before, before))
        resets = "INSERT INTO password_resets VALUES (?, 1, ?, ?, NULL)"
        connection.executemany(resets, [(1, "over", before), (2, "valid", after)])
        codes = "INSERT INTO role_codes VALUES (?, 1, 'member', 2, 1, ?, 0, ?)"
        connection.executemany(codes, [("over", before, before), ("valid", after, before), ("always", None, before)])
        logins = "INSERT INTO login_sessions VALUES (?, 1, '', 0, ?)"
        connection.executemany(logins, [("over", before_s), ("valid", after_s)])
    with open_planned(file, EXAMPLE / "migration.toml", now=LEFT_AT.isoformat()) as (source, plan):
        moved = {table.name: sorted(str(row) for row in source.rows(table)) for table in plan.tables}
    assert [len(moved[table]) for table in ("password_resets", "role_codes", "login_sessions")] == [1, 2, 1]
    assert "over" not in str(moved)


def test_the_database_is_the_same_for_the_same_arguments(tmp_path: Path) -> None:
    made: list[bytes] = []
    for name in ("one.db", "other.db"):
        arguments = [str(tmp_path / name), "--work-sessions", "400", "--now", LEFT_AT.isoformat()]
        subprocess.run([sys.executable, str(EXAMPLE / "generate.py"), *arguments], check=True, capture_output=True)
        made.append((tmp_path / name).read_bytes())
    assert made[0] == made[1]


def test_no_file_is_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "time.db"
    path.write_text("precious")
    ran = subprocess.run([sys.executable, str(EXAMPLE / "generate.py"), str(path)], check=False, capture_output=True)
    assert ran.returncode == 1
    assert path.read_text() == "precious"


def test_a_provider_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="got 'mysql', allowed: sqlite, postgresql"):
        TimeStore.from_environment({"DB_PROVIDER": "mysql"})
