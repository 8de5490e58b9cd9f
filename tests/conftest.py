"""What tests share: one emulator a session, a fresh table and fresh folders a test, and the API called in process.

Nothing here leaves a test to luck: what is drawn at random is the same in every run, and no machine is too slow.
"""

from __future__ import annotations

import gc
import os
import random
import uuid
from collections.abc import Iterator
from importlib.util import MAGIC_NUMBER
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings
from schemathesis.pytest.plugin import SchemathesisFunction

os.environ.setdefault("TABLE_NAME", "unused")  # the functions read their environment on import
os.environ.setdefault("FUNCTION_ARN", "arn:aws:lambda:eu-central-1:123456789012:function:unused:live")
os.environ.setdefault("SANDBOXES", "1")
os.environ.setdefault("SESSIONS_TABLE", "unused")
os.environ.setdefault("SESSION_KEY_ARN", "unused")
os.environ.setdefault("EDGE_KEY_ARN", "unused")
os.environ.setdefault("DATABASE_URL", "postgresql://unused@unused/unused")
os.environ.setdefault("MASTER_SECRET_ARN", "unused")
os.environ.setdefault("RELATIONAL_FUNCTION", "unused")
os.environ.setdefault("DATABASE_AUTH", "trust")
os.environ.setdefault("AWS_DEFAULT_REGION", "eu-central-1")

from archives.runtimes import RUNTIMES
from console.costs.study import find_crossings
from console.local.database.binaries import embedded_programs
from console.local.database.server import PostgresServer
from console.local.emulator import Emulator
from handlers.aws.dynamodb import make_client
from handlers.aws.table import create_table_arguments
from handlers.ledger.ledger import Ledger
from tests.support.api import Api
from tests.support.database.pooler import pooler
from tests.support.database.postgres import make_template, new_database
from tests.support.database.tls import TlsServer
from tests.support.database.tls import tls_server as start_tls_server
from tests.support.measuring.tracing import looking_away

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

for setting_of_rich in ("COLUMNS", "FORCE_COLOR", "GITHUB_ACTIONS", "PY_COLORS"):
    os.environ.pop(setting_of_rich, None)
