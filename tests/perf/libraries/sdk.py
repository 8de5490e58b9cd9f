"""The SDK: its share of the first request for `/ddb` in a sandbox, and its own work for a call."""

from __future__ import annotations

import json
import math
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, cast

import pytest
from botocore.awsrequest import AWSResponse
from botocore.client import BaseClient
from botocore.compat import HTTPHeaders

from console.data.ledger import create_table, open_store
from console.local.emulator import Emulator
from handlers.aws.dynamodb import Deadline, make_client
from handlers.domain.timestamps import utc_text
from handlers.ledger.head import HEAD_KEY, Head
from handlers.rows import MODEL
from tests.perf.subjects.measured_part import spent_ms

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

STARTS = 10
CALLS = 400
ROWS = 100


def measure_first_use(starts: int = STARTS) -> dict[str, float]:
    """Return the medians, in ms, of so many fresh processes; one more is left out, which may have to compile."""
    with tempfile.TemporaryDirectory(prefix="sdk-") as folder, Emulator(Path(folder)) as emulator:
        environ = {**os.environ, **emulator.environment, "TABLE_NAME": "ledger", "EFS_DIR": folder}
        with open_store(environ) as store:
            create_table(store.client, "ledger")
            store.appender.append([MODEL.random_draft(random.Random(1))], Deadline())
        command = [sys.executable, "-m", "tests.perf.libraries.first_use"]
        found: list[dict[str, float]] = [
            json.loads(subprocess.run(command, env=environ, check=True, stdout=subprocess.PIPE, text=True).stdout)
            for _ in range(starts + 1)
        ]
    return {part: median(each[part] for each in found[1:]) for part in found[0]}


def measure_calls(calls: int = CALLS) -> dict[str, list[float]]:
    """Return the milliseconds of calls that are answered from memory: what the SDK takes by itself."""
    head = _answering({"Item": Head.new(1).plus([]).to_item()})
    rows = _answering({"Items": _items(), "Count": ROWS, "ScannedCount": ROWS})
    asked: dict[str, Callable[[], object]] = {
        "GetItem of the head": lambda: head.get_item(TableName="ledger", Key=HEAD_KEY),
        f"Query of {ROWS} rows": lambda: rows.query(TableName="ledger", KeyConditionExpression="pk = :pk"),
    }
    times = {name: [spent_ms(call) for _ in range(calls)] for name, call in asked.items()}
    return times | {"both": [math.fsum(each) for each in zip(*times.values(), strict=True)]}


def _answering(content: Mapping[str, object]) -> DynamoDBClient:
    """Return a client whose calls have this answer, without leaving the process."""
    with pytest.MonkeyPatch.context() as environ:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            environ.setenv(name, "bench")
        client = make_client("us-east-1")
    body = json.dumps(content).encode()

    def answer(**_: object) -> AWSResponse:
        return AWSResponse("https://dynamodb.local/", 200, HTTPHeaders(), _Raw(body))

    events: Any = cast("BaseClient", client).meta.events  # its types know of no answer that a handler gives
    events.register("before-send", answer)
    return client


def _items() -> list[object]:
    generator = random.Random(1)
    drafts = [MODEL.random_draft(generator) for _ in range(ROWS)]
    rows = [MODEL.row_of(seq, f"{seq:026d}", draft, utc_text(seq)) for seq, draft in enumerate(drafts, 1)]
    return [{"sk": {"N": str(row[0])}, **MODEL.to_item(row)} for row in rows]


class _Raw(BytesIO):
    """The part of urllib3's answer that botocore reads."""

    def stream(self, **_: object) -> list[bytes]:
        return [self.read()]
