from __future__ import annotations

import contextlib
import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from console.client.failures import COLUMNS_HINT
from console.data.ledger import create_table, explain_errors, make_client, make_ledger
from console.errors import ConsoleError
from console.local.background import BackgroundStack
from console.local.project import project_stack
from handlers.aws.table import create_table_arguments
from handlers.domain.bookmark import Bookmark
from handlers.ledger.items import OtherColumnsError
from handlers.snapshots.catalog import Catalog
from handlers.snapshots.names import snapshots_dir
from tests.console.conftest import RunConsole
from tests.support.meddling import Meddled

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@pytest.fixture
def client(live: BackgroundStack, monkeypatch: pytest.MonkeyPatch) -> Iterator[DynamoDBClient]:
    """The live stack's emulator, to which this process's environment points."""
    for name, value in live.environment.items():
        monkeypatch.setenv(name, value)
    with contextlib.closing(make_client(live.environment)) as client:
        yield client


@pytest.fixture
def table_name(client: DynamoDBClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """No table of this name, in an environment that points to it; `client` set the rest of it."""
    name = f"table-{uuid.uuid4()}"
    monkeypatch.setenv("TABLE_NAME", name)
    monkeypatch.setenv("EFS_DIR", str(tmp_path / "efs"))
    return name


def published(efs_dir: str) -> list[Bookmark]:
    """All points that are reachable there, newest first."""
    return list(Catalog(snapshots_dir(efs_dir)).look().points())


def test_it_makes_the_table_once(client: DynamoDBClient, table_name: str, run_console: RunConsole) -> None:
    ran = run_console("init")
    assert ran == (0, f"Table {table_name}: made; the first write makes the ledger.\n", "")
    wanted = create_table_arguments(table_name)
    table = client.describe_table(TableName=table_name)["Table"]
    assert table.get("KeySchema") == wanted["KeySchema"]
    live = client.describe_time_to_live(TableName=table_name)["TimeToLiveDescription"]
    assert live == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires_at"}
    assert table.get("StreamSpecification") == wanted["StreamSpecification"]
    assert run_console("init").out == f"Table {table_name}: there already; the first write makes the ledger.\n"


def test_the_stream_of_a_table_that_has_none_is_switched_on(
    client: DynamoDBClient, table_name: str, run_console: RunConsole
) -> None:
    arguments = create_table_arguments(table_name)
    wanted = arguments.pop("StreamSpecification")
    client.create_table(**arguments)  # pyright: ignore[reportArgumentType] - plain data
    for _ in range(2):
        assert run_console("init").code == 0
        table = client.describe_table(TableName=table_name)["Table"]
        assert table.get("StreamSpecification") == wanted
        assert table.get("TableStatus") == "ACTIVE"


def test_nothing_else_is_changed_until_the_stream_is_there(
    client: DynamoDBClient, table_name: str, pauses: list[float]
) -> None:
    arguments = create_table_arguments(table_name)
    del arguments["StreamSpecification"]
    client.create_table(**arguments)  # pyright: ignore[reportArgumentType] - plain data
    updating = {"Table": {"TableStatus": "UPDATING"}}
    meddled = Meddled(client, {"describe_table": [None, lambda _: updating]}, {})
    meddled.exceptions = client.exceptions  # pyright: ignore[reportAttributeAccessIssue] - no call
    create_table(cast("DynamoDBClient", meddled), table_name)
    made = [name for name, _ in meddled.calls]
    asked = ["update_table", "describe_table", "describe_table", "describe_time_to_live", "update_time_to_live"]
    assert made == ["create_table", "describe_table", *asked]
    assert len(pauses) == 1


def test_it_makes_the_ledger_once_where_its_snapshots_can_be(
    table_name: str, run_console: RunConsole, tmp_path: Path
) -> None:
    (tmp_path / "efs").mkdir()
    first = json.loads(run_console("init", "--json").out)
    second = json.loads(run_console("init", "--json").out)
    assert first == {"table": table_name, "is_new": True, "bookmark": first["bookmark"]}
    assert second == first | {"is_new": False}
    assert published(str(tmp_path / "efs")) == [Bookmark.parse(first["bookmark"])]
    assert run_console("init").out == f"Table {table_name}: there already; ledger at bookmark {first['bookmark']}.\n"


def test_a_table_with_other_keys_is_refused(client: DynamoDBClient, table_name: str, run_console: RunConsole) -> None:
    arguments: dict[str, Any] = create_table_arguments(table_name)
    del arguments["GlobalSecondaryIndexes"]
    arguments["AttributeDefinitions"] = arguments["AttributeDefinitions"][:2]
    client.create_table(**arguments)
    ran = run_console("init")
    assert ran.code == 1
    assert f"a table {table_name} is there already, with other keys or indexes" in ran.err
    arguments["KeySchema"] = arguments["KeySchema"][:1]
    arguments["AttributeDefinitions"] = arguments["AttributeDefinitions"][:1]
    arguments["TableName"] = other = f"{table_name}-other"
    client.create_table(**arguments)
    with pytest.raises(ConsoleError, match="with other keys"):
        create_table(client, other)
    assert client.describe_time_to_live(TableName=other)["TimeToLiveDescription"] == {"TimeToLiveStatus": "DISABLED"}


def test_a_table_with_more_indexes_will_do(client: DynamoDBClient, table_name: str) -> None:
    arguments: dict[str, Any] = create_table_arguments(table_name)
    more = {**arguments["GlobalSecondaryIndexes"][0], "IndexName": "more"}
    arguments["GlobalSecondaryIndexes"].insert(0, more)
    client.create_table(**arguments)
    assert create_table(client, table_name) is False


@pytest.mark.parametrize("states", [["CREATING", "ACTIVE"], ["CREATING"] * 99])
def test_it_waits_until_the_table_is_active(
    client: DynamoDBClient,
    table_name: str,
    monkeypatch: pytest.MonkeyPatch,
    pauses: list[float],
    states: list[str],
) -> None:
    describe = client.describe_table
    left = list(states)

    def described(TableName: str) -> dict[str, Any]:  # noqa: N803 - boto3's name
        table = describe(TableName=TableName)["Table"]
        return {"Table": {**table, "TableStatus": left.pop(0)}}

    monkeypatch.setattr(client, "describe_table", described)
    monkeypatch.setattr("console.data.ledger.ACTIVE_WITHIN_S", 0.0 if len(states) > 2 else 60.0)
    if len(states) > 2:
        with pytest.raises(ConsoleError, match=f"the table {table_name} is CREATING and not ACTIVE yet"):
            create_table(client, table_name)
    else:
        assert create_table(client, table_name) is True
        assert len(pauses) == 1


@pytest.mark.parametrize(
    ("variable", "said"),
    [
        ("TABLE_NAME=", "TABLE_NAME is not set"),
        ("TABLE_NAME=?", "DynamoDB: An error occurred (ValidationException)"),
        ("AWS_ENDPOINT_URL=http://127.0.0.1:1", "DynamoDB: Could not connect to the endpoint URL"),
        ("RETAIN_S=an hour", "RETAIN_S: got 'an hour'"),
    ],
)
def test_an_environment_that_does_not_do_is_explained(
    table_name: str, run_console: RunConsole, monkeypatch: pytest.MonkeyPatch, variable: str, said: str
) -> None:
    name, _, value = variable.partition("=")
    assert table_name != value
    monkeypatch.setenv(name, value)
    ran = run_console("init")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith(f"Error: {said}")
    assert "\nTry: set " in ran.err


@pytest.mark.parametrize("verb", ["init", "ledger show", "ledger restore --to 7.1", "seed --direct --count 1"])
@pytest.mark.parametrize("is_there", [True, False])
def test_where_a_local_stack_is_its_file_names_the_table(
    tmp_path: Path, run_console: RunConsole, monkeypatch: pytest.MonkeyPatch, verb: str, is_there: bool
) -> None:
    folder = tmp_path / "my stack"
    monkeypatch.setenv("LOCAL_DIR", str(folder))
    monkeypatch.delenv("TABLE_NAME", raising=False)
    if is_there:
        folder.mkdir()
        (folder / "environment").touch()
    ran = run_console(*verb.split())
    hint = f". '{folder}/environment'" if is_there else "set it to the name of the ledger's table"
    assert ran.code == 1
    assert ran.err.endswith(f"Error: TABLE_NAME is not set\nTry: {hint}\n")


def test_a_problem_with_the_columns_is_none_of_the_credentials() -> None:
    with pytest.raises(ConsoleError, match=r"^The rows have other columns") as error, explain_errors():
        raise OtherColumnsError("The rows")
    assert error.value.hint == COLUMNS_HINT


def test_without_credentials_it_says_so(monkeypatch: pytest.MonkeyPatch, run_console: RunConsole) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    ran = run_console("init")
    assert ran.err.splitlines()[0] == "Error: no AWS credentials were found"


def test_the_endpoint_for_dynamodb_alone_comes_first() -> None:
    keys = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_REGION": "eu-central-1"}
    both = keys | {"AWS_ENDPOINT_URL": "http://all:1", "AWS_ENDPOINT_URL_DYNAMODB": "http://one:2"}
    for environ, endpoint in ((both, "http://one:2"), (keys, "https://dynamodb.eu-central-1.amazonaws.com")):
        client = make_client(environ)
        assert client.meta.endpoint_url == endpoint
        client.close()


def test_each_start_of_a_local_stack_is_a_later_ledger(tmp_path: Path) -> None:
    epochs: list[int] = []
    for _ in range(2):
        with BackgroundStack(project_stack(tmp_path)) as stack:
            epochs.append(published(stack.environment["EFS_DIR"])[0].epoch)
            bookmark = make_ledger(stack.environment)["bookmark"]
            assert bookmark == f"{epochs[-1]}.0"
    assert epochs[0] < epochs[1]
