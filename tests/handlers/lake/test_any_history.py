"""Any history of appends, restores and undone restores, with the lake written now and then: it is whole each time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from handlers.aws.objects import Objects
from handlers.lake.lake import Lake
from handlers.ledger.branch import branch_off, left_heads
from handlers.ledger.ledger import Ledger
from tests.handlers.lake.scene import assert_whole, new_ledger, new_objects, restore
from tests.support.meddling import appender, drafts, head_of, no_time_limit

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("append"), st.integers(1, 25)),
        st.tuples(st.just("restore"), st.integers(0, 60)),
        st.tuples(st.just("undo"), st.integers(0, 3)),
        st.tuples(st.just("write"), st.just(0)),
    ),
    max_size=8,
)


@pytest.mark.usefixtures("small_pages")
@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_the_lake_is_whole_whatever_was_left_and_taken_up_again(
    client: DynamoDBClient, steps: list[tuple[str, int]]
) -> None:
    ledger, objects = new_ledger(client), new_objects()
    appender(ledger).append(drafts(3), no_time_limit())
    for kind, number in steps:
        step(ledger, objects, kind, number)
    write(ledger, objects)
    assert_whole(ledger, objects)


def step(ledger: Ledger, objects: Objects, kind: str, number: int) -> None:
    head = head_of(ledger)
    if kind == "append":
        appender(ledger).append(drafts(number), no_time_limit())
    elif kind == "write":
        write(ledger, objects)
    elif kind == "restore":
        restore(ledger, min(number, head.seq), head.epoch + 1)
    elif left := left_heads(ledger, no_time_limit()):
        branch_off(ledger, head, left[number % len(left)][0], head.epoch + 1, no_time_limit())


def write(ledger: Ledger, objects: Objects) -> None:
    assert Lake(ledger, objects).write(60.0)["is_done"]
