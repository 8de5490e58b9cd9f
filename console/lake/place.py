"""The table and the bucket of a lake: those that are named, else the stack's, else the local stack's."""

from __future__ import annotations

import contextlib
import os
import shlex
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from console.client.target import stack_outputs
from console.data.inside import local_environment
from console.data.ledger import endpoint_url, explain_errors, make_client, make_session
from console.errors import ConsoleError
from console.paths import PROGRAM
from handlers.aws.dynamodb import Deadline
from handlers.aws.objects import OBJECTS_AT_ONCE, Objects
from handlers.aws.sdk import ServiceError
from handlers.lake.writer import ContendedPageError
from handlers.ledger.head import Head
from handlers.ledger.ledger import Ledger

TABLE, BUCKET = "TABLE_NAME", "LAKE_BUCKET"
ENDPOINT = "AWS_ENDPOINT_URL"
OUTPUTS = {TABLE: "table_name", BUCKET: "lake_bucket"}
NO_LOCAL_LAKE = "start the local stack without --projection sync: it has a lake then; or name a bucket with --bucket"
NO_LAKE = "switch it on (`pulumi config set lake true`, `pulumi up`), or name a bucket with --bucket"


@dataclass(frozen=True)
class LakePlace:
    """A ledger and its lake.

    Attributes:
        is_local: they are the local stack's.
    """

    ledger: Ledger
    objects: Objects
    is_local: bool = False

    def command(self, *words: str) -> str:
        """Return the command that does something with this lake, as it can be pasted."""
        names = ("--table", self.ledger.table_name, "--bucket", self.objects.bucket)
        return f"{PROGRAM} lake {shlex.join((*words, *names))}"

    def filling(self) -> str:
        """Return how its missing pages are written: the local stack's are gone with each stop of it."""
        command = self.command("backfill")
        rounds = "the next round writes it, a minute after the local stack's start and within an hour later"
        return f"{rounds}; now: {command}" if self.is_local else command

    def head(self) -> Head:
        """Return the ledger's head. Raises ConsoleError where there is none; Problem, also for other columns."""
        head = self.ledger.head(Deadline())
        if head is None:
            raise ConsoleError(f"there is no ledger in the table {self.ledger.table_name}", "write to it first")
        return head


@contextlib.contextmanager
def open_lake(table: str, bucket: str) -> Generator[LakePlace]:
    """Open a ledger and its lake, with errors that name what is wrong.

    Args:
        table, bucket: their names; empty = TABLE_NAME and LAKE_BUCKET, else the selected stack's outputs, else what
            the local stack left.

    Raises ConsoleError.
    """
    environ = environment({TABLE: table, BUCKET: bucket})
    with explain_errors(), _explain_s3(), contextlib.closing(make_client(environ)) as client:
        objects = Objects(_s3_client(environ), environ[BUCKET])
        yield LakePlace(Ledger(client, environ[TABLE]), objects, is_local=_is_local(environ))


def environment(given: Mapping[str, str]) -> Mapping[str, str]:
    """Return the environment that leads to a table and a bucket. Raises ConsoleError where one is not known."""
    known = {name: value or os.environ.get(name, "") for name, value in given.items()}
    if all(known.values()):
        return os.environ | known
    outputs = stack_outputs("")
    found = {**os.environ, **{name: str(outputs.get(output, "")) for name, output in OUTPUTS.items()}}
    if outputs.get("table_arn"):
        found.setdefault("AWS_REGION", str(outputs["table_arn"]).split(":")[3])
    elif (local := local_environment()) is not None:
        found = {**os.environ, **local}
    found |= {name: value for name, value in known.items() if value}
    if not found.get(TABLE):
        raise ConsoleError("no table is known: no --table, no TABLE_NAME, no stack", "name the ledger's with --table")
    if not found.get(BUCKET):
        hint = NO_LOCAL_LAKE if _is_local(found) else NO_LAKE
        raise ConsoleError(f"the stack of the table {found[TABLE]} has no data lake", hint)
    return found


def _is_local(environ: Mapping[str, str]) -> bool:
    """Tell whether an environment leads to the local stack."""
    local = local_environment() or {}
    return ENDPOINT in local and local[ENDPOINT] == environ.get(ENDPOINT)


def _s3_client(environ: Mapping[str, str]) -> Any:  # noqa: ANN401 - boto3-stubs covers DynamoDB only
    from botocore.config import Config  # noqa: PLC0415 - with boto3

    config = Config(retries={"mode": "standard"}, max_pool_connections=OBJECTS_AT_ONCE)
    return cast("Any", make_session(environ)).client("s3", endpoint_url=endpoint_url("s3", environ), config=config)


@contextlib.contextmanager
def _explain_s3() -> Generator[None]:
    try:
        yield
    except ServiceError as error:
        raise ConsoleError(str(error), "check the bucket's name, the credentials and AWS_REGION") from error
    except ContendedPageError as error:
        raise ConsoleError(f"{error} is being replaced by others all the time", "run it again") from error
