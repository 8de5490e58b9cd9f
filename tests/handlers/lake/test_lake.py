from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from handlers.aws.dynamodb import Deadline
from handlers.aws.objects import Objects
from handlers.aws.sdk import ServiceError
from handlers.aws.table import LAKE
from handlers.domain.problem import Problem
from handlers.lake.lake import PAGES_AT_ONCE, Lake
from handlers.lake.page import page_key
from handlers.lake.progress import LakeProgress
from handlers.lake.writer import ATTEMPTS, ContendedPageError, PageWriter
from handlers.ledger.branch import branch_off
from handlers.ledger.head import Head
from handlers.ledger.ledger import Ledger, Part
from tests.handlers.lake.scene import assert_whole, contents, new_ledger, new_objects, restore, s3_client
from tests.support.files import make_rows
from tests.support.meddling import (
    EPOCH,
    Clock,
    Fault,
    Meddled,
    MeddledLedger,
    appender,
    client_error,
    drafts,
    first,
    head_of,
    lose_answer,
    no_time_limit,
    put_rows,
    refuse,
    set_head,
)

LIMIT_S = 60.0
NEXT = EPOCH + 1


class KilledError(BaseException):
    """The process ends here."""


def write(ledger: Ledger, objects: Objects) -> dict[str, object]:
    """Write the lake, as the clock has it done."""
    return dict(Lake(ledger, objects).write(LIMIT_S))


def append(ledger: Ledger, count: int) -> None:
    appender(ledger).append(drafts(count), no_time_limit())


def meddled(objects: Objects, **plan: list[Fault | None]) -> tuple[Objects, Meddled]:
    """The same bucket behind a client of S3 for which things go wrong as planned."""
    client = Meddled(s3_client(), plan, {})
    return Objects(client, objects.bucket), client


def test_each_page_of_the_ledger_is_an_object(ledger: Ledger, objects: Objects) -> None:
    head = put_rows(ledger, make_rows(1001))
    assert write(ledger, objects) == {"bookmark": str(head.bookmark), "rows": 1001, "pages": 2, "is_done": True}
    assert list(contents(objects)) == [page_key(head.root, page) for page in range(2)]
    assert_whole(ledger, objects)


def test_without_a_ledger_there_is_nothing_to_do(ledger: Ledger, objects: Objects) -> None:
    assert write(ledger, objects) == {"bookmark": None, "rows": 0, "pages": 0, "is_done": True}


def test_an_empty_ledger_has_no_objects(ledger: Ledger, objects: Objects) -> None:
    set_head(ledger, Head.new(EPOCH))
    assert write(ledger, objects) == {"bookmark": f"{EPOCH}.0", "rows": 0, "pages": 0, "is_done": True}
    assert contents(objects) == {}


def test_the_page_that_is_being_filled_is_replaced_as_it_grows(ledger: Ledger, objects: Objects) -> None:
    append(ledger, 2)
    write(ledger, objects)
    append(ledger, 3)
    assert write(ledger, objects)["pages"] == 1
    assert len(contents(objects)) == 1
    assert_whole(ledger, objects)


def test_what_did_not_grow_is_neither_read_nor_put_again(ledger: Ledger, objects: Objects) -> None:
    append(ledger, 2)
    write(ledger, objects)
    asked, (behind, client) = MeddledLedger(ledger), meddled(objects)
    assert Lake(asked, behind).write(LIMIT_S)["pages"] == 0
    assert [name for name, _ in client.calls] == ["head_object"]  # whether the newest page is still there
    assert [name for name, _ in asked.meddled.calls] == ["get_item", "query"]  # the head, and the progress


@pytest.mark.usefixtures("small_pages")
def test_written_again_it_is_equal_to_the_byte(ledger: Ledger, objects: Objects) -> None:
    put_rows(ledger, make_rows(23))
    write(ledger, objects)
    other = new_objects()
    write(ledger, other)  # of another bucket nothing is known
    assert contents(other) == contents(objects)


def test_as_much_is_written_as_the_time_allows(ledger: Ledger, objects: Objects, small_pages: int) -> None:
    bookmark = str(put_rows(ledger, make_rows(PAGES_AT_ONCE * small_pages + 1)).bookmark)
    answer = Lake(ledger, objects, Clock()).write(0.0)
    rows = PAGES_AT_ONCE * small_pages
    assert answer == {"bookmark": bookmark, "rows": rows, "pages": PAGES_AT_ONCE, "is_done": False}
    assert write(ledger, objects) == {"bookmark": bookmark, "rows": rows + 1, "pages": 1, "is_done": True}
    assert_whole(ledger, objects)


