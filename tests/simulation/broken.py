"""Rules of our code, each broken on purpose: the simulator has to notice (docs/simulation.md has the table)."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from handlers.api import read
from handlers.domain.bookmark import NOTHING, Bookmark
from handlers.ledger import appender, transaction
from handlers.ledger.appender import Appender
from handlers.ledger.head import Head
from handlers.ledger.idempotency import Record
from handlers.ledger.items import rows_from_items
from handlers.ledger.ledger import Ledger
from handlers.reads.ddb_view import LedgerView
from handlers.reads.sqlite_efs import SqliteReader
from handlers.snapshots import publish, retention
from handlers.snapshots.chain import Listed
from handlers.snapshots.publish import Publisher
from handlers.snapshots.published import Published, PublishedSegments
from handlers.upkeep.projection import Projection
from handlers.upkeep.verification import Verifier

Patch = pytest.MonkeyPatch


@dataclass(frozen=True)
class Mutation:
    """One rule that is broken.

    Attributes:
        rule: what the code does not do any more.
        notices: part of what is then said not to hold.
        seed: of a history that shows it.
    """

    rule: str
    notices: str
    seed: int
    apply: Callable[[Patch], None]

    @contextmanager
    def applied(self) -> Generator[None]:
        """Break it for a while."""
        with pytest.MonkeyPatch.context() as patch:
            self.apply(patch)
            yield


def delete_at_once(patch: Patch) -> None:
    patch.setattr(retention, "NEVER_BEFORE_S", 0)


def move_any_head(patch: Patch) -> None:
    def move(before: Head, after: Head, table_name: str) -> Any:
        action: Any = original(before, after, table_name)
        action["Update"]["ConditionExpression"] = "attribute_not_exists(nothing)"
        return action

    original = transaction.move
    patch.setattr(transaction, "move", move)


def forget_attempts(patch: Patch) -> None:
    def transact(client: Any, actions: Any, token: str, deadline: Any, on_doubt: Any) -> Any:
        return original(tokens(client), actions, token, deadline, on_doubt)

    class Tokens:
        """A client that gives each attempt a token of its own."""

        def __init__(self, client: Any) -> None:
            self._client = client

        def transact_write_items(self, **asked: Any) -> Any:
            return self._client.transact_write_items(**asked | {"ClientRequestToken": str(next(numbers))})

    original, numbers = appender.transact, itertools.count()
    tokens: Any = Tokens
    patch.setattr(appender, "transact", transact)
    patch.setattr(Appender, "_landed", none_of)


def take_failure_for_success(patch: Patch) -> None:
    def commit(*given: Any) -> bool:
        return original(*given) or True

    original: Any = getattr(Appender, "_commit")  # noqa: B009
    patch.setattr(Appender, "_commit", commit)


def believe_any_record(patch: Patch) -> None:
    def within(record: Record, _head: Head) -> Record:
        return record

    patch.setattr(Record, "within", within)


def overwrite_records(patch: Patch) -> None:
    def put_action(*given: Any) -> Any:
        action: Any = original(*given)
        action["Put"].pop("ConditionExpression")
        action["Put"].pop("ExpressionAttributeValues", None)
        return action

    original = Record.put_action
    patch.setattr(Record, "put_action", put_action)


def find_rows_left_behind(patch: Patch) -> None:
    def row_by_id(ledger: Ledger, head: Head, row_id: str, _deadline: Any) -> Any:
        answer: Any = ledger.client.query(
            TableName=ledger.table_name,
            IndexName="by_id",
            KeyConditionExpression="id = :id",
            ExpressionAttributeValues={":id": {"S": row_id}},
        )
        return next(iter(rows_from_items(answer["Items"])), None)

    patch.setattr(Ledger, "row_by_id", row_by_id)


def inherit_unproven(patch: Patch) -> None:
    def newest(segments: PublishedSegments, epoch: int, **given: Any) -> Published | None:
        return original(segments, epoch, **{name: value for name, value in given.items() if name != "upto"})

    original = PublishedSegments.newest
    patch.setattr(PublishedSegments, "newest", newest)
    patch.setattr(publish.Publisher, "_is_history", all_of)


def keep_what_is_open(patch: Patch) -> None:
    def holds(reader: Any, _listed: Listed) -> bool:
        return bool(reader._links)

    patch.setattr(SqliteReader, "_holds", holds)


def go_back_in_epoch(patch: Patch) -> None:
    def chain_of(listed: Listed, epoch: int, *upto: int) -> Any:
        return original(listed, min(name.epoch for name in listed.names) if listed.names else epoch, *upto)

    original = Listed.chain_of
    patch.setattr(Listed, "chain_of", chain_of)


def ignore_min_bookmark(patch: Patch) -> None:
    def min_bookmark(*_: object) -> Bookmark:
        return NOTHING

    patch.setattr(read, "min_bookmark", min_bookmark)


def tag_the_question_alone(patch: Patch) -> None:
    def tag_of(_bookmark: str, digest: str) -> str:
        return f'W/"{digest}"'

    patch.setattr(read, "tag_of", tag_of)


def name_a_later_bookmark(patch: Patch) -> None:
    def alongside(view: Any, read_rows: Any, _holds: Any) -> Any:
        found = read_rows(view._known)
        view._read_head()
        return found

    patch.setattr(LedgerView, "_alongside_the_head", alongside)


def age_from_the_newest_publish(patch: Patch) -> None:
    def superseded_s(listed: Listed, published_s: Any) -> Any:
        whole_s = max(published_s[name] for name in listed.chain)
        return dict.fromkeys(published_s.keys() - set(listed.chain), whole_s)

    patch.setattr(retention, "superseded_s", superseded_s)


def say_that_all_is_done(patch: Patch) -> None:
    def project(projection: Projection, records: Any, limit_s: float) -> dict[str, object]:
        return original(projection, records, limit_s) and {"batchItemFailures": []}

    original = Projection.project
    patch.setattr(Projection, "project", project)


def count_any_epoch(patch: Patch) -> None:
    def visible(publisher: Publisher, head: Head) -> Bookmark:
        return Bookmark(head.epoch, publisher.catalog.listed.bookmark.seq)

    patch.setattr("handlers.upkeep.projection.visible", visible)


def ignore_restores(patch: Patch) -> None:
    def has_left(*_: object) -> bool:
        return False

    patch.setattr(Verifier, "has_left", has_left)


def leave_segments(patch: Patch) -> None:
    def publish(publisher: Publisher, *given: Any, **options: Any) -> Published:
        return original(publisher, *given, **options | {"compact": False})

    original = Publisher.publish
    patch.setattr(Publisher, "publish", publish)


def none_of(*_: object) -> None:
    """Stand in for what finds something."""


def all_of(*_: object) -> bool:
    """Stand in for what checks something."""
    return True


BROKEN = {
    mutation.apply.__name__: mutation
    for mutation in (
        Mutation("Superseded files stay for a minute", "was published, and", 140, delete_at_once),
        Mutation("An append moves only the head that it saw", "overwritten", 1, move_any_head),
        Mutation(
            "A resend has the same token, and the first row tells whether an attempt got in",
            "is in the ledger twice",
            26,
            forget_attempts,
        ),
        Mutation("A cancelled transaction is tried again", "are not all in", 3, take_failure_for_success),
        Mutation("An idempotency record counts where its rows are", "are not all in", 25, believe_any_record),
        Mutation(
            "An idempotency record is written over the one that was seen",
            "is in the ledger twice",
            4,
            overwrite_records,
        ),
        Mutation("A row found by id counts in histories that hold it", "is wrong at", 150, find_rows_left_behind),
        Mutation(
            "A new epoch inherits what was published up to where it begins, proven by hash",
            "other rows than the ledger's",
            1,
            inherit_unproven,
        ),
        Mutation("A reader goes on to a newer chain", "answered", 1, keep_what_is_open),
        Mutation("The newest snapshot is of the greatest epoch", "nothing heals", 19, go_back_in_epoch),
        Mutation("Min-Bookmark is waited for", "Min-Bookmark", 1, ignore_min_bookmark),
        Mutation("An entity tag names the bookmark", "is like", 30, tag_the_question_alone),
        Mutation("A bookmark names the rows that were read", "ddb is wrong", 1, name_a_later_bookmark),
        Mutation("Age counts from when a file was superseded", "still there", 1, age_from_the_newest_publish),
        Mutation("A partial answer names the first record not published", "can be seen", 54, say_that_all_is_done),
        Mutation(
            "Only a point of the head's epoch is one that a batch has reached", "can be seen", 66, count_any_epoch
        ),
        Mutation("A ledger that was restored meanwhile is no fault", "verification says", 1, ignore_restores),
        Mutation("Maintenance merges what requests leave", "maintenance leaves", 1, leave_segments),
    )
}
