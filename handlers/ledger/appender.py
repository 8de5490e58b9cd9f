"""Appending to the ledger: dense sequence numbers, each call's rows once, whatever gets lost on the way.

One append is one transaction: the head moves from the seq seen to seq + n under the condition that it is still there,
n rows are put, and the call's idempotency record, where it has a key, is put with them. Calls of more than 98 rows are
several such transactions. A lost answer is asked for again with the same token; and because the head's condition can
hold only once, a look at the first row, once the head has moved, settles every doubt about an attempt.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError
from ulid import ULID

from handlers import rows
from handlers.aws.dynamodb import Deadline, call, cancellation_codes, error_code
from handlers.aws.table import page_of, rows_key
from handlers.domain.bookmark import Bookmark
from handlers.domain.problem import Problem
from handlers.ledger.idempotency import Call, Record, record_key
from handlers.ledger.ledger import HEAD_KEY, Ledger
from handlers.ledger.transaction import Chunk, cut_short

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

    from handlers.rows import Draft

ROWS_PER_TRANSACTION = 98  # DynamoDB allows 100 actions; the head and the idempotency record are two

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Appended:
    """What a call put into the ledger."""

    ids: tuple[str, ...]
    bookmark: Bookmark
    is_replay: bool = False


class HistoryChangedError(Exception):
    """What this call rests on is gone: another call wrote its record, or the ledger was replaced."""


class Appender:
    """Writes to one ledger. Keeps the head it saw last, so that an undisturbed append is one round trip.

    Args:
        ledger: reads of the same table.
        make_epoch: gives the epoch for a ledger that does not exist yet.
        on_created: told of a ledger just made.
        now: the time in seconds since 1970.
    """

    def __init__(
        self,
        ledger: Ledger,
        make_epoch: Callable[[], int],
        on_created: Callable[[Bookmark], None],
        now: Callable[[], float] = time.time,
    ) -> None:
        self._ledger = ledger
        self._make_epoch = make_epoch
        self._on_created = on_created
        self._now = now
        self._head: Bookmark | None = None

    def head(self, deadline: Deadline) -> Bookmark:
        """The ledger's head; makes the ledger where there is none."""
        self._head = self._ledger.head(deadline)
        if self._head is None:
            self._head = self._create(deadline)
        return self._head

    def append(self, drafts: Sequence[Draft], deadline: Deadline, key_call: Call | None = None) -> Appended:
        """Append rows, all or, if it is cut short, the first so many.

        Args:
            drafts: 1 to 1000 rows.
            key_call: the call's idempotency key and hash, where it has one.

        Raises:
            Problem: 409, the key is in use or was used for another body; 503, the ledger is away, with how many rows
                are in.
        """
        while True:
            record = self._record(len(drafts), deadline, key_call)
            if record.is_complete:
                return Appended(record.ids, record.bookmark, is_replay=True)
            try:
                return self._append(drafts[len(record.ids) :], deadline, record, key_call)
            except HistoryChangedError as error:
                _log.info("starting over: %s", error)

    def _record(self, total: int, deadline: Deadline, key_call: Call | None) -> Record:
        """How far the call came before: nowhere, unless it has a key that stands in the ledger."""
        if key_call is None:
            return Record(total)
        epoch = self.head(deadline).epoch
        item = self._ledger.get(record_key(epoch, key_call.key), deadline)
        record = Record.of_item(item, epoch, self._now())
        if record is None:
            return Record(total, key_call.request_hash)
        record.check(key_call, self._now())
        return record

    def _append(self, drafts: Sequence[Draft], deadline: Deadline, record: Record, key_call: Call | None) -> Appended:
        for start in range(0, len(drafts), ROWS_PER_TRANSACTION):
            chunk = Chunk.of(drafts[start : start + ROWS_PER_TRANSACTION], self._now())
            try:
                record = self._append_chunk(chunk, deadline, record, key_call)
            except Problem as problem:
                if record.ids or chunk.doubts:
                    raise cut_short(problem, record, chunk, key_call) from problem
                raise
        return Appended(record.ids, record.bookmark)

    def _append_chunk(self, chunk: Chunk, deadline: Deadline, record: Record, key_call: Call | None) -> Record:
        attempt = 0
        while True:
            head = self._head or self.head(deadline)
            if record.ids and record.bookmark.epoch != head.epoch:
                raise HistoryChangedError("the ledger was replaced")
            landed = self._landed(chunk, deadline)
            record_after = record.after(chunk.ids, landed or chunk.end(head), self._now())
            if landed is not None:
                return record_after
            actions = self._actions(head, chunk)
            if key_call is not None:
                actions.append(self._record_action(head.epoch, key_call, record, record_after))
            if self._commit(actions, head, chunk, deadline):
                self._head = record_after.bookmark
                return record_after
            self._head = None
            attempt += 1
            deadline.pause(attempt)

    def _commit(
        self, actions: list[TransactWriteItemTypeDef], head: Bookmark, chunk: Chunk, deadline: Deadline
    ) -> bool:
        """Send one transaction. True: it is in. False: the head has moved, or others are in the way."""
        token = str(ULID())
        try:
            call(
                lambda: self._ledger.client.transact_write_items(TransactItems=actions, ClientRequestToken=token),
                deadline,
                on_doubt=lambda: chunk.doubts.add(head),
            )
        except ClientError as error:
            if error_code(error) == "IdempotentParameterMismatchException":
                return False  # a resend always is the same; an emulator that tidies up the numbers it got denies it
            codes = cancellation_codes(error)
            if not codes or "ValidationError" in codes:
                raise
            if codes[0] == "None" and codes[-1] == "ConditionalCheckFailed":
                raise HistoryChangedError("another call with the same key was faster") from error
            return False
        return True

    def _landed(self, chunk: Chunk, deadline: Deadline) -> Bookmark | None:
        """Where the rows are, if one of the attempts in doubt was carried out.

        Asked after the head was read and before the next attempt: an attempt upon a head that has moved can't be
        carried out any more, and of two attempts upon the same head only one can.
        """
        for head in chunk.doubts:
            key = rows_key(head.epoch, page_of(head.seq + 1))
            item = self._ledger.get({"pk": {"S": key}, "sk": {"N": str(head.seq + 1)}}, deadline)
            if item is not None and item["id"] == {"S": chunk.ids[0]}:
                return chunk.end(head)
        return None

    def _actions(self, head: Bookmark, chunk: Chunk) -> list[TransactWriteItemTypeDef]:
        table = self._ledger.table_name
        move: TransactWriteItemTypeDef = {
            "Update": {
                "TableName": table,
                "Key": HEAD_KEY,
                "UpdateExpression": "SET seq = :after",
                "ConditionExpression": "epoch = :epoch AND seq = :seen",
                "ExpressionAttributeValues": {
                    ":epoch": {"N": str(head.epoch)},
                    ":seen": {"N": str(head.seq)},
                    ":after": {"N": str(chunk.end(head).seq)},
                },
            }
        }
        puts: list[TransactWriteItemTypeDef] = [
            {
                "Put": {
                    "TableName": table,
                    "Item": {
                        "pk": {"S": rows_key(head.epoch, page_of(row[0]))},
                        "sk": {"N": str(row[0])},
                        **rows.to_item(row),
                    },
                }
            }
            for row in chunk.rows_after(head)
        ]
        return [move, *puts]

    def _record_action(self, epoch: int, key_call: Call, before: Record, after: Record) -> TransactWriteItemTypeDef:
        return after.put_action(self._ledger.table_name, record_key(epoch, key_call.key), before, self._now())

    def _create(self, deadline: Deadline) -> Bookmark:
        """Make the head item, once: whoever comes second takes what stands there."""
        made = Bookmark(self._make_epoch(), 0)
        try:
            call(
                lambda: self._ledger.client.put_item(
                    TableName=self._ledger.table_name,
                    Item={**HEAD_KEY, "epoch": {"N": str(made.epoch)}, "seq": {"N": "0"}},
                    ConditionExpression="attribute_not_exists(pk)",
                ),
                deadline,
            )
        except ClientError as error:
            if error_code(error) != "ConditionalCheckFailedException":
                raise
        head = self._ledger.head(deadline) or made
        if head.epoch == made.epoch:  # it is ours, even if the answer that said so got lost
            self._on_created(head)
        return head