@pytest.mark.parametrize("is_written_before", [True, False])
def test_after_a_restore_each_row_lies_under_its_own_root(
    ledger: Ledger, objects: Objects, *, is_written_before: bool
) -> None:
    append(ledger, 5)
    if is_written_before:
        write(ledger, objects)
    restore(ledger, 3, NEXT)
    append(ledger, 4)
    answer = write(ledger, objects)
    assert (answer["rows"], answer["is_done"]) == (7, True)
    assert list(contents(objects)) == [page_key(EPOCH, 0), page_key(NEXT, 0)]
    assert_whole(ledger, objects)


def test_a_restore_that_is_undone_brings_the_rows_that_it_had_left(ledger: Ledger, objects: Objects) -> None:
    append(ledger, 5)
    left = head_of(ledger)
    restore(ledger, 3, NEXT)
    append(ledger, 1)
    write(ledger, objects)
    branch_off(ledger, head_of(ledger), left, NEXT + 1, no_time_limit())
    append(ledger, 2)
    write(ledger, objects)
    assert len(assert_whole(ledger, objects)) == 7


def test_rows_of_a_branch_that_was_left_stay(ledger: Ledger, objects: Objects) -> None:
    append(ledger, 5)
    write(ledger, objects)
    before = contents(objects)
    restore(ledger, 3, NEXT)
    ledger.client.delete_item(TableName=ledger.table_name, Key={"pk": {"S": LAKE}, "sk": {"N": str(EPOCH)}})
    assert write(ledger, objects)["pages"] == 0
    assert contents(objects) == before


def test_rows_that_the_ledger_lost_go_once_their_page_is_written_again(ledger: Ledger, objects: Objects) -> None:
    put_rows(ledger, make_rows(5))
    write(ledger, objects)
    other = new_ledger(ledger.client)
    put_rows(other, make_rows(3))
    write(other, objects)
    assert_whole(other, objects)


@pytest.mark.usefixtures("small_pages")
def test_a_bucket_that_was_made_anew_by_the_same_name_is_filled_anew(ledger: Ledger, objects: Objects) -> None:
    scene(ledger)
    write(ledger, objects)
    for key in contents(objects):
        s3_client().delete_object(Bucket=objects.bucket, Key=key)
    assert Lake(ledger, objects, Clock()).write(0.0)["is_done"] is False  # cut short, it goes on
    assert write(ledger, objects) == {"bookmark": f"{NEXT}.13", "rows": 13, "pages": 1, "is_done": True}
    assert_whole(ledger, objects)


def test_what_was_written_meanwhile_is_not_forgotten(ledger: Ledger) -> None:
    progress = LakeProgress(ledger, "bucket")
    progress.save(EPOCH, 7, no_time_limit())
    progress.forget({EPOCH: 5, NEXT: 3}, no_time_limit())
    assert progress.load(no_time_limit()) == {EPOCH: 7}
    progress.forget({EPOCH: 7}, no_time_limit())
    assert progress.load(no_time_limit()) == {EPOCH: 0}
    progress.save(EPOCH, 2, no_time_limit())
    assert progress.load(no_time_limit()) == {EPOCH: 2}


# Whatever happens


def scene(ledger: Ledger) -> None:
    """Two roots, three small pages."""
    put_rows(ledger, make_rows(12))
    restore(ledger, 11, NEXT)
    append(ledger, 2)


@pytest.mark.parametrize("is_done_first", [False, True], ids=["before the call", "after the call"])
@pytest.mark.usefixtures("small_pages")
def test_killed_at_any_call_it_goes_on(ledger: Ledger, *, is_done_first: bool) -> None:
    scene(ledger)
    count = run_until_killed(ledger, new_objects(), 10**9, is_done_first=is_done_first)
    assert count == 10  # head, progress; two pages read and put, progress; one page read and put, progress
    for number in range(count):
        objects = new_objects()
        with pytest.raises(KilledError):
            run_until_killed(ledger, objects, number, is_done_first=is_done_first)
        assert write(ledger, objects)["is_done"]
        assert_whole(ledger, objects)


def run_until_killed(ledger: Ledger, objects: Objects, number: int, *, is_done_first: bool) -> int:
    """Write the lake; the process ends at the call of this number. Returns how many there were."""
    made: list[str] = []

    def fault(run: Callable[[], Any]) -> Any:
        made.append("call")
        if len(made) > number:
            if is_done_first:
                run()
            raise KilledError
        return run()

    always: dict[str, Fault] = dict.fromkeys(("get_item", "query", "put_item", "put_object", "head_object"), fault)
    Lake(MeddledLedger(ledger, always), Objects(Meddled(s3_client(), {}, always), objects.bucket)).write(LIMIT_S)
    return len(made)


