"""The table's stream on this machine: it calls a function with batches, as Lambda's event source mapping does.

The stream is the emulator's own. Batches hold the records that a function wants; a batch that failed comes again, from
the first record that did, until it has failed too often and is given up.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from console.local.account.clients import make_clients
from console.local.function import FunctionFailed
from console.local.gateway import Invoke
from handlers.aws.dynamodb import backoff_s
from handlers.ledger.head import HEAD_KEY

POLL_S = 0.25
WINDOW_S = 1.0  # how long a batch waits for more; by then an insert has published by itself
BATCH_RECORDS = 100
MOST_ATTEMPTS = 6
FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 10.0

Record = dict[str, Any]
Filter = Callable[[Record], bool]

_logger = logging.getLogger(__name__)


def is_of_the_head(record: Record) -> bool:
    """Tell whether a record is of the ledger's head: the projector's filter."""
    return record["dynamodb"]["Keys"] == HEAD_KEY


async def follow(
    environ: Mapping[str, str], invoke: Invoke, wants: Filter = is_of_the_head, *, window_s: float = WINDOW_S
) -> None:
    """Call a function with what the stream of an environment's table brings, until cancelled.

    Args:
        invoke: gives an event to the function.
        wants: tells which records it gets.
        window_s: how long a batch waits for more.
    """
    shard = await asyncio.to_thread(Shard, environ, wants)
    while True:
        records = await asyncio.to_thread(shard.read)
        if records:
            await asyncio.sleep(window_s)
            records += await asyncio.to_thread(shard.read)
        for batch in batches(records):
            await deliver(batch, invoke)
        await asyncio.sleep(POLL_S)


class Shard:
    """The stream of one table, read from its beginning; it has one shard here.

    Args:
        environ: leads to the table.
        wants: tells which records are read.
    """

    def __init__(self, environ: Mapping[str, str], wants: Filter = is_of_the_head) -> None:
        self._client, dynamodb = make_clients(environ, "dynamodbstreams", "dynamodb")
        self._wants = wants
        table = dynamodb.describe_table(TableName=environ["TABLE_NAME"])["Table"]
        self._stream: str = table["LatestStreamArn"]
        (shard,) = self._client.describe_stream(StreamArn=self._stream)["StreamDescription"]["Shards"]
        self._shard: str = shard["ShardId"]
        self._place = ""  # in the stream; "": its beginning
        self._last = 0  # the sequence number of the last record that was read

    def read(self) -> list[Record]:
        """Return the wanted records that have come since the last call; none where that is not known."""
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - loaded with boto3

        try:
            answer = self._client.get_records(ShardIterator=self._place or self._beginning())
        except (BotoCoreError, ClientError) as error:  # a place is forgotten after 15 minutes, such as of sleep
            _logger.warning("the stream cannot be read now: %s", error)
            self._place = ""
            return []
        self._place = answer["NextShardIterator"]
        records = [record for record in answer["Records"] if int(number_of(record)) > self._last]
        self._last = int(number_of(records[-1])) if records else self._last
        wanted = [record for record in records if self._wants(record)]
        return json.loads(json.dumps(wanted, default=datetime.timestamp))  # as Lambda gives them: times are numbers

    def _beginning(self) -> str:
        """Return the place of the oldest record that the stream has."""
        wanted = {"StreamArn": self._stream, "ShardId": self._shard, "ShardIteratorType": "TRIM_HORIZON"}
        return self._client.get_shard_iterator(**wanted)["ShardIterator"]


def batches(records: list[Record]) -> Iterator[list[Record]]:
    """Yield the records in batches of at most `BATCH_RECORDS`."""
    for start in range(0, len(records), BATCH_RECORDS):
        yield records[start : start + BATCH_RECORDS]


async def deliver(batch: list[Record], invoke: Invoke) -> None:
    """Call a function with a batch until it has taken all of it, or has failed too often at one place."""
    failures = 0
    while batch:
        taken = await _call(batch, invoke)
        failures = 0 if taken else failures + 1
        batch = batch[taken:]
        if failures == MOST_ATTEMPTS:
            _logger.error("gave up on %d records of the stream, from %s on", len(batch), number_of(batch[0]))
            return
        if batch:
            await asyncio.sleep(backoff_s(failures, FIRST_PAUSE_S, LONGEST_PAUSE_S))


async def _call(batch: list[Record], invoke: Invoke) -> int:
    """Return how many records a function has taken."""
    try:
        answer: Any = await invoke({"Records": batch})
    except FunctionFailed as error:
        _logger.warning("the stream's batch failed: %s", error)
        return 0
    failed = {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
    return next((place for place, record in enumerate(batch) if number_of(record) in failed), len(batch))


def number_of(record: Record) -> str:
    """Return a record's sequence number."""
    return record["dynamodb"]["SequenceNumber"]
