from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from console.client.authorization import Authorization
from console.client.client import Client
from console.client.signing import region_of, sign
from console.errors import ConsoleError
from tests.support.local.faults import Exchange, FaultyApi

KEY, SECRET, TOKEN, REGION = "AKIDEXAMPLE", "secret", "token", "eu-west-3"


@pytest.fixture
def api() -> Iterator[FaultyApi]:
    with FaultyApi() as server:
        yield server


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_SESSION_TOKEN", TOKEN)
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)


@pytest.fixture
def no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)


def guarded(exchange: Exchange) -> None:
    """Answers as IAM does: only a request with the right signature over what arrived is let through."""
    right = exchange.headers.get("authorization") == expected_signature(exchange)
    exchange.answer(200 if right else 403, '{"message": "Forbidden"}')


def expected_signature(exchange: Exchange) -> str:
    url = f"http://{exchange.headers['host']}{exchange.path}"
    request = AWSRequest(exchange.command, url, data=exchange.body)
    request.context["timestamp"] = exchange.headers.get("x-amz-date", "20260101T000000Z")
    request.headers["X-Amz-Date"] = request.context["timestamp"]
    request.headers["X-Amz-Security-Token"] = TOKEN
    signer = SigV4Auth(Credentials(KEY, SECRET, TOKEN), "execute-api", REGION)
    canonical = signer.canonical_request(request)
    signature = signer.signature(signer.string_to_sign(request, canonical), request)
    signed = signer.signed_headers(signer.headers_to_sign(request))
    return f"AWS4-HMAC-SHA256 Credential={signer.scope(request)}, SignedHeaders={signed}, Signature={signature}"


@pytest.mark.usefixtures("credentials")
def test_a_refused_request_is_signed_and_so_are_those_after_it(api: FaultyApi) -> None:
    api.script.extend([guarded] * 5)
    with Client(api.url) as client:
        assert client.post("/insert", {"count": 3}).status_code == 200
        assert client.get("/ddb", {"from": "2026-01-31T12:00:00+01:00", "limit": "5"}).status_code == 200
    assert [path.partition("?")[0] for _, path, _ in api.seen] == ["/insert", "/insert", "/ddb"]


@pytest.mark.usefixtures("credentials")
def test_what_is_measured_is_signed_beforehand_once_the_api_has_asked_for_it(api: FaultyApi) -> None:
    api.script.extend([guarded] * 4)
    with Client(api.url) as client:
        assert client.once(client.prepared("GET", "/ddb")).status_code == 403
        assert len(api.seen) == 1
        client.get("/ddb")
        request = client.prepared("POST", "/insert", content={"count": 1})
        assert client.once(request).status_code == 200
    assert len(api.seen) == 4


@pytest.mark.usefixtures("credentials")
def test_a_signature_that_is_refused_is_not_sent_again(api: FaultyApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    api.script.extend([guarded] * 5)
    with Client(api.url) as client, pytest.raises(ConsoleError, match="403: Forbidden"):
        client.get("/ddb")
    assert len(api.seen) == 2


@pytest.mark.usefixtures("no_credentials")
def test_without_credentials_the_refusal_stands(api: FaultyApi) -> None:
    api.script.extend([guarded] * 5)
    with Client(api.url) as client, pytest.raises(ConsoleError, match="403: Forbidden") as error:
        client.get("/ddb")
    assert "AWS credentials" in error.value.hint
    assert len(api.seen) == 1


@pytest.mark.usefixtures("credentials")
@pytest.mark.parametrize(("scheme", "sent"), [("http", 1), ("https", 2)])
def test_no_signature_goes_over_an_unencrypted_connection(scheme: str, sent: int) -> None:
    seen: list[httpx.Request] = []

    def refuse(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(403)

    with httpx.Client(transport=httpx.MockTransport(refuse), auth=Authorization("https://api.example")) as client:
        client.get(f"{scheme}://api.example/ddb")
    assert len(seen) == sent


@pytest.mark.parametrize(
    ("host", "region"),
    [
        ("a1b2.execute-api.us-east-1.amazonaws.com", "us-east-1"),
        ("a1b2.execute-api.cn-north-1.amazonaws.com.cn", "cn-north-1"),
        ("api.example.com", None),
        ("127.0.0.1", None),
    ],
)
def test_the_region_stands_in_the_gateways_own_name(host: str, region: str | None) -> None:
    assert region_of(host) == region


def test_lasting_credentials_have_no_session_token() -> None:
    request = httpx.Request("GET", "https://api.example/ddb")
    sign(request, SigV4Auth(Credentials(KEY, SECRET), "execute-api", REGION))
    assert request.headers["authorization"].startswith(f"AWS4-HMAC-SHA256 Credential={KEY}/")
    assert "x-amz-security-token" not in request.headers
