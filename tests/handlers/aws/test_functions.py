"""Against a real socket: the SDK says what it sends, and Lambda's answers are as its API reference has them."""

from __future__ import annotations

import json
import threading
from collections.abc import Generator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from handlers.aws.functions import FunctionError, InvocationError, make_invoke

ARN = "arn:aws:lambda:eu-west-1:123456789012:function:shop-dev-query:live"


@dataclass
class Service:
    """Lambda's side: the answer that it gives, and the requests that it got."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict[str, str])
    body: bytes = b"{}"
    requests: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list[tuple[str, dict[str, str], bytes]])


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Generator[Service]:
    seen = Service()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["content-length"])
            seen.requests.append((self.path, dict(self.headers), self.rfile.read(length)))
            self.send_response(seen.status)
            for name, value in seen.headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(seen.body)))
            self.end_headers()
            self.wfile.write(seen.body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        yield seen
        server.shutdown()
        thread.join()


def test_a_call_hands_over_its_event_and_waits_for_the_answer(service: Service) -> None:
    service.body = b'{"sandbox": "a"}'
    assert make_invoke(ARN, 1)({"hold_ms": 200}) == {"sandbox": "a"}
    ((path, headers, body),) = service.requests
    assert path == f"/2015-03-31/functions/{ARN.replace(':', '%3A')}/invocations"
    assert headers["X-Amz-Invocation-Type"] == "RequestResponse"
    assert "/eu-west-1/lambda/" in headers["Authorization"]
    assert json.loads(body) == {"hold_ms": 200}


def test_a_function_that_fails_is_an_error_with_its_own_words(service: Service) -> None:
    service.headers, service.body = {"X-Amz-Function-Error": "Unhandled"}, b'{"errorMessage": "no mount"}'
    with pytest.raises(InvocationError, match="no mount"):
        make_invoke(ARN, 1)({})


@pytest.mark.parametrize(
    ("body", "kind", "said"),
    [
        (b'{"errorMessage": "no mount", "errorType": "OSError"}', "OSError", "failed: no mount"),
        (b'{"message": "odd"}', "", 'failed: {"message": "odd"}'),
        (b"[1]", "", r"failed: \[1\]"),
        (b"\xff", "", "failed: \ufffd"),
    ],
    ids=["Lambda's", "another", "a list", "no text"],
)
def test_an_error_says_of_which_kind_it_is(service: Service, body: bytes, kind: str, said: str) -> None:
    service.headers, service.body = {"X-Amz-Function-Error": "Unhandled"}, body
    with pytest.raises(FunctionError, match=said) as error:
        make_invoke("by-its-name", 1, 5.0)({})
    assert error.value.kind == kind
    assert "/eu-central-1/lambda/" in service.requests[0][1]["Authorization"]


@pytest.mark.parametrize("status", [403, 429, 500])
def test_a_refusal_is_an_error_and_not_tried_again(service: Service, status: int) -> None:
    service.status, service.body = status, b'{"Type": "User", "message": "not today"}'
    with pytest.raises(InvocationError, match=f"{ARN} was not invoked"):
        make_invoke(ARN, 1)({})
    assert len(service.requests) == 1


def test_nobody_there_is_an_error(monkeypatch: pytest.MonkeyPatch, service: Service) -> None:
    assert service
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    with pytest.raises(InvocationError, match="was not invoked"):
        make_invoke(ARN, 1)({})
