"""The example of a whole move: an application's database goes from SQLite to PostgreSQL and DynamoDB, and back."""

from __future__ import annotations

import contextlib
import json
import os
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

    def migrate(self, verb: str, *options: str) -> Any:
        rules = ["--rules", str(EXAMPLE / "migration.toml"), "--now", LEFT_AT.isoformat()]
        command = [sys.executable, "-m", "console", "migrate", verb, str(self.file), *rules, *options, "--json"]
        ran = subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT, env=self._environ)
        assert ran.returncode in (0, 1), ran.stderr
        return json.loads(ran.stdout)

    def copy(self) -> Any:
        return self.migrate("copy", "--to", self.url, "--dynamodb-prefix", self._prefix)

    def verify(self) -> Any:
        return self.migrate("verify", "--against", self.url, "--dynamodb-prefix", self._prefix)


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
        (differing,) = [table for table in move.verify()["tables"] if not table["equal"]]
        assert differing["table"] == "work_sessions"
        assert [(each["key"], each["how"]) for each in differing["differences"]] == [(["2001"], "extra")]

        move.file.chmod(stat.S_IRUSR | stat.S_IWUSR)  # and back, with what was recorded meanwhile
        assert before.start(3, AFTER) == recorded
        before.stop(recorded, AFTER + timedelta(hours=2))
        assert before.latest(3) == after.latest(3)
        assert move.verify()["equal"]


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
