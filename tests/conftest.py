"""What tests share: one emulator a session, a fresh table and fresh folders a test, and the API called in process."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

os.environ.setdefault("TABLE_NAME", "unused")  # the functions read their environment on import
os.environ.setdefault("AWS_DEFAULT_REGION", "eu-central-1")

from console.emulator import Emulator
from handlers.dynamo import make_client
from handlers.ledger import Ledger
from handlers.table import create_table_arguments
from tests.api import Api

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    with Emulator(tmp_path_factory.mktemp("emulator")) as running:
        yield running


@pytest.fixture
def client(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[DynamoDBClient]:
    for name, value in emulator.environment.items():
        monkeypatch.setenv(name, value)
    made = make_client("")
    yield made
    made.close()


@pytest.fixture
def ledger(client: DynamoDBClient) -> Ledger:
    """Reads of a new, empty table."""
    name = f"table-{uuid.uuid4()}"
    client.create_table(**create_table_arguments(name))  # pyright: ignore[reportArgumentType] - plain data
    return Ledger(client, name)


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