@pytest.mark.usefixtures("small_pages")
def test_two_writers_at_once_leave_one_lake(ledger: Ledger, objects: Objects) -> None:
    scene(ledger)
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(write, [ledger] * 2, [objects] * 2))
    assert [answer["is_done"] for answer in answers] == [True, True]
    assert_whole(ledger, objects)


def test_a_writer_that_was_slow_does_not_take_back_what_a_faster_one_put(ledger: Ledger, objects: Objects) -> None:
    append(ledger, 2)
    write(ledger, objects)

    def grow() -> None:
        append(ledger, 3)
        write(ledger, objects)

    slow, client = meddled(objects, put_object=[first(grow)])
    assert not PageWriter(ledger, slow).write(Part(EPOCH, 1, 2))
    assert [name for name, _ in client.calls] == ["put_object", "head_object"]
    assert_whole(ledger, objects)


def test_a_put_whose_answer_got_lost_is_there(ledger: Ledger, objects: Objects) -> None:
    append(ledger, 2)
    behind, _ = meddled(objects, put_object=[lose_answer])
    with pytest.raises(ServiceError):
        write(ledger, behind)
    assert write(ledger, objects) == {"bookmark": f"{EPOCH}.2", "rows": 2, "pages": 0, "is_done": True}
    assert_whole(ledger, objects)


@pytest.mark.parametrize(
    "error",
    [
        EndpointConnectionError(endpoint_url="http://s3"),
        client_error("SlowDown", 503),
        client_error("AccessDenied", 403),
    ],
    ids=["unreachable", "busy", "refused"],
)
def test_with_s3_away_nothing_is_lost(ledger: Ledger, objects: Objects, error: Exception) -> None:
    append(ledger, 2)
    behind, _ = meddled(objects, put_object=[refuse(error)])
    with pytest.raises(ServiceError, match=objects.bucket):
        write(ledger, behind)
    assert LakeProgress(ledger, objects.bucket).load(no_time_limit()) == {}
    write(ledger, objects)
    assert_whole(ledger, objects)


def test_with_the_ledger_away_it_says_so(ledger: Ledger, objects: Objects) -> None:
    append(ledger, 2)
    away = MeddledLedger(ledger, query=[None, *[refuse(client_error("ResourceNotFoundException"))]])
    with pytest.raises(Problem) as caught:
        write(away, objects)
    assert caught.value.status == 503
    assert write(ledger, objects)["rows"] == 2


def test_a_page_is_read_with_more_patience_than_a_request_has(
    ledger: Ledger, objects: Objects, monkeypatch: pytest.MonkeyPatch
) -> None:
    append(ledger, 2)
    clock = Clock()
    monkeypatch.setattr("handlers.lake.writer.Deadline", partial(Deadline, clock, clock.sleep))

    def slow(_run: Callable[[], Any]) -> Any:
        clock.pass_s(Deadline.LIMIT_S / 2)
        raise client_error("ThrottlingException")

    throttled = MeddledLedger(ledger, query=[None, slow, slow, slow])
    assert write(throttled, objects)["is_done"]
    away = MeddledLedger(ledger, query=[None, *[slow] * 10])
    with pytest.raises(Problem):
        write(away, new_objects())


def test_a_page_that_others_replace_each_time_is_given_up_by_name(ledger: Ledger, objects: Objects) -> None:
    append(ledger, 2)
    behind, client = meddled(objects, put_object=[refuse(client_error("PreconditionFailed", 412))] * ATTEMPTS)
    with pytest.raises(ContendedPageError, match=page_key(EPOCH, 0)):
        write(ledger, behind)
    assert len(client.arguments_of("put_object")) == ATTEMPTS


def test_an_object_that_is_not_the_page_is_replaced(ledger: Ledger, objects: Objects) -> None:
    append(ledger, 2)
    objects.put(page_key(EPOCH, 0), b"something else", {"last": "many"}, "text/plain", None)
    assert write(ledger, objects)["pages"] == 1
    assert_whole(ledger, objects)


def test_progress_never_goes_back(ledger: Ledger) -> None:
    progress = LakeProgress(ledger, "bucket")
    for written in (7, 3):
        progress.save(EPOCH, written, no_time_limit())
    assert progress.load(no_time_limit()) == {EPOCH: 7}
    LakeProgress(ledger, "other").save(EPOCH, 2, no_time_limit())  # of another bucket it begins anew
    assert progress.load(no_time_limit()) == {}
