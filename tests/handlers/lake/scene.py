"""A lake on the emulator's S3, and its lines read back."""

from __future__ import annotations

import os
import uuid
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any, cast

import boto3
import pytest
from botocore.config import Config

from handlers.aws.objects import Objects
from handlers.aws.table import create_table_arguments
from handlers.lake.page import PREFIX, unpacked
from handlers.lake.stretches import stretches_of
from handlers.ledger.branch import branch_off
from handlers.ledger.head import Head
from handlers.ledger.ledger import Ledger, Range
from handlers.model.model import Row
from handlers.rows import MODEL
from tests.support.meddling import all_rows, head_of, no_time_limit

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def s3_client() -> Any:
    """The client of the emulator that the environment names; it asks once."""
    return _client(os.environ["AWS_ENDPOINT_URL"])


@cache
def _client(endpoint: str) -> Any:
    config = Config(retries={"total_max_attempts": 1})
    return cast("Any", boto3).client("s3", region_name="us-east-1", endpoint_url=endpoint, config=config)


def new_ledger(client: DynamoDBClient) -> Ledger:
    """Reads of a new, empty table."""
    name, arguments = f"table-{uuid.uuid4()}", cast("Any", create_table_arguments)
    client.create_table(**arguments(name))
    return Ledger(client, name)


def new_objects() -> Objects:
    """The objects of a new, empty bucket."""
    client, name = s3_client(), f"lake-{uuid.uuid4()}"
    client.create_bucket(Bucket=name)
    return Objects(client, name)


def shrink_pages(patch: pytest.MonkeyPatch, rows: int = 10) -> int:
    """Give the table's pages so many rows. Returns the number."""
    for module in ("aws.table", "ledger.ledger", "lake.stretches", "lake.writer"):
        patch.setattr(f"handlers.{module}.PAGE_ROWS", rows)
    return rows


def restore(ledger: Ledger, seq: int, epoch: int) -> Head:
    """Go back to a point of the history that is written to."""
    head = head_of(ledger)
    rows = [row for page in ledger.rows(Range(head.roots, 1, seq), no_time_limit()) for row in page]
    return branch_off(ledger, head, replace(Head.new(head.epoch), roots=head.roots).plus(rows), epoch, no_time_limit())


def contents(objects: Objects) -> dict[str, bytes]:
    """Every object of the lake, by its key."""
    return {key: objects.get(key) for key in objects.list_keys(PREFIX)}


def lines_of(objects: Objects, head: Head) -> list[tuple[int, str]]:
    """The lines of a head's history: of each root those in its stretch, as a query has to ask for them."""
    found: list[tuple[int, str]] = []
    for stretch in stretches_of(head):
        for key in objects.list_keys(f"{PREFIX}root={stretch.root}/"):
            lines = zip(*unpacked(objects.get(key)), strict=True)
            found += [(seq, text) for seq, text in lines if stretch.first <= seq <= stretch.last]
    return sorted(found)


def assert_whole(ledger: Ledger, objects: Objects) -> list[Row]:
    """The lake has the ledger's rows, each once, to the byte. Returns them."""
    rows = all_rows(ledger)
    assert lines_of(objects, head_of(ledger)) == list(enumerate(MODEL.json_texts(rows), 1))
    return rows