settings.register_profile(
    "no luck", deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("fewer", parent=settings.get_profile("no luck"), max_examples=32)  # for other data models
settings.load_profile("no luck")
gc.disable()  # until all tests are imported: a fifth of that time would go into looks for garbage that is none

# Those whose files take longest, so that no worker is left with one of them while the other has nothing more to do.
LONG = (
    *("tests/faults/calls/", "tests/test_examples.py", "tests/simulation/", "tests/test_your_data.py"),
    *("tests/console/verbs/test_bench.py", "tests/console/verbs/", "tests/console/"),
    *("tests/infra/settings/", "tests/infra/test_components.py", "tests/infra/"),
)
PATIENCE_S = 60.0  # the ledger's client resends after 2 s, and tests that count its calls must not see that


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Make node ids unique, and put the long tests first.

    Of tests with one node id xdist runs one only, and schemathesis gives all that it makes the same.
    """
    for item in items:
        if isinstance(item, SchemathesisFunction) and item.parent:
            item._id = item.parent.id.child(item.name)  # pyright: ignore[reportPrivateUsage]
    assert len({item.nodeid for item in items}) == len(items)
    items.sort(key=lambda item: next((n for n, start in enumerate(LONG) if item.nodeid.startswith(start)), len(LONG)))


def pytest_collection_finish() -> None:
    """From here on the collector passes over the libraries, and comes by less often: it takes a tenth of the time."""
    gc.collect()
    gc.freeze()
    gc.enable()
    gc.set_threshold(20_000, 50, 50)


@pytest.fixture(autouse=True)
def no_luck(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses and random rows are the same in every run of a test."""
    random.seed(request.node.nodeid)
    seeded = SimpleNamespace(Random=lambda: random.Random(random.random()))
    monkeypatch.setattr("handlers.api.insert.random", seeded)


@pytest.fixture(autouse=True, scope="session")
def measuring() -> Iterator[dict[str, str]]:
    """Take out of the environment what makes coverage measure children: it makes each three times as slow.

    `measured_children` puts it back for the tests of code that runs in children alone.
    """
    names = [name for name in os.environ if name.startswith("COVERAGE")]
    taken = {name: os.environ[name] for name in names}
    with pytest.MonkeyPatch.context() as patch:
        for name in taken:
            patch.delenv(name)
        yield taken


@pytest.fixture(autouse=True, scope="session")
def fast_sdk() -> Iterator[None]:
    with looking_away():
        yield


@pytest.fixture
def measured_children(measuring: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Coverage measures the processes that the test starts."""
    for name, value in measuring.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    with Emulator(tmp_path_factory.mktemp("emulator"), start_timeout_s=PATIENCE_S) as running:
        yield running


@pytest.fixture
def client(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[DynamoDBClient]:
    for name, value in emulator.environment.items():
        monkeypatch.setenv(name, value)
    with monkeypatch.context() as patient:
        patient.setattr("handlers.aws.dynamodb.READ_TIMEOUT_S", PATIENCE_S)
        made = make_client("")
    yield made
    made.close()


@pytest.fixture
def rows_as_shipped(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The costs are those of rows of the shipped data model, whatever `handlers/rows.py` has."""
    find_crossings.cache_clear()
    monkeypatch.setattr("console.costs.scenario.random_row_bytes", lambda: 115)
    for module in ("costs.scenario", "verdict.inputs"):
        monkeypatch.setattr(f"console.{module}.snapshot_bytes_a_row_byte", lambda: 2.7)
    monkeypatch.setattr("console.costs.merges.SEGMENT_BYTES", 6 * 4096)
    yield
    find_crossings.cache_clear()


@pytest.fixture
def ledger(client: DynamoDBClient) -> Ledger:
    """Reads of a new, empty table."""
    name = f"table-{uuid.uuid4()}"
    client.create_table(**create_table_arguments(name))  # pyright: ignore[reportArgumentType] - plain data
    return Ledger(client, name)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A real PostgreSQL, without TLS."""
    with PostgresServer(embedded_programs()) as server:
        yield server


@pytest.fixture(scope="session")
def postgres_template(postgres_server: PostgresServer) -> str:
    """The name of a database as the migrations leave it: to copy one is faster than to migrate."""
    return make_template(postgres_server)


@pytest.fixture
def database_url(
    postgres_server: PostgresServer, postgres_template: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """The URL of a new database that the migrations have gone through; to connect may take long on a busy machine."""
    monkeypatch.setattr("handlers.postgres.connection.CONNECT_TIMEOUT_S", int(PATIENCE_S))
    with new_database(postgres_server, postgres_template) as url:
        yield url


@pytest.fixture(scope="session")
def pooler_port(postgres_server: PostgresServer) -> Iterator[int]:
    """The port of a real pgbouncer before that server, in transaction mode."""
    with pooler(postgres_server) as port:
        yield port


@pytest.fixture
def pooled_url(database_url: str, postgres_server: PostgresServer, pooler_port: int) -> str:
    """The URL of the same database, by way of the pooler."""
    return database_url.replace(f":{postgres_server.port}/", f":{pooler_port}/")


@pytest.fixture(scope="session")
def tls_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TlsServer]:
    """A real PostgreSQL that is reached by TLS alone."""
    with start_tls_server(tmp_path_factory.mktemp("tls")) as running:
        yield running


@pytest.fixture(scope="session")
def tls_template(tls_server: TlsServer) -> str:
    return make_template(tls_server.server)


@pytest.fixture
def tls_database(tls_server: TlsServer, tls_template: str) -> Iterator[str]:
    """The name of a new database there that the migrations have gone through."""
    with new_database(tls_server.server, tls_template) as url:
        yield url.rpartition("/")[2]


@pytest.fixture
def environ(ledger: Ledger, tmp_path: Path) -> dict[str, str]:
    """The functions' environment: a new table, new folders, a look at the directory with every request."""
    folders = {"EFS_DIR": tmp_path / "efs", "TMP_DIR": tmp_path / "tmp"}
    for folder in folders.values():
        folder.mkdir()
    return {
        "TABLE_NAME": ledger.table_name,
        "CHECK_INTERVAL_MS": "0",
        **{name: str(folder) for name, folder in folders.items()},
    }


@pytest.fixture
def api(environ: dict[str, str]) -> Api:
    """Both functions, called in process as the gateway calls them."""
    return Api(environ)


@pytest.fixture
def own_runtime(monkeypatch: pytest.MonkeyPatch) -> str:
    """A runtime of the functions that is the Python of the tests: archives for it hold byte code."""
    monkeypatch.setitem(RUNTIMES, "own", MAGIC_NUMBER)
    return "own"


@pytest.fixture
def other_runtime(monkeypatch: pytest.MonkeyPatch) -> str:
    """A runtime that is no Python of these tests: archives for it hold the sources alone."""
    monkeypatch.setitem(RUNTIMES, "python3.99", b"none")
    return "python3.99"
