from __future__ import annotations

import pytest

from console.client.client import Client
from console.data.branches import find_target, head_of, read_prefix, restore
from console.data.ledger import open_store
from console.local.background import BackgroundStack
from console.soak.promises import Acknowledged, Promises
from console.soak.proof import check_ledger
from handlers.aws.dynamodb import Deadline
from handlers.domain.bookmark import Bookmark
from handlers.ledger.ledger import Range
from tests.support.local import web


def insert(stack: BackgroundStack, count: int) -> Acknowledged:
    answer = web.post(f"{stack.url}/insert", json={"count": count}).json()
    return Acknowledged(Bookmark.parse(answer["bookmark"]), tuple(answer["ids"]))


def defects(stack: BackgroundStack, *acknowledged: Acknowledged, unanswered: int = 0) -> list[str]:
    promises = Promises(acknowledged=list(acknowledged), unanswered=unanswered)
    with open_store(stack.environment) as store:
        check_ledger(store.ledger, promises)
    return promises.defects


@pytest.fixture(scope="module")
def inserts(stack: BackgroundStack) -> list[Acknowledged]:
    """Two inserts, and all that was there before as a first one."""
    with open_store(stack.environment) as store:
        head = head_of(store.ledger)
        ids = tuple(row[1] for page in store.ledger.rows(Range(head.roots, 1, head.seq), Deadline()) for row in page)
    return [Acknowledged(head.bookmark, ids), *(insert(stack, count) for count in (3, 5))]


def test_rows_at_their_places_are_what_was_promised(stack: BackgroundStack, inserts: list[Acknowledged]) -> None:
    assert defects(stack, *inserts) == []


def test_a_row_that_is_elsewhere_is_told(stack: BackgroundStack, inserts: list[Acknowledged]) -> None:
    before, first, second = inserts
    swapped = Acknowledged(first.bookmark, (first.ids[1], first.ids[0], first.ids[2]))
    assert len(defects(stack, before, swapped, second)) == 2


def test_a_row_that_nobody_wrote_is_told_unless_an_insert_had_no_answer(
    stack: BackgroundStack, inserts: list[Acknowledged]
) -> None:
    (defect,) = defects(stack, *inserts[:-1])
    assert defect.startswith("the ledger has rows that nobody wrote: ")
    assert defects(stack, *inserts[:-1], unanswered=1) == []


def test_a_row_that_a_restore_has_left_need_not_be_there(stack: BackgroundStack, inserts: list[Acknowledged]) -> None:
    left = insert(stack, 4)
    with open_store(stack.environment) as store, Client(stack.url) as client:
        target = find_target(store.ledger, str(inserts[-1].bookmark))
        restore(store.ledger, client, read_prefix(store.ledger, target, lambda _: None))
    after = insert(stack, 2)
    assert defects(stack, *inserts, left, after) == []
    assert len(defects(stack, *inserts, left, Acknowledged(after.bookmark, after.ids[::-1]))) == 2
