from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from console.errors import ConsoleError
from console.local.database import unprivileged
from console.local.database.server import PostgresServer
from console.paths import ROOT
from tests.support.local.processes import Children, children, gone, until

OWNER = """
from console.local.database.server import PostgresServer
with PostgresServer() as server:
    print(server._folder, flush=True)
    input()
"""


def spawned(user: str | None = None) -> subprocess.Popen[str]:
    pipe = subprocess.PIPE
    return subprocess.Popen([sys.executable, "-c", OWNER], cwd=ROOT, stdin=pipe, stdout=pipe, text=True, user=user)


def kept_by(keeper: int) -> int:
    """The server that a keeper runs."""
    (server,) = children(keeper)
    return server


def folders(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary folders are made: whoever runs PostgreSQL may enter."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    for place in (folder, *folder.parents):
        if place.owner() == tmp_path.owner() and place.stat().st_mode & 0o700 == 0o700 and place != Path("/"):
            place.chmod(place.stat().st_mode | 0o011)
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


def test_it_is_new_and_empty_and_takes_utf8(postgres_server: PostgresServer) -> None:
    with psycopg.connect(postgres_server.url()) as connection:
        shown = "SELECT current_setting('server_encoding'), current_setting('timezone'), current_setting('fsync')"
        assert connection.execute(shown).fetchone() == ("UTF8", "UTC", "off")
        assert connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone() == (0,)


@pytest.mark.usefixtures("measured_children")
def test_it_ends_with_what_it_kept(temporary: Path, own_children: Children) -> None:
    with PostgresServer() as server:
        server.check()
        (keeper,) = own_children()
        postgres = kept_by(keeper)
        assert len(folders(temporary)) == 1
    assert gone(keeper)
    assert gone(postgres)
    assert folders(temporary) == []
    assert own_children() == set()


def test_it_ends_when_its_parent_is_killed() -> None:
    with spawned() as parent:
        assert parent.stdout is not None
        folder = Path(parent.stdout.readline().strip())
        (keeper,) = children(parent.pid)
        postgres = kept_by(keeper)
        assert folder.exists()
        parent.kill()
        until(lambda: gone(keeper) and gone(postgres))
        assert not folder.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="the other tests run as somebody else than root already")
def test_it_starts_for_an_ordinary_user_too() -> None:
    places = (ROOT, *ROOT.parents, *Path(sys.executable).resolve().parents)
    if not all(place.stat().st_mode & 0o001 for place in places):
        pytest.skip("nobody but root may enter the project's folder")
    with spawned(unprivileged.NOBODY) as parent:
        out, _ = parent.communicate("\n")
    assert parent.returncode == 0
    assert not Path(out.strip()).exists()


def test_its_port_is_nobody_elses_before_it_listens_there() -> None:
    server = PostgresServer()
    with socket.socket() as other, pytest.raises(OSError, match="in use"):
        other.bind(("127.0.0.1", server.port))
    server.stop()


def test_a_stop_while_it_is_being_made_leaves_nothing(temporary: Path, own_children: Children) -> None:
    server = PostgresServer()
    until(lambda: children(next(iter(own_children()))))
    server.stop()
    assert own_children() == set()
    assert folders(temporary) == []


def test_a_start_that_fails_says_what_the_server_said(temporary: Path, tmp_path: Path, own_children: Children) -> None:
    log = tmp_path / "log"
    with pytest.raises(ConsoleError) as error, PostgresServer(settings={"no_such": "1"}, log=log):
        pytest.fail("it must not start")
    assert re.match(
        r"^PostgreSQL on port \d+ has ended: .*unrecognized configuration parameter \"no_such\"", str(error.value)
    )
    assert "\n" not in str(error.value)
    assert error.value.hint == f"cat {log}"
    assert own_children() == set()
    assert folders(temporary) == []


def test_a_start_that_takes_too_long_is_given_up(own_children: Children) -> None:
    with pytest.raises(ConsoleError, match=r"did not answer within 0 s: ") as error:
        PostgresServer(start_timeout_s=0).__enter__()
    assert error.value.hint == "the same once more: what it printed is above"
    assert own_children() == set()
