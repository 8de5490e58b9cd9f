"""The ledger: an append-only log in DynamoDB, read.

Every row has a dense sequence number, because every append moves the head item in the same transaction; commit order is
sequence order. So one strongly consistent read of the head names an exact prefix, and everything here reads such a
prefix: any range by key, pages in parallel, never a Scan. `appender.py` writes it.
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

from handlers import rows
from handlers.aws.dynamodb import PARALLEL_READS, Deadline, call
from handlers.aws.table import BY_ID, PAGE_ROWS, SORT_KEY, page_of, rows_key
from handlers.domain.bookmark import Bookmark
from handlers.domain.problem import unavailable
from handlers.telemetry.meter import METERS

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from handlers.aws.dynamodb import Client, Item, ItemAnswer, QueryAnswer, QueryArguments
    from handlers.rows import Row


class Narrowing(TypedDict, total=False):
    """The part of a Query that leaves out rows or attributes."""

    FilterExpression: str
    ProjectionExpression: str
    ExpressionAttributeNames: dict[str, str]
    ExpressionAttributeValues: Item


# The keys' texts would be a quarter of what comes over the wire. Names by number: a column may be a reserved word.
WHOLE_ROWS: Narrowing = {
    "ProjectionExpression": ", ".join(f"#{number}" for number in range(len(rows.COLUMNS))),
    "ExpressionAttributeNames": {f"#{number}": name for number, name in enumerate((SORT_KEY, *rows.COLUMNS[1:]))},
}
HEAD_KEY: Item = {"pk": {"S": "head"}, "sk": {"N": "0"}}


@dataclass(frozen=True)
class Range:
    """The rows first … last of one epoch, in reading order; empty if first > last."""

    epoch: int
    first: int
    last: int
    newest_first: bool = False

    def pages(self) -> list[Range]:
        """Return the same range cut at the table's pages."""
        if self.first > self.last:
            return []
        pages = [
            Range(
                self.epoch,
                max(self.first, page * PAGE_ROWS + 1),
                min(self.last, (page + 1) * PAGE_ROWS),
                self.newest_first,
            )
            for page in range(page_of(self.first), page_of(self.last) + 1)
        ]
        return pages[::-1] if self.newest_first else pages


class Ledger:
    """Reads of one table.

    Args:
        client: made by `aws.dynamodb.make_client`.
        table_name: the table.
    """

    def __init__(self, client: Client, table_name: str) -> None:
        self.client = client
        self.table_name = table_name

    def head(self, deadline: Deadline) -> Bookmark | None:
        """Return the newest bookmark, read with strong consistency; None where no ledger was made yet."""
        item = self.get(HEAD_KEY, deadline)
        return Bookmark(_integer(item, "epoch"), _integer(item, "seq")) if item else None

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

    def rows(self, span: Range, deadline: Deadline) -> Iterator[list[Row]]:
        """Yield the rows of a range, in order, a page at a time."""
        return self.matching(span, WHOLE_ROWS, deadline)

    def matching(self, span: Range, narrowing: Narrowing, deadline: Deadline) -> Generator[list[Row]]:
        """Yield the rows of a range that a narrowing of `WHOLE_ROWS` lets through, in order, a page at a time."""
        for items in self._pages(span, narrowing, deadline):
            yield [row_from_item(item) for item in items]

    def values_and_times(self, bookmark: Bookmark, deadline: Deadline) -> Iterator[tuple[list[float], list[str]]]:
        """Yield the value column and created_at of a whole prefix, a page at a time; nothing else is transferred."""
        projected: Narrowing = {
            "ProjectionExpression": "#value, created_at",
            "ExpressionAttributeNames": {"#value": rows.VALUE},
        }
        for items in self._pages(Range(bookmark.epoch, 1, bookmark.seq), projected, deadline):
            yield (
                [float(item[rows.VALUE].get("N", "nan")) for item in items],
                [item["created_at"].get("S", "") for item in items],
            )

    def row_by_id(self, epoch: int, row_id: str, deadline: Deadline) -> Row | None:
        """Return one row of an epoch by its id. The index is eventually consistent: None can mean "not yet"."""
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
            if item["pk"] == {"S": rows_key(epoch, page_of(_integer(item, SORT_KEY)))}:
                return row_from_item(item)
        return None

    def _pages(self, span: Range, narrowing: Narrowing, deadline: Deadline) -> Generator[list[Item]]:
        """Yield the items of each table page's part of a range, in order. More than one are read ahead in parallel."""
        pages = span.pages()
        if len(pages) == 1:
            yield self._items(pages[0], narrowing, deadline)
            return
        waiting: deque[Future[list[Item]]] = deque()
        with ThreadPoolExecutor(PARALLEL_READS) as pool:
            for page in pages:
                waiting.append(pool.submit(self._items, page, narrowing, deadline))
                if len(waiting) == PARALLEL_READS:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()

    def _items(self, page: Range, narrowing: Narrowing, deadline: Deadline) -> list[Item]:
        """Return the items of one table page's part; as many answers as 1 MB each make necessary.

        Raises Problem (503) where a row is missing: a ledger has no holes, so this one is not whole.
        """
        arguments: QueryArguments = {
            "TableName": self.table_name,
            "KeyConditionExpression": "pk = :pk AND sk BETWEEN :low AND :high",
            "ConsistentRead": True,
            "ReturnConsumedCapacity": "TOTAL",
            "ScanIndexForward": not page.newest_first,
            **narrowing,
            "ExpressionAttributeValues": {
                ":pk": {"S": rows_key(page.epoch, page_of(page.first))},
                ":low": {"N": str(page.first)},
                ":high": {"N": str(page.last)},
                **narrowing.get("ExpressionAttributeValues", {}),
            },
        }
        items: list[Item] = []
        missing = page.last - page.first + 1
        while True:
            answer = call(lambda: self.client.query(**arguments), deadline)
            meter(answer)
            items += answer["Items"]
            missing -= answer["ScannedCount"]  # those that a filter left out included
            if "LastEvaluatedKey" not in answer:
                break
            arguments["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
        if missing:
            raise unavailable(f"The ledger lacks {missing} of the rows {page.first} to {page.last}", retry_after_s=5)
        return items


def meter(answer: ItemAnswer | QueryAnswer) -> None:
    """Count the read units that an answer of DynamoDB names."""
    METERS.dynamodb_read(answer.get("ConsumedCapacity", {}).get("CapacityUnits"))


def row_from_item(item: Item) -> Row:
    """Return the row that an item of the ledger holds."""
    return rows.from_item(_integer(item, SORT_KEY), item)


def _integer(item: Item, name: str) -> int:
    return int(item[name].get("N", "0"))
