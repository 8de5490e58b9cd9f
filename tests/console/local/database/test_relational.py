"""PostgreSQL on the project's own local stack: set up and filled before the first request, then fed by the stream."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Generator, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
import pytest

from console.errors import ConsoleError
from console.local.background import BackgroundStack
from console.local.database.relational import SetUp
from console.local.function import FunctionFailed
from console.local.project import project_stack, run
from console.paths import ROOT
from handlers.routes import HOMES, POSTGRES, RELATIONAL
from handlers.settings import BOTH, SYNC
from tests.console.conftest import RunConsole
from tests.support.local import web
from tests.support.local.processes import Children, child_that_runs, children, gone, until

KEEPER = "console.local.database.keeper"


class Live(NamedTuple):
    """The stack that most tests share, and what it said at its start."""

    stack: BackgroundStack
    said: list[str]

    def insert(self, count: int) -> str:
        """Append rows and publish them; returns the bookmark."""
        return web.post(f"{self.stack.url}/insert", json={"count": count}).raise_for_status().json()["bookmark"]

    def read(self, path: str, bookmark: str) -> dict[str, Any]:
        """Read a path, once its home has what a bookmark tells of."""
        headers = {"min-bookmark": bookmark}
        until(lambda: web.get(f"{self.stack.url}{path}", headers=headers).status_code == 200)
        return web.get(f"{self.stack.url}{path}", headers=headers).json()


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    before = children()
    said: list[str] = []
    folder = tmp_path_factory.mktemp("relational")
    made = project_stack(
        folder, sandboxes=2, check_interval_ms=0, has_postgres=True, provider=POSTGRES, tell=said.append
    )
    with BackgroundStack(made) as stack:
        yield Live(stack, said)
    assert children() <= before


@pytest.fixture
def own_children() -> Children:
    """Stacks run from one test to the next, and are looked at as a whole at their end."""
    return children


def test_the_start_says_what_is_there_and_how_to_look_into_it(live: Live) -> None:
    url = live.stack.environment["DATABASE_URL"]
    assert live.said[0] == "a new, empty ledger"
    assert live.said[1].startswith("PostgreSQL: 0 rows in ")
    assert live.said[1].endswith(f" s; psql {url}")
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT current_user, current_schema()").fetchone() == ("relational", "relational")


def test_what_is_inserted_is_fed_by_the_stream_and_reads_alike(live: Live) -> None:
    bookmark = live.insert(20)
    for path, member in (("?limit=7", "data"), ("/stats", "stats"), ("?limit=3&order=asc", "data")):
        assert live.read(f"/{POSTGRES}{path}", bookmark)[member] == live.read(f"/ddb{path}", bookmark)[member]


def test_rows_are_answered_from_the_home_that_is_named(live: Live) -> None:
    assert live.read("/rows?limit=5", live.insert(1))["source"] == POSTGRES


def test_the_index_tells_of_all_homes(live: Live) -> None:
    assert web.get(f"{live.stack.url}/").json()["homes"] == list(HOMES)


# The foreground


class Serving(NamedTuple):
    """A `serve --postgres` that answers, and what it said of its rows."""

    process: subprocess.Popen[str]
    said: str
    url: str


@contextlib.contextmanager
def serving(folder: Path, projection: str) -> Generator[Serving]:
    command = [sys.executable, "-m", "console", "serve", "--postgres", "--port", "0", "--local-dir", str(folder)]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [*command, "--sandboxes", "1", "--projection", projection], cwd=ROOT, stdout=pipe, stderr=pipe, text=True
    ) as process:
        assert process.stderr is not None
        assert process.stdout is not None
        process.stderr.readline()
        said = process.stderr.readline()
        try:
            yield Serving(process, said, process.stdout.readline().split()[1])
        finally:
            process.terminate()
            process.communicate()


def fed(serving: Serving, rows: int) -> None:
    """Append rows and wait until PostgreSQL has them."""
    answer: dict[str, Any] = web.post(f"{serving.url}/insert", json={"count": rows}).json()
    headers = {"min-bookmark": answer["bookmark"]}
    until(lambda: web.get(f"{serving.url}/{POSTGRES}", headers=headers).status_code == 200)


def processes(serving: Serving) -> set[int]:
    """All that it runs: the emulator, the functions, and PostgreSQL with its keeper."""
    keeper = child_that_runs(KEEPER, serving.process.pid)
    return children(serving.process.pid) | children(keeper)


def test_a_new_start_fills_it_from_the_kept_ledger_and_however_it_ends_nothing_is_left(tmp_path: Path) -> None:
    for found, number in (("0 rows", signal.SIGTERM), ("30 rows", signal.SIGINT)):
        with serving(tmp_path, SYNC) as running:
            assert running.said.startswith(f"PostgreSQL: {found} in ")
            fed(running, 30)
            left = processes(running)
            running.process.send_signal(number)
            assert running.process.wait() == 0
            assert all(map(gone, left))


def test_killed_by_force_it_leaves_nothing_running(tmp_path: Path) -> None:
    with serving(tmp_path, BOTH) as running:
        left = processes(running)
        running.process.kill()
        until(lambda: all(map(gone, left)))


def test_the_stack_ends_when_the_server_has_ended(tmp_path: Path) -> None:
    before = children()

    def tell(line: str) -> None:
        if line.startswith("PostgreSQL"):
            (server,) = (server for child in children() - before for server in children(child))
            os.kill(server, signal.SIGQUIT)

    stack = project_stack(tmp_path, sandboxes=1, has_postgres=True, tell=tell)
    with pytest.raises(ConsoleError, match=r"^PostgreSQL on port \d+ has ended: ") as error:
        run(stack)
    assert error.value.hint == f"cat {tmp_path}/emulator/postgres.log"


def test_a_setup_that_fails_says_why() -> None:
    async def fail(_: Mapping[str, object]) -> object:
        raise FunctionFailed("BootstrapError: no")

    with pytest.raises(ConsoleError, match=r"^PostgreSQL cannot be set up: BootstrapError: no$"):
        asyncio.run(SetUp(lambda _: None)({}, {RELATIONAL: fail}))


def test_a_provider_that_is_not_there_is_refused(run_console: RunConsole, tmp_path: Path) -> None:
    ran = run_console("serve", "--provider", "postgres", "--local-dir", str(tmp_path))
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == "Error: --provider postgres: there is no PostgreSQL\nTry: add --postgres\n"
