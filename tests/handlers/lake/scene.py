"""A lake on the emulator's S3, and its lines read back."""

from __future__ import annotations

import uuid
from typing import Any, cast

import boto3

from handlers.aws.objects import Objects
from handlers.lake.page import PREFIX, unpacked
from handlers.lake.stretches import stretches_of
from handlers.ledger.head import Head
from handlers.ledger.ledger import Ledger
from handlers.model.model import Row
from handlers.rows import MODEL
from tests.support.meddling import all_rows, head_of


def s3_client() -> Any:
    """The client of the emulator that the environment names."""
    return cast("Any", boto3).client("s3", region_name="us-east-1")


def new_objects() -> Objects:
    """The objects of a new, empty bucket."""
    client, name = s3_client(), f"lake-{uuid.uuid4()}"
    client.create_bucket(Bucket=name)
    return Objects(client, name)


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
