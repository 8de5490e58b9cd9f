"""The ledger's table, made where an environment points to: for `init`, the local stack, and writing past the API."""

from __future__ import annotations

import contextlib
import os
import shlex
import tempfile
from collections.abc import Generator, Mapping
from typing import TYPE_CHECKING, TypedDict, cast

from console.client.failures import PROBLEM_HINTS
from console.client.retry import Retry
from console.errors import ConsoleError
from console.paths import ENVIRONMENT_FILE, local_dir
from handlers.aws.dynamodb import CONNECT_TIMEOUT_S, READ_TIMEOUT_S, Deadline
from handlers.aws.table import TTL, create_table_arguments
from handlers.domain.problem import Problem
from handlers.ledger.ledger import Ledger
from handlers.settings import Settings, SettingsError
from handlers.snapshots.new_ledger import make_appender
from handlers.snapshots.publish import Publisher

if TYPE_CHECKING:
    import boto3
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import CreateTableInputTypeDef, TableDescriptionTypeDef

ACTIVE_WITHIN_S = 120.0
CREDENTIALS_HINT = "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and AWS_REGION"


class Store:
    """One environment's table and file system, for as long as a verb needs them.

    Attributes:
        client: boto3's.
        ledger: reads of the table.
        appender: writes to it.
        publisher: publishes its snapshots; None where EFS_DIR is not a folder here.
    """

    def __init__(self, settings: Settings, client: DynamoDBClient) -> None:
        self.client = client
        self.ledger = Ledger(client, settings.table_name)
        publisher = Publisher(self.ledger, settings)
        self.appender = make_appender(self.ledger, publisher)
        self.publisher = publisher if os.path.isdir(settings.efs_dir) else None


@contextlib.contextmanager
def open_store(environ: Mapping[str, str]) -> Generator[Store]:
    """Open the store of an environment, with errors that name what is wrong in it. Raises ConsoleError."""
    with tempfile.TemporaryDirectory() as folder, explain_errors():
        settings = Settings({**environ, "TMP_DIR": folder})
        if not settings.table_name:
            raise ConsoleError("TABLE_NAME is not set", _table_hint())
        with contextlib.closing(make_client(environ)) as client:
            yield Store(settings, client)


def _table_hint() -> str:
    """Return how to name the table: the local stack has left a file for that."""
    file = local_dir() / ENVIRONMENT_FILE
    return f". {shlex.quote(str(file))}" if file.is_file() else "set it to the name of the ledger's table"


def make_client(environ: Mapping[str, str]) -> DynamoDBClient:
    """boto3's client for an environment that need not be this process's. Raises ConsoleError."""
    from botocore.config import Config  # noqa: PLC0415 - with boto3

    # Attempts are the ledger's business, as in the functions.
    config = Config(connect_timeout=CONNECT_TIMEOUT_S, read_timeout=READ_TIMEOUT_S, retries={"total_max_attempts": 1})
    endpoint = endpoint_url("dynamodb", environ)
    return make_session(environ).client("dynamodb", endpoint_url=endpoint, config=config)  # pyright: ignore[reportUnknownMemberType] - boto3-stubs covers DynamoDB only


def make_session(environ: Mapping[str, str]) -> boto3.Session:
    """boto3's session for an environment. Raises ConsoleError where it has no credentials."""
    import boto3  # noqa: PLC0415 - a tenth of a second that only some verbs pay

    session = boto3.Session(
        aws_access_key_id=environ.get("AWS_ACCESS_KEY_ID"),
        aws_secret_access_key=environ.get("AWS_SECRET_ACCESS_KEY"),
        aws_session_token=environ.get("AWS_SESSION_TOKEN"),
        region_name=environ.get("AWS_REGION"),
    )
    if session.get_credentials() is None:
        raise ConsoleError("no AWS credentials were found", CREDENTIALS_HINT)
    return session


def endpoint_url(service: str, environ: Mapping[str, str]) -> str | None:
    """Return where an environment has a service; None: where AWS has it."""
    return environ.get(f"AWS_ENDPOINT_URL_{service.upper()}") or environ.get("AWS_ENDPOINT_URL")


