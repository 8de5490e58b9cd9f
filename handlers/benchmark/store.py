"""Benchmark sessions in the table: one partition, the newest is the greatest sort key, gone after 90 days.

A session's id is the millisecond at which it began; should that be taken, the next one that is free. What stands in
the table is never changed.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

from handlers.aws.dynamodb import Deadline, call, write_if
from handlers.aws.table import BENCHMARKS, TTL
from handlers.benchmark.session import Benchmark, BenchmarkSession

if TYPE_CHECKING:
    from handlers.aws.dynamodb import Client, Item

KEEP_S = 90 * 24 * 3600
ID_DIGITS = 15


class BenchmarkStore:
    """Sessions of one table. Every method raises Problem (503) where DynamoDB is away."""

    def __init__(self, client: Client, table_name: str) -> None:
        self._client = client
        self._table_name = table_name

    def save(self, benchmark: Benchmark, deadline: Deadline) -> Benchmark:
        """Keep a session, under its id or the next that is free. Returns it as it is kept."""
        while not self._put(benchmark, deadline):
            benchmark = cast("Benchmark", {**benchmark, "id": str(int(benchmark["id"]) + 1)})
        return benchmark

    def get(self, benchmark_id: str, now_s: float, deadline: Deadline) -> Benchmark | None:
        """Return one session with its results; None where there is none, or only one past its time."""
        if not is_id(benchmark_id) or int(benchmark_id) < _oldest_ms(now_s):
            return None
        key: Item = {"pk": {"S": BENCHMARKS}, "sk": {"N": benchmark_id}}
        answer = call(lambda: self._client.get_item(TableName=self._table_name, Key=key, ConsistentRead=True), deadline)
        return benchmark_from_item(answer["Item"]) if "Item" in answer else None

    def newest(
        self, limit: int, now_s: float, deadline: Deadline, before_id: str | None = None
    ) -> tuple[list[Benchmark], bool]:
        """Return at most `limit` sessions, newest first, that are older than `before_id`; and whether more follow."""
        last_ms = int(before_id) - 1 if before_id else 10**ID_DIGITS
        answer = call(
            lambda: self._client.query(
                TableName=self._table_name,
                KeyConditionExpression="pk = :pk AND sk BETWEEN :oldest AND :last",
                ExpressionAttributeValues={
                    ":pk": {"S": BENCHMARKS},
                    ":oldest": {"N": str(min(_oldest_ms(now_s), last_ms))},
                    ":last": {"N": str(last_ms)},
                },
                ScanIndexForward=False,
                ConsistentRead=True,
                Limit=limit + 1,
            ),
            deadline,
        )
        found = [benchmark_from_item(item) for item in answer["Items"]]
        return found[:limit], len(found) > limit or "LastEvaluatedKey" in answer

    def _put(self, benchmark: Benchmark, deadline: Deadline) -> bool:
        """Write a session under its id, if that is free. Returns whether it was."""
        session = {name: value for name, value in benchmark.items() if name != "results"}
        item: Item = {
            "pk": {"S": BENCHMARKS},
            "sk": {"N": benchmark["id"]},
            "session": {"S": json.dumps(session)},
            "results": {"S": json.dumps(benchmark["results"])},
            TTL: {"N": str(int(benchmark["id"]) // 1000 + KEEP_S)},
        }
        return write_if(
            lambda: self._client.put_item(
                TableName=self._table_name,
                Item=item,
                # An attempt whose answer got lost finds its own item, which is as good as having put it now.
                ConditionExpression="attribute_not_exists(pk) OR results = :results",
                ExpressionAttributeValues={":results": item["results"]},
            ),
            deadline,
        )


def benchmark_from_item(item: Item) -> Benchmark:
    """Return the session that `save` wrote."""
    session = cast("BenchmarkSession", json.loads(item["session"].get("S", "")))
    return Benchmark(**session, results=json.loads(item["results"].get("S", "")))


def is_id(text: str) -> bool:
    """Tell whether a text has the form of an id: milliseconds since 1970."""
    return text.isascii() and text.isdigit() and len(text) <= ID_DIGITS and not text.startswith("0")


def _oldest_ms(now_s: float) -> int:
    """Return the least id whose time is not over; the table's own clean-up comes up to two days later."""
    return int((now_s - KEEP_S) * 1000) + 1
