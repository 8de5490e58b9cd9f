"""Answers and requests that get lost, throttling, conflicts, outages: rows once, and all within the request's time."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from handlers.aws.dynamodb import Deadline
from handlers.command import make_router
from handlers.domain.bookmark import Bookmark
from handlers.domain.problem import Problem
from handlers.ledger.appender import Appended, Appender
from handlers.ledger.head import Head
from handlers.ledger.idempotency import Call
from handlers.ledger.ledger import Ledger
from handlers.settings import Settings
from tests.support.api import Answer, event
from tests.support.drafts import are_of
from tests.support.meddling import (
    EPOCH,
    Clock,
    Fault,
    MeddledLedger,
    Run,
    all_rows,
    appender,
    cancel,
    client_error,
    drafts,
    lose_answer,
    lose_request,
    no_time_limit,
    refuse,
    set_head,
    timeout,
)

KEYS = pytest.mark.parametrize("key", [None, Call("key", "hash")], ids=["without key", "with key"])
COUNTS = pytest.mark.parametrize("count", [1, 98, 250])


class ForgetfulLedger(MeddledLedger):
    """A ledger that forgets client tokens: a resend is another transaction to it."""

    def __init__(self, ledger: Ledger, always: dict[str, Fault] | None = None, **plan: list[Fault | None]) -> None:
        super().__init__(ledger, always, **plan)
        forgetful = self.client.transact_write_items
        self.tokens: list[str] = []

        def without_token(*, TransactItems: Any, ClientRequestToken: str) -> Any:  # noqa: N803 - boto3's names
            self.tokens.append(ClientRequestToken)
            return forgetful(TransactItems=TransactItems)

        self.meddled.transact_write_items = without_token  # pyright: ignore[reportAttributeAccessIssue] - a stand-in


def check_once(ledger: Ledger, appended: Appended, count: int) -> None:
    """The call's rows are in, once each, in order, and the bookmark is the last one's."""
    found = all_rows(ledger)
    assert tuple(row[1] for row in found) == appended.ids
    assert are_of(found, drafts(count))
    assert appended.bookmark == Bookmark(EPOCH, count)
    assert not appended.is_replay


@KEYS
@COUNTS
def test_an_answer_lost_after_the_commit_is_asked_for_again_with_the_same_token(
    ledger: Ledger, count: int, key: Call | None
) -> None:
    meddled = MeddledLedger(ledger, transact_write_items=[lose_answer])
    check_once(ledger, appender(meddled).append(drafts(count), Clock().deadline(), key), count)
    lost, again = meddled.meddled.arguments_of("transact_write_items")[:2]
    assert lost == again


@KEYS
@COUNTS
def test_rows_are_in_once_even_where_tokens_are_forgotten(ledger: Ledger, count: int, key: Call | None) -> None:
    forgetful = ForgetfulLedger(ledger, transact_write_items=[lose_answer, None, lose_answer])
    check_once(ledger, appender(forgetful).append(drafts(count), Clock().deadline(), key), count)
    assert forgetful.tokens[0] == forgetful.tokens[1]


@KEYS
@pytest.mark.parametrize("fault", [lose_answer, lose_request])
def test_a_resend_that_is_denied_settles_nothing_but_a_look_does(
    ledger: Ledger, fault: Fault, key: Call | None
) -> None:
    deny = refuse(client_error("IdempotentParameterMismatchException"))
    meddled = MeddledLedger(ledger, transact_write_items=[fault, deny])
    check_once(ledger, appender(meddled).append(drafts(3), Clock().deadline(), key), 3)


@KEYS
@COUNTS
def test_a_request_that_got_lost_is_sent_again(ledger: Ledger, count: int, key: Call | None) -> None:
    meddled = MeddledLedger(ledger, transact_write_items=[lose_request, lose_request])
    check_once(ledger, appender(meddled).append(drafts(count), Clock().deadline(), key), count)


@KEYS
def test_a_lost_answer_is_not_mixed_up_with_another_writers_rows(ledger: Ledger, key: Call | None) -> None:
    """The first request never got there, and before it is sent again another append takes its place."""

    def overtaken(run: Run) -> Any:
        appender(ledger).append(drafts(1, start=900), no_time_limit())
        return run()

    meddled = MeddledLedger(ledger, transact_write_items=[lose_request, overtaken])
    appended = appender(meddled).append(drafts(2), Clock().deadline(), key)
    assert are_of(all_rows(ledger), drafts(1, start=900) + drafts(2))
    assert appended.bookmark == Bookmark(EPOCH, 3)


@KEYS
@pytest.mark.parametrize("moment", ["get_item", "transact_write_items"])
def test_an_attempt_that_lands_long_after_it_was_given_up_is_still_counted(
    ledger: Ledger, key: Call | None, moment: str
) -> None:
    """It was on its way while the resend hit a conflict; it lands before the head or the row is read, or after."""
    late: list[Run] = []

    def delay(run: Run) -> Any:
        late.append(run)
        raise timeout()

    def land(run: Run) -> Any:
        if late:
            late.pop()()
        return run()

    set_head(ledger, Head.new(EPOCH))
    for reads_before in range(4):
        plan: dict[str, list[Fault | None]] = {"transact_write_items": [delay, cancel("TransactionConflict")]}
        plan[moment] = [*plan.get(moment, [None] * reads_before), land]
        count = len(all_rows(ledger))
        call = key and Call(f"{key.key} {reads_before}", key.request_hash)
        appended = appender(MeddledLedger(ledger, None, **plan)).append(drafts(3), Clock().deadline(), call)
        late.clear()
        found = all_rows(ledger)
        assert tuple(row[1] for row in found[count:]) == appended.ids
        assert appended.bookmark == Bookmark(EPOCH, count + 3)


@KEYS
@pytest.mark.parametrize(
    "fault",
    [
        cancel("TransactionConflict", "None"),
        cancel("None", "TransactionConflict"),
        cancel("ThrottlingError", "None"),
        cancel("None", "None", "ProvisionedThroughputExceeded"),
        cancel("ConditionalCheckFailed", "None", "ConditionalCheckFailed"),
        refuse(client_error("TransactionInProgressException")),
        refuse(client_error("ThrottlingException")),
        refuse(client_error("InternalServerError", 500)),
    ],
)
def test_conflicts_and_throttling_pass(ledger: Ledger, fault: Fault, key: Call | None) -> None:
    clock = Clock()
    meddled = MeddledLedger(ledger, transact_write_items=[fault, fault, None, fault])
    check_once(ledger, appender(meddled).append(drafts(100), clock.deadline(), key), 100)
    assert len(clock.slept_s) == 3


def test_a_transaction_that_is_wrong_in_itself_is_a_defect_and_not_tried_again(ledger: Ledger) -> None:
    for fault in (cancel("None", "ValidationError"), refuse(client_error("ValidationException"))):
        meddled = MeddledLedger(ledger, transact_write_items=[fault])
        with pytest.raises(ClientError):
            appender(meddled).append(drafts(1), Clock().deadline())
        assert len(meddled.meddled.arguments_of("transact_write_items")) == 1


def test_creating_the_ledger_survives_what_appending_does(ledger: Ledger) -> None:
    meddled = MeddledLedger(ledger, put_item=[lose_request, refuse(client_error("ThrottlingException")), lose_answer])
    check_once(ledger, appender(meddled).append(drafts(1), Clock().deadline()), 1)


def test_a_ledger_that_may_not_be_made_is_a_defect_only_where_it_is_ours(ledger: Ledger) -> None:
    with pytest.raises(ClientError, match="ValidationException"):
        appender(MeddledLedger(ledger, put_item=[refuse(client_error("ValidationException"))])).head(no_time_limit())
    with pytest.raises(Problem, match="AccessDenied"):
        appender(MeddledLedger(ledger, put_item=[refuse(client_error("AccessDenied"))])).head(no_time_limit())


def cut(ledger: Ledger, after: int, fault: Fault, key: Call | None = None, count: int = 250) -> Problem:
    """What a call says whose transactions fail from one on."""
    meddled = MeddledLedger(ledger, {"transact_write_items": fault}, transact_write_items=[None] * after)
    with pytest.raises(Problem) as caught:
        appender(meddled).append(drafts(count), Clock().deadline(), key)
    assert caught.value.status == 503
    return caught.value


def test_a_call_without_a_key_that_is_cut_midway_says_what_is_in_and_what_to_send(ledger: Ledger) -> None:
    problem = cut(ledger, 2, refuse(client_error("ThrottlingException")))
    assert problem.detail.endswith("196 of 250 rows are in: to go on, send the 54 others")
    assert problem.members == {"inserted": 196, "ids": tuple(row[1] for row in all_rows(ledger))}
    assert problem.headers == {"retry-after": "2"}


@pytest.mark.parametrize("fault", [lose_answer, lose_request])
def test_a_call_cut_in_doubt_says_so(ledger: Ledger, fault: Fault) -> None:
    problem = cut(ledger, 1, fault)
    assert "98 of 250 rows are in, the next 98 may be: to go on, see whether those in doubt are in" in problem.detail
    ids = [row[1] for row in all_rows(ledger)]
    assert problem.members["ids"] == tuple(ids[:98])
    in_doubt = problem.members["ids_in_doubt"]
    assert isinstance(in_doubt, tuple)
    assert tuple(ids[98:]) == (in_doubt if fault is lose_answer else ())


def test_a_call_of_one_transaction_in_doubt_says_so_too(ledger: Ledger) -> None:
    problem = cut(ledger, 0, lose_answer, Call("key", "hash"), count=3)
    assert "0 of 3 rows are in, the next 3 may be: to go on, send it again with the same" in problem.detail
    assert problem.headers == {"retry-after": "2"}
    again = appender(ledger).append(drafts(3), no_time_limit(), Call("key", "hash"))
    assert (again.ids, again.is_replay) == (problem.members["ids_in_doubt"], True)


def test_a_call_that_put_nothing_in_says_nothing_of_rows(ledger: Ledger) -> None:
    problem = cut(ledger, 0, refuse(EndpointConnectionError(endpoint_url="http://ledger")))
    assert problem.members == {}
    assert "rows" not in problem.detail
    assert all_rows(ledger) == []


def test_conflicts_without_end_are_503_in_time(ledger: Ledger) -> None:
    clock = Clock()
    meddled = MeddledLedger(ledger, {"transact_write_items": cancel("TransactionConflict")})
    with pytest.raises(Problem, match="too busy"):
        appender(meddled).append(drafts(1), clock.deadline())
    assert clock() <= 1000 + Deadline.LIMIT_S


def slowly(clock: Clock, seconds: float, then: Fault) -> Fault:
    def fault(run: Run) -> Any:
        clock.pass_s(seconds)
        return then(run)

    return fault


def through(run: Run) -> Any:
    return run()


@pytest.mark.parametrize("name", ["get_item", "put_item", "transact_write_items"])
@pytest.mark.parametrize("then", [lose_request, lose_answer, through], ids=["no request", "no answer", "slow"])
def test_whatever_is_away_or_slow_all_ends_in_time(ledger: Ledger, name: str, then: Fault) -> None:
    clock = Clock()
    meddled = MeddledLedger(ledger, {name: slowly(clock, 2.9, then)})
    try:
        appended = appender(meddled).append(drafts(1000), clock.deadline(), Call("key", "hash"))
    except Problem as problem:
        assert problem.status == 503
    else:
        check_once(ledger, appended, 1000)
    assert clock() <= 1000 + Deadline.LIMIT_S


OUTCOMES: dict[str, Fault | None] = {
    "works": None,
    "no answer": lose_answer,
    "no request": lose_request,
    "throttled": refuse(client_error("ThrottlingException")),
    "conflict": cancel("TransactionConflict"),
    "in progress": refuse(client_error("TransactionInProgressException")),
}


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(sorted(OUTCOMES)), max_size=10), st.integers(1, 250), st.booleans(), st.booleans())
def test_whatever_goes_wrong_in_whatever_order_rows_are_in_once(
    ledger: Ledger, outcomes: list[str], count: int, forgets: bool, has_key: bool
) -> None:
    set_head(ledger, Head.new(EPOCH))
    kind: Callable[..., MeddledLedger] = ForgetfulLedger if forgets else MeddledLedger
    meddled = kind(ledger, transact_write_items=[OUTCOMES[outcome] for outcome in outcomes])
    key = Call(str(uuid.uuid4()), "hash") if has_key else None
    check_once(ledger, appender(meddled).append(drafts(count), no_pauses(), key), count)


def no_pauses() -> Deadline:
    return Deadline(clock=lambda: 0.0, sleep=lambda _s: None)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(0, 3), min_size=1, max_size=3), st.booleans())
def test_a_call_cut_again_and_again_is_done_at_last_and_repeats_nothing(
    ledger: Ledger, progress: list[int], loses_answer: bool
) -> None:
    set_head(ledger, Head.new(EPOCH))
    clock, call = Clock(1_700_000_000.25), Call(str(uuid.uuid4()), "hash")
    for transactions in progress:
        fault = lose_answer if loses_answer else lose_request
        meddled = MeddledLedger(ledger, {"transact_write_items": fault}, transact_write_items=[None] * transactions)
        try:
            appender(meddled, now=clock).append(drafts(300), Clock().deadline(), call)
        except Problem as problem:
            assert problem.status == 503
            clock.pass_s(float(problem.headers["retry-after"]) + 10)
    appended = appender(ledger, now=clock).append(drafts(300), no_time_limit(), call)
    assert are_of(all_rows(ledger), drafts(300))
    assert appended.ids == tuple(row[1] for row in all_rows(ledger))


def post(ledger: Ledger, environ: dict[str, str], clock: Clock, path: str, content: object) -> Answer:
    router = make_router(ledger, Settings(environ), make_deadline=clock.deadline)
    method = "GET" if path == "/command/health" else "POST"
    return Answer(router(event(method, path, json.dumps(content), {"content-type": "application/json"}), None))


@pytest.mark.parametrize("path", ["/insert", "/snapshots", "/command/health"])
def test_with_dynamodb_away_the_api_says_503_and_when_to_come_again(
    ledger: Ledger, environ: dict[str, str], path: str
) -> None:
    clock = Clock()
    away = slowly(clock, 3, lose_request)
    meddled = MeddledLedger(ledger, dict.fromkeys(("get_item", "put_item", "query", "transact_write_items"), away))
    answer = post(meddled, environ, clock, path, {})
    assert (answer.status, answer.headers["retry-after"]) == (503, "2")
    assert answer.headers["content-type"] == "application/problem+json"
    assert clock() <= 1000 + Deadline.LIMIT_S


@pytest.mark.parametrize(
    ("code", "status"),
    [("AccessDeniedException", 503), ("ResourceNotFoundException", 503), ("ValidationException", 500)],
)
def test_a_refusal_is_503_and_names_its_reason_but_our_own_defect_is_500(
    ledger: Ledger, environ: dict[str, str], code: str, status: int
) -> None:
    meddled = MeddledLedger(ledger, {"get_item": refuse(client_error(code))})
    answer = post(meddled, environ, Clock(), "/insert", {})
    assert answer.status == status
    assert (code in answer.json["detail"]) is (status == 503)


def test_a_call_cut_midway_says_so_through_the_api(ledger: Ledger, environ: dict[str, str]) -> None:
    throttled = refuse(client_error("ThrottlingException"))
    meddled = MeddledLedger(ledger, transact_write_items=[None, *[throttled] * 10_000])
    answer = post(meddled, environ, Clock(), "/insert", {"count": 300})
    assert (answer.status, answer.json["inserted"], len(answer.json["ids"])) == (503, 98, 98)
    assert "98 of 300 rows are in" in answer.json["detail"]


def test_an_appender_works_on_after_an_outage(ledger: Ledger) -> None:
    meddled = MeddledLedger(ledger, transact_write_items=[None, *[lose_answer] * 1000])
    writer = Appender(meddled, lambda: EPOCH, lambda _made: None)
    writer.append(drafts(1), no_time_limit())
    with pytest.raises(Problem):
        writer.append(drafts(1, start=1), Clock().deadline())
    meddled.meddled.plan("transact_write_items", [])
    assert writer.append(drafts(1, start=2), no_time_limit()).bookmark == Bookmark(EPOCH, 3)
    assert are_of(all_rows(ledger), drafts(3))
