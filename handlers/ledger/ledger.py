"""The ledger: an append-only log in DynamoDB, read.

Every row has a dense sequence number, because every append moves the head in the same transaction; commit order is
sequence order. So one strongly consistent read of the head names an exact prefix, and everything here reads such a
prefix: any range by key, pages in parallel, never a Scan. `appender.py` writes it.
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from handlers.aws.dynamodb import PARALLEL_READS, Deadline, call
from handlers.aws.table import BY_ID, PAGE_ROWS, SORT_KEY, page_of, rows_key
from handlers.domain.bookmark import MAX_SEQ
from handlers.domain.problem import Problem
from handlers.ledger.head import HEAD_KEY, Head
from handlers.ledger.items import WHOLE_ROWS, Narrowing, OtherColumnsError, rows_from_items, whole_rows
from handlers.model.model import loaded
from handlers.rows import MODEL
from handlers.telemetry.meter import METERS

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from handlers.aws.dynamodb import Client, Item, ItemAnswer, QueryAnswer, QueryArguments
    from handlers.ledger.head import Roots
    from handlers.model.model import Model, Row


class MissingRowsError(Problem):
    """Rows are missing: a ledger has no holes, so this one is not whole."""

    def __init__(self, detail: str) -> None:
        super().__init__("unavailable", detail, headers={"retry-after": "5"})


@dataclass(frozen=True)
class Range:
    """The rows first … last of the history with these roots, in reading order; empty if first > last."""

    roots: Roots
    first: int
    last: int
    newest_first: bool = False

    def parts(self) -> list[Part]:
        """Return the range cut where the table's pages and the roots' stretches end."""
        ends = [first - 1 for first, _ in self.roots[1:]]
        parts: list[Part] = []
        for (start, root), end in zip(self.roots, [*ends, MAX_SEQ], strict=True):
            first, last = max(self.first, start), min(self.last, end)
            for page in range(page_of(first), page_of(last) + 1 if first <= last else 0):
                parts.append(Part(root, max(first, page * PAGE_ROWS + 1), min(last, (page + 1) * PAGE_ROWS)))
        return parts[::-1] if self.newest_first else parts


class Part(NamedTuple):
    """The rows first … last under one root, all on one page of the table."""

    root: int
    first: int
    last: int


class Ledger:
    """Reads of one table.

    Args:
        client: made by `aws.dynamodb.make_client`.
        table_name: the table.
        model: the columns that its rows are read with.
    """

    model: Model = MODEL

    def __init__(self, client: Client, table_name: str, model: Model = MODEL) -> None:
        self.client = client
        self.table_name = table_name
        self.model = model

    def read_with(self, model: Model) -> Ledger:
        """Return reads of the same table with the columns of another model."""
        return Ledger(self.client, self.table_name, model)

    def head(self, deadline: Deadline) -> Head | None:
        """Return the head, read with strong consistency; None where no ledger was made yet.

        Raises OtherColumnsError.
        """
        head = self.any_head(deadline)
        if head is not None and not head.has_our_columns:
            raise OtherColumnsError(f"The rows of the ledger, whose head is {head.bookmark},", head.remedy)
        return head

    def any_head(self, deadline: Deadline) -> Head | None:
        """Return the head, whatever columns its rows have."""
        item = self.get(HEAD_KEY, deadline)
        return Head.from_item(item) if item else None

    def get(self, key: Item, deadline: Deadline) -> Item | None:
        """Return one item by its key, read with strong consistency."""
        answer = call(
            lambda: self.client.get_item(
                TableName=self.table_name, Key=key, ConsistentRead=True, ReturnConsumedCapacity="TOTAL"
            ),
            deadline,
        )
        meter(answer)
        return answer.get("Item")

    def created_at(self, head: Head, seq: int, deadline: Deadline) -> str:
        """Return the time of one row of a head's history. Raises Problem (503) where it is not there."""
        ((row,),) = self.rows(Range(head.roots, seq, seq), deadline)
        return row[-1]

    def rows(self, span: Range, deadline: Deadline) -> Iterator[list[Row]]:
        """Yield the rows of a range, in order, a page at a time."""
        return self.matching(span, WHOLE_ROWS if self.model is MODEL else whole_rows(self.model), deadline)

    def matching(self, span: Range, narrowing: Narrowing, deadline: Deadline) -> Generator[list[Row]]:
        """Yield the rows of a range that a narrowing of `WHOLE_ROWS` lets through, in order, a page at a time."""
        for items in self._pages(span, narrowing, deadline):
            yield rows_from_items(items, self.model)

    def numbers_and_times(self, span: Range, deadline: Deadline) -> Iterator[tuple[list[float], list[str]]]:
        """Yield the statistics' column and created_at of a range, a page at a time; nothing else is transferred."""
        column = MODEL.statistics
        projected: Narrowing = {"ProjectionExpression": "created_at"}
        if column:
            projected = {"ProjectionExpression": "#0, created_at", "ExpressionAttributeNames": {"#0": column.name}}
        for items in self._pages(span, projected, deadline):
            yield (
                list(loaded(column, items)) if column else [],
                [item["created_at"].get("S", "") for item in items],
            )

    def row_by_id(self, head: Head, row_id: str, deadline: Deadline) -> Row | None:
        """Return one row of a head's history by its id, be it newer than that head.

        The index is eventually consistent: None can mean "not yet". It also knows the rows of histories that were left.
        """
        answer = call(
            lambda: self.client.query(
                TableName=self.table_name,
                IndexName=BY_ID,
                KeyConditionExpression="id = :id",
                ExpressionAttributeValues={":id": {"S": row_id}},
                ReturnConsumedCapacity="TOTAL",
            ),
            deadline,
        )
        meter(answer)
        for item in answer["Items"]:
            seq = int(item[SORT_KEY].get("N", 0))
            if item["pk"] == {"S": rows_key(head.root_of(seq), page_of(seq))}:
                return rows_from_items([item], self.model)[0]
        return None

    def _pages(self, span: Range, narrowing: Narrowing, deadline: Deadline) -> Generator[list[Item]]:
        """Yield the items of each part of a range, in order. More than one are read ahead in parallel."""
        parts = span.parts()
        if len(parts) == 1:
            yield self._items(parts[0], span.newest_first, narrowing, deadline)
            return
        waiting: deque[Future[list[Item]]] = deque()
        with ThreadPoolExecutor(PARALLEL_READS) as pool:
            for part in parts:
                waiting.append(pool.submit(self._items, part, span.newest_first, narrowing, deadline))
                if len(waiting) == PARALLEL_READS:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()

    def _items(self, part: Part, newest_first: bool, narrowing: Narrowing, deadline: Deadline) -> list[Item]:
        """Return the items of a part; as many answers as 1 MB each make necessary.

        Raises MissingRowsError.
        """
        arguments: QueryArguments = {
            "TableName": self.table_name,
            "KeyConditionExpression": "pk = :pk AND sk BETWEEN :low AND :high",
            "ConsistentRead": True,
            "ReturnConsumedCapacity": "TOTAL",
            "ScanIndexForward": not newest_first,
            **narrowing,
            "ExpressionAttributeValues": {
                ":pk": {"S": rows_key(part.root, page_of(part.first))},
                ":low": {"N": str(part.first)},
                ":high": {"N": str(part.last)},
                **narrowing.get("ExpressionAttributeValues", {}),
            },
        }
        items: list[Item] = []
        missing = part.last - part.first + 1
        while True:
            answer = call(lambda: self.client.query(**arguments), deadline)
            meter(answer)
            items += answer["Items"]
            missing -= answer["ScannedCount"]  # those that a filter left out included
            if "LastEvaluatedKey" not in answer:
                break
            arguments["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
        if missing:
            raise MissingRowsError(f"The ledger lacks {missing} of the rows {part.first} to {part.last}")
        return items


def meter(answer: ItemAnswer | QueryAnswer) -> None:
    """Count the read units that an answer of DynamoDB names."""
    METERS.dynamodb_read(answer.get("ConsumedCapacity", {}).get("CapacityUnits"))
