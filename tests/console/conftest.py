from __future__ import annotations

import functools
import signal
import sys
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import NamedTuple

import httpx
import pytest

from console import cli
from console.client.retry import Retry
from console.local.background import BackgroundStack
from console.local.project import project_stack
from tests.support.commands import check_hints
from tests.support.local import web
from tests.support.local.faults import FaultyApi
from tests.support.local.job_service import JobService
from tests.support.local.processes import PATIENCE_S, Children, children


class Ran(NamedTuple):
    """What a command line came to."""

    code: int
    out: str
    err: str


RunConsole = Callable[..., Ran]


@pytest.fixture(autouse=True, scope="session")
def patience() -> Iterator[None]:
    """On a busy machine a child may take long to end (killed, it could not say what it covered), and DynamoDB too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("console.local.process.GRACE_S", PATIENCE_S)
        patch.setattr("console.data.ledger.READ_TIMEOUT_S", PATIENCE_S)
        yield


@pytest.fixture(autouse=True, scope="session")
def certificates() -> Iterator[None]:
    """Clients share the certificates that they trust: each would read them anew, which takes longer than most tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("httpx._transports.default.create_ssl_context", functools.cache(httpx.create_ssl_context))
        yield


@pytest.fixture(autouse=True, scope="session")
def interruptible() -> Iterator[None]:
    """Where a shell runs the tests in its background, SIGINT is ignored, and children would inherit that."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(autouse=True)
def own_children() -> Iterator[Children]:
    """The running children that were not there before the test; none may be left after it."""
    before = children()

    def own() -> set[int]:
        return children() - before

    yield own
    assert own() == set()


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BackgroundStack]:
    """The project's own local stack, with one sandbox a function; both run before a test looks at the processes."""
    with BackgroundStack(project_stack(tmp_path_factory.mktemp("live"), sandboxes=1, check_interval_ms=0)) as stack:
        for path in ("/query/health", "/command/health"):
            assert web.get(stack.url + path).status_code == 200
        yield stack


@pytest.fixture
def faulty(live: BackgroundStack) -> Iterator[FaultyApi]:
    """The live stack's API behind a server that can lose and change what is said."""
    with FaultyApi(live.url) as api:
        yield api


@pytest.fixture(scope="module")
def job_server() -> Iterator[FaultyApi]:
    """The server for an API with jobs, and for the bucket that it lets files into."""
    with FaultyApi() as server:
        yield server


@pytest.fixture
def service(job_server: FaultyApi, monkeypatch: pytest.MonkeyPatch) -> JobService:
    """What that server does, unless its script says otherwise. The pauses between two looks at a job take no time."""
    service = JobService(job_server)
    job_server.default = service
    job_server.script.clear()
    monkeypatch.setattr("console.jobs.watching.time", SimpleNamespace(sleep=service.pauses.append))
    return service


@pytest.fixture
def run_console(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> RunConsole:
    """The command line, in this process. What an error tells to try must be a command that there is."""

    def run(*arguments: str) -> Ran:
        monkeypatch.setattr(sys, "argv", ["console", *arguments])
        code = cli.main()
        out, err = capsys.readouterr()
        check_hints(err)
        return Ran(code, out, err)

    return run


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that a client makes; they take no time."""
    made: list[float] = []
    for module in ("client.client", "data.writers", "data.ledger", "jobs.upload"):
        monkeypatch.setattr(f"console.{module}.Retry", lambda limit_s: Retry(limit_s, sleep=made.append))  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType] - a number
    return made
