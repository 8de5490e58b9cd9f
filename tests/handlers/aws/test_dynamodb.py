from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ParamValidationError,
)
from hypothesis import given
from hypothesis import strategies as st

from handlers.aws.dynamodb import BACKOFF_MAX_S, CONNECT_TIMEOUT_S, READ_TIMEOUT_S, Deadline, call, make_client
from handlers.domain.problem import Problem
from handlers.ledger.ledger import Ledger
from tests.support.meddling import Clock, client_error, timeout

DOUBTFUL = [
    timeout(),
    ConnectionClosedError(endpoint_url="http://ledger"),
    client_error("TransactionInProgressException"),
    client_error("InternalServerError", 500),
    client_error("502", 502),
]
TURNED_AWAY = [
    ConnectTimeoutError(endpoint_url="http://ledger"),
    EndpointConnectionError(endpoint_url="http://ledger"),
    client_error("ThrottlingException"),
    client_error("ProvisionedThroughputExceededException"),
    client_error("RequestLimitExceeded"),
]
AWAY = [*DOUBTFUL, *TURNED_AWAY]


def failing(*errors: Exception) -> Callable[[], str]:
    """An operation that fails so, one after the other, and then answers."""
    left = list(errors)

    def operation() -> str:
        if left:
            raise left.pop(0)
        return "answer"

    return operation


@pytest.mark.parametrize("error", AWAY, ids=repr)
def test_what_can_pass_is_tried_again(error: Exception) -> None:
    clock = Clock()
    assert call(failing(error, error), clock.deadline()) == "answer"
    assert len(clock.slept_s) == 2


@pytest.mark.parametrize("error", AWAY, ids=repr)
def test_doubt_is_told_only_where_the_attempt_may_have_been_carried_out(error: Exception) -> None:
    doubts: list[bool] = []
    call(failing(error), Clock().deadline(), lambda: doubts.append(True))
    assert bool(doubts) is (error in DOUBTFUL)


@pytest.mark.parametrize("error", AWAY, ids=repr)
def test_what_does_not_pass_in_time_is_503_with_retry_after(error: Exception) -> None:
    with pytest.raises(Problem) as caught:
        call(failing(*[error] * 10_000), Clock().deadline())
    assert (caught.value.status, caught.value.headers) == (503, {"retry-after": "2"})
    assert caught.value.__cause__ is error


@given(st.lists(st.floats(0, CONNECT_TIMEOUT_S + READ_TIMEOUT_S), min_size=1))
def test_all_attempts_and_pauses_end_within_the_limit(durations_s: list[float]) -> None:
    clock = Clock()
    deadline = clock.deadline()
    attempts = 0

    def operation() -> None:
        nonlocal attempts
        clock.pass_s(max(0.01, durations_s[attempts % len(durations_s)]))
        attempts += 1
        if attempts % 3:  # work of several calls, some of which answer at last
            raise timeout()

    with pytest.raises(Problem):
        while True:
            call(operation, deadline)
    assert 1000 + Deadline.LIMIT_S - 3 <= clock() <= 1000 + Deadline.LIMIT_S


def test_not_even_a_first_attempt_starts_when_the_time_is_up() -> None:
    clock = Clock()
    deadline = clock.deadline()
    clock.pass_s(Deadline.LIMIT_S - CONNECT_TIMEOUT_S - READ_TIMEOUT_S)
    with pytest.raises(Problem, match="too busy"):
        call(lambda: pytest.fail("it was tried"), deadline)


@pytest.mark.parametrize(
    "code",
    [
        "ConditionalCheckFailedException",
        "TransactionCanceledException",
        "ValidationException",
        "SerializationException",
    ],
)
def test_answers_that_the_caller_has_to_understand_are_passed_on(code: str) -> None:
    with pytest.raises(ClientError, match=code):
        call(failing(client_error(code)), Clock().deadline())


def test_arguments_that_botocore_refuses_are_a_defect_and_not_an_outage() -> None:
    with pytest.raises(ParamValidationError):
        call(failing(ParamValidationError(report="wrong")), Clock().deadline())


@pytest.mark.parametrize("code", ["AccessDeniedException", "ResourceNotFoundException", "ExpiredTokenException"])
def test_a_refusal_is_503_at_once_and_names_its_reason(code: str) -> None:
    clock = Clock()
    with pytest.raises(Problem, match=code) as caught:
        call(failing(client_error(code)), clock.deadline())
    assert (caught.value.status, caught.value.headers) == (503, {"retry-after": "5"})
    assert not clock.slept_s


def test_pauses_grow_with_full_jitter_up_to_a_bound() -> None:
    slept_s: list[float] = []
    deadline = Deadline(lambda: 0.0, slept_s.append)
    for attempt in (1, 2, 3, 10):
        bound_s = min(BACKOFF_MAX_S, 0.02 * 2**attempt)
        slept_s.clear()
        for _ in range(200):
            deadline.pause(attempt)
        assert 0 <= min(slept_s) < bound_s / 4
        assert bound_s * 3 / 4 < max(slept_s) <= bound_s


def test_there_is_no_pause_after_the_last_attempt() -> None:
    clock = Clock()
    deadline = clock.deadline()
    clock.pass_s(Deadline.LIMIT_S)
    deadline.pause(1)
    assert not clock.slept_s


@pytest.fixture
def requests(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What reaches a DynamoDB that always answers 500."""
    got: list[str] = []

    class Broken(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            got.append(self.headers["x-amz-target"])
            self.send_response(500)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Broken) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "local")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "local")
        yield got
        server.shutdown()
        thread.join()


def test_the_client_makes_no_retries_of_its_own(requests: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("handlers.aws.dynamodb.READ_TIMEOUT_S", 60.0)  # so that the one answer comes on any machine
    client = make_client("eu-west-1")
    assert client.meta.region_name == "eu-west-1"
    with pytest.raises(ClientError):
        client.list_tables()
    client.close()
    assert requests == ["DynamoDB_20120810.ListTables"]


def test_a_dynamodb_that_only_fails_is_503_in_time(requests: list[str]) -> None:
    client = make_client("")
    clock = Clock()
    with pytest.raises(Problem) as caught:
        Ledger(client, "table").head(clock.deadline())
    client.close()
    assert caught.value.status == 503
    assert len(requests) > 5
    assert clock() <= 1000 + Deadline.LIMIT_S


def test_nobody_listening_is_503_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "local")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "local")
    client = make_client("")
    clock = Clock()
    with pytest.raises(Problem) as caught:
        Ledger(client, "table").head(clock.deadline())
    client.close()
    assert caught.value.status == 503
    assert clock() <= 1000 + Deadline.LIMIT_S
