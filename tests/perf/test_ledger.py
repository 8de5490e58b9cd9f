"""DynamoDB's side, beside boto3 by itself with the fewest calls that do the job: what our rules about it cost.

The emulator answers both, so the ratios are of whole calls, its own time included.
"""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any

import pytest
from pytest_benchmark.fixture import BenchmarkFixture
from ulid import ULID

from handlers.aws.dynamodb import Deadline
from handlers.aws.table import rows_key
from handlers.ledger.appender import Appender
from handlers.ledger.ledger import Ledger
from handlers.rows import MODEL
from tests.perf.subjects.measure import measure
from tests.support.api import Api
from tests.support.drafts import draft

if TYPE_CHECKING:
    from collections.abc import Callable

KINDS = ("ours", "boto3")
EPOCH = 1
CREATED_AT = "2026-01-31T12:00:00.000Z"


@pytest.mark.parametrize("kind", KINDS)
def test_append_of_one_row(benchmark: BenchmarkFixture, ledger: Ledger, kind: str) -> None:
    appender = Appender(ledger, lambda: EPOCH, lambda _: None)
    seqs = itertools.count(1)

    def put_without_a_ledger() -> object:
        """One item by one call: no sequence, no idempotency, nothing to resend."""
        key: Any = {"pk": {"S": rows_key(EPOCH, 0)}, "sk": {"N": str(seq := next(seqs))}}
        row = MODEL.row_of(seq, str(ULID()), draft(), CREATED_AT)
        return ledger.client.put_item(TableName=ledger.table_name, Item=key | MODEL.to_item(row))

    call: Callable[[], object] = (
        put_without_a_ledger if kind == "boto3" else lambda: appender.append([draft()], Deadline())
    )
    assert measure(benchmark, "append of one row", call)


@pytest.mark.parametrize("kind", KINDS)
def test_newest_100(benchmark: BenchmarkFixture, api: Api, environ: dict[str, str], ledger: Ledger, kind: str) -> None:
    api.post("/insert", {"count": 500})
    epoch = api.get("/ddb").headers["snapshot-bookmark"].partition(".")[0]
    newest: Any = {
        "TableName": environ["TABLE_NAME"],
        "KeyConditionExpression": "pk = :pk",
        "ExpressionAttributeValues": {":pk": {"S": rows_key(int(epoch), 0)}},
        "ConsistentRead": True,
        "ScanIndexForward": False,
        "Limit": 100,
    }

    def query_alone() -> str:
        """One Query of a key known beforehand, its items as they come."""
        return json.dumps({"data": ledger.client.query(**newest)["Items"]})

    call = query_alone if kind == "boto3" else lambda: api.get("/ddb").text
    assert len(json.loads(measure(benchmark, "newest 100 of 500 rows in DynamoDB", call))["data"]) == 100
