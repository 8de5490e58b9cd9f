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
from handlers.ledger.head import HEAD_KEY, Head
from handlers.ledger.idempotency import Call, Record, record_key
from handlers.ledger.ledger import Ledger
from handlers.ledger.transaction import ROWS_PER_TRANSACTION, Transaction, cut_short
from handlers.telemetry.meter import METERS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from handlers.aws.dynamodb import Action
    from handlers.model.model import Draft

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Appended:
    """The rows that a call put into the ledger."""

    ids: tuple[str, ...]
    bookmark: Bookmark
    is_replay: bool = False


class HistoryChangedError(Exception):
    """The ground of this call is gone: another call wrote its record, or the ledger was replaced.

    Attributes:
        record: how far this call had come.
    """

    def __init__(self, message: str, record: Record) -> None:
        super().__init__(message)
        self.record = record


class OtherEpochError(Exception):
    """The ledger has another epoch than the one that a call is for; nothing of that call was put into it.

    Attributes:
        epoch: the ledger's.
    """

    def __init__(self, epoch: int) -> None:
        super().__init__(f"the ledger's epoch is {epoch}")
        self.epoch = epoch


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
        on_created: Callable[[Head], None],
        now: Callable[[], float] = time.time,
    ) -> None:
        self._ledger = ledger
        self._make_epoch = make_epoch
        self._on_created = on_created
        self._now = now
        self._head: Head | None = None

    def head(self, deadline: Deadline) -> Head:
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
            OtherEpochError: the call is for another epoch than the ledger's.
        """
        record = Record(len(drafts))
        while True:
            record = self._record(record, deadline, key_call)
            if record.is_complete:
                return Appended(record.ids, self._bookmark(record, deadline), is_replay=True)
            try:
                return self._append(drafts[len(record.ids) :], deadline, record, key_call)
            except HistoryChangedError as error:
                _log.info("starting over: %s", error)
                record = error.record

    def _record(self, own: Record, deadline: Deadline, key_call: Call | None) -> Record:
        """Return how far the call came before: as it knows itself, or, where it has a key, as the ledger tells."""
        if key_call is None:
            return own.within(self.head(deadline)) if own.ids else own
        item = self._ledger.get(record_key(key_call.key), deadline)
        head = self.head(deadline)  # read last: an older one would not hold what a new record tells of
        if item is None:
            return Record(own.total, key_call.request_hash)
        record = Record.from_item(item, head, self._now())
        if record is None:
            return Record(own.total, key_call.request_hash, replaced_id=item["last_id"].get("S", ""))
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
        return Appended(record.ids, self._bookmark(record, deadline))

    def _bookmark(self, record: Record, deadline: Deadline) -> Bookmark:
        """Return the point at which all rows of a call are in."""
        return Bookmark((self._head or self.head(deadline)).epoch, record.last_seq)

    def _append_transaction(
        self, transaction: Transaction, deadline: Deadline, record: Record, key_call: Call | None
    ) -> Record:
        attempt = 0
        while True:
            head = self._head or self.head(deadline)
            if key_call is not None and key_call.epoch not in (0, head.epoch):
                raise OtherEpochError(head.epoch)
            if record.within(head) is not record:
                raise HistoryChangedError("the ledger was replaced", record)
            landed = self._landed(transaction, head, deadline)
            root, last_seq = (head.root, head.seq) if landed is None else (landed.root, landed.seq)
            record_after = record.after(transaction.ids, root, last_seq + len(transaction.ids), self._now())
            if landed is not None:
                return record_after
            after, actions = transaction.actions(head, self._ledger.table_name)
            if key_call is not None:
                actions.append(record_after.put_action(self._ledger.table_name, key_call, record, self._now()))
            if self._commit(actions, head, transaction, record, deadline):
                self._head = after
                return record_after
            self._head = None
            METERS.conflict()
            attempt += 1
            deadline.pause(attempt)

    def _commit(
        self, actions: Sequence[Action], head: Head, transaction: Transaction, record: Record, deadline: Deadline
    ) -> bool:
        """Send one transaction. True: it is in. False: the head has moved, or others are in the way."""
        client, token = self._ledger.client, str(ULID())
        codes = transact(client, actions, token, deadline, on_doubt=lambda: transaction.doubts.append(head))
        if codes and codes[0] == "None" and codes[-1] == "ConditionalCheckFailed":
            raise HistoryChangedError("another call with the same key was faster", record)
        return not codes

    def _landed(self, transaction: Transaction, head: Head, deadline: Deadline) -> Head | None:
        """Return the head upon which one of the attempts in doubt was carried out; None if none was.

        Asked after `head` was read and before the next attempt: an attempt upon a head that has moved can't be
        carried out any more, and of two attempts upon the same head only one can. Rows that a restore has left behind
        since are not in.
        """
        for doubt in transaction.doubts:
            first = doubt.seq + 1
            key = rows_key(doubt.root, page_of(first))
            item = self._ledger.get({"pk": {"S": key}, "sk": {"N": str(first)}}, deadline)
            is_ours = item is not None and item["id"] == {"S": transaction.ids[0]}
            if is_ours and head.root_of(first) == doubt.root:
                return doubt
        return None

    def _create(self, deadline: Deadline) -> Head:
        """Make the head item, once: whoever comes second takes what stands there."""
        made = Head.new(self._make_epoch())
        write_if(
            lambda: self._ledger.client.put_item(
                TableName=self._ledger.table_name,
                Item={**HEAD_KEY, **made.to_item()},
                ConditionExpression="attribute_not_exists(pk)",
            ),
            deadline,
        )
        head = self._ledger.head(deadline) or made
        if head.epoch == made.epoch:  # it is ours, even if the answer that said so got lost
            self._on_created(head)
        return head
