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

from ulid import ULID

from handlers.aws.dynamodb import Deadline, transact, write_if
from handlers.aws.table import page_of, rows_key
from handlers.domain.bookmark import Bookmark
from handlers.domain.problem import Problem
from handlers.ledger.idempotency import Call, Record, record_key
from handlers.ledger.ledger import HEAD_KEY, Ledger
from handlers.ledger.transaction import ROWS_PER_TRANSACTION, Transaction, cut_short

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from handlers.aws.dynamodb import Action
    from handlers.rows import Draft

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Appended:
    """The rows that a call put into the ledger."""

    ids: tuple[str, ...]
    bookmark: Bookmark
    is_replay: bool = False


class HistoryChangedError(Exception):
    """The ground of this call is gone: another call wrote its record, or the ledger was replaced."""


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
        """Return the ledger's head; make the ledger where there is none."""
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
        """Return how far the call came before: nowhere, unless it has a key that stands in the ledger."""
        if key_call is None:
            return Record(total)
        epoch = self.head(deadline).epoch
        item = self._ledger.get(record_key(epoch, key_call.key), deadline)
        record = Record.from_item(item, epoch, self._now())
        if record is None:
            return Record(total, key_call.request_hash)
        record.check(key_call, self._now())
        return record

    def _append(self, drafts: Sequence[Draft], deadline: Deadline, record: Record, key_call: Call | None) -> Appended:
        for start in range(0, len(drafts), ROWS_PER_TRANSACTION):
            transaction = Transaction.from_drafts(drafts[start : start + ROWS_PER_TRANSACTION], self._now())
            try:
                record = self._append_transaction(transaction, deadline, record, key_call)
            except Problem as problem:
                if record.ids or transaction.doubts:
                    raise cut_short(problem, record, transaction, key_call) from problem
                raise
        return Appended(record.ids, record.bookmark)

    def _append_transaction(
        self, transaction: Transaction, deadline: Deadline, record: Record, key_call: Call | None
    ) -> Record:
        attempt = 0
        while True:
            head = self._head or self.head(deadline)
            if record.ids and record.bookmark.epoch != head.epoch:
                raise HistoryChangedError("the ledger was replaced")
            landed = self._landed(transaction, deadline)
            record_after = record.after(transaction.ids, landed or transaction.end(head), self._now())
            if landed is not None:
                return record_after
            actions = transaction.actions(head, self._ledger.table_name)
            if key_call is not None:
                actions.append(self._record_action(head.epoch, key_call, record, record_after))
            if self._commit(actions, head, transaction, deadline):
                self._head = record_after.bookmark
                return record_after
            self._head = None
            attempt += 1
            deadline.pause(attempt)

    def _commit(self, actions: Sequence[Action], head: Bookmark, transaction: Transaction, deadline: Deadline) -> bool:
        """Send one transaction. True: it is in. False: the head has moved, or others are in the way."""
        client, token = self._ledger.client, str(ULID())
        codes = transact(client, actions, token, deadline, on_doubt=lambda: transaction.doubts.add(head))
        if codes and codes[0] == "None" and codes[-1] == "ConditionalCheckFailed":
            raise HistoryChangedError("another call with the same key was faster")
        return not codes

    def _landed(self, transaction: Transaction, deadline: Deadline) -> Bookmark | None:
        """Return where the rows are, if one of the attempts in doubt was carried out; None if not.

        Asked after the head was read and before the next attempt: an attempt upon a head that has moved can't be
        carried out any more, and of two attempts upon the same head only one can.
        """
        for head in transaction.doubts:
            key = rows_key(head.epoch, page_of(head.seq + 1))
            item = self._ledger.get({"pk": {"S": key}, "sk": {"N": str(head.seq + 1)}}, deadline)
            if item is not None and item["id"] == {"S": transaction.ids[0]}:
                return transaction.end(head)
        return None

    def _record_action(self, epoch: int, key_call: Call, before: Record, after: Record) -> Action:
        return after.put_action(self._ledger.table_name, record_key(epoch, key_call.key), before, self._now())

    def _create(self, deadline: Deadline) -> Bookmark:
        """Make the head item, once: whoever comes second takes what stands there."""
        made = Bookmark(self._make_epoch(), 0)
        write_if(
            lambda: self._ledger.client.put_item(
                TableName=self._ledger.table_name,
                Item={**HEAD_KEY, "epoch": {"N": str(made.epoch)}, "seq": {"N": "0"}},
                ConditionExpression="attribute_not_exists(pk)",
            ),
            deadline,
        )
        head = self._ledger.head(deadline) or made
        if head.epoch == made.epoch:  # it is ours, even if the answer that said so got lost
            self._on_created(head)
        return head