@contextlib.contextmanager
def explain_errors() -> Generator[None]:
    """Raise what DynamoDB, its client and the settings complain about as a ConsoleError."""
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - loaded with boto3

    try:
        yield
    except SettingsError as error:
        raise ConsoleError(str(error), "set the variable to an allowed value") from error
    except Problem as problem:
        raise ConsoleError(problem.detail, PROBLEM_HINTS.get(problem.kind, CREDENTIALS_HINT)) from problem
    except (BotoCoreError, ClientError) as error:
        raise ConsoleError(f"DynamoDB: {error}", CREDENTIALS_HINT) from error


class MadeLedger(TypedDict):
    """A ledger that is there now. `bookmark` is None where the first write will make it."""

    table: str
    is_new: bool
    bookmark: str | None


def make_ledger(environ: Mapping[str, str]) -> MadeLedger:
    """Make what an environment's table lacks. Raises ConsoleError."""
    with open_store(environ) as store:
        name = store.ledger.table_name
        is_new = create_table(store.client, name)
        bookmark = str(store.appender.head(Deadline()).bookmark) if store.publisher else None
        return {"table": name, "is_new": is_new, "bookmark": bookmark}


def create_table(client: DynamoDBClient, name: str) -> bool:
    """Make the table where there is none, wait until it is there, switch its stream and its time to live on.

    Returns:
        Whether it was made; False where it was there already.

    Raises:
        ConsoleError: a table of this name has other keys or lacks the index.
    """
    wanted = cast("CreateTableInputTypeDef", create_table_arguments(name))
    try:
        client.create_table(**wanted)
        is_new = True
    except client.exceptions.ResourceInUseException:
        is_new = False
    found = _active(client, name)
    _check(found, wanted)
    _switch_stream_on(client, found, wanted)
    status = client.describe_time_to_live(TableName=name)["TimeToLiveDescription"].get("TimeToLiveStatus")
    if status not in ("ENABLED", "ENABLING"):
        client.update_time_to_live(TableName=name, TimeToLiveSpecification={"Enabled": True, "AttributeName": TTL})
    return is_new


def _switch_stream_on(client: DynamoDBClient, found: TableDescriptionTypeDef, wanted: CreateTableInputTypeDef) -> None:
    """Switch the stream on where a table was made without one, and wait until that is done."""
    stream = wanted.get("StreamSpecification")
    if stream and not found.get("StreamSpecification", {}).get("StreamEnabled"):
        client.update_table(TableName=wanted["TableName"], StreamSpecification=stream)
        _active(client, wanted["TableName"])


def _active(client: DynamoDBClient, name: str) -> TableDescriptionTypeDef:
    retry = Retry(ACTIVE_WITHIN_S)
    while True:
        table = client.describe_table(TableName=name)["Table"]
        if table.get("TableStatus") == "ACTIVE":
            return table
        if not retry.pause():
            raise ConsoleError(f"the table {name} is {table.get('TableStatus')} and not ACTIVE yet", "try again later")


def _check(found: TableDescriptionTypeDef, wanted: CreateTableInputTypeDef) -> None:
    """Check that the table there has the keys and the index of the one that was wanted; more does no harm."""
    if found.get("KeySchema") != wanted.get("KeySchema") or not _parts(wanted) <= _parts(found):
        hint = "choose another name with TABLE_NAME; nothing was changed"
        raise ConsoleError(f"a table {wanted['TableName']} is there already, with other keys or indexes", hint)


def _parts(table: TableDescriptionTypeDef | CreateTableInputTypeDef) -> set[str]:
    """Return the attributes with their types and the indexes with their keys, each as text."""
    attributes = {str(attribute) for attribute in table.get("AttributeDefinitions", [])}
    indexes = table.get("GlobalSecondaryIndexes", [])
    return attributes | {f"{index.get('IndexName')}: {index.get('KeySchema')}" for index in indexes}
