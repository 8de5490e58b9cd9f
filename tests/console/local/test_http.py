"""The project's own API over real HTTP: gateway, sandboxes, emulator."""

from __future__ import annotations

import gzip
import json

import httpx
import pytest

from console.local.background import BackgroundStack
from tests.support.local import web
from tests.support.local.faults import NO_KEEP_ALIVE


@pytest.fixture(scope="module")
def url(live: BackgroundStack) -> str:
    web.post(f"{live.url}/insert", json={"count": 100}).raise_for_status()
    return live.url


def raw(method: str, url: str, accepted: str) -> tuple[httpx.Headers, bytes]:
    """Headers and the bytes as they came."""
    headers = {"accept-encoding": accepted}
    with (
        httpx.Client(timeout=None, limits=NO_KEEP_ALIVE) as client,
        client.stream(method, url, headers=headers) as answer,
    ):
        assert answer.status_code == 200
        return answer.headers, b"".join(answer.iter_raw())


@pytest.mark.parametrize("path", ["/sqlite-efs", "/sqlite-tmp", "/ddb", "/openapi.json"])
def test_a_large_answer_is_compressed_for_those_who_accept_it(url: str, path: str) -> None:
    plain_headers, plain = raw("GET", url + path, "identity")
    headers, compressed = raw("GET", url + path, "gzip")
    assert "content-encoding" not in plain_headers
    assert (headers["content-encoding"], headers["content-length"]) == ("gzip", str(len(compressed)))
    assert len(compressed) < len(plain) / 2
    assert json.loads(gzip.decompress(compressed)).get("data") == json.loads(plain).get("data")
    assert headers.get("etag") == plain_headers.get("etag")
    varies = "accept-encoding" if path == "/openapi.json" else "accept-encoding, min-bookmark"
    assert headers["vary"] == plain_headers["vary"] == varies


def test_a_client_that_knows_the_compressed_answer_knows_the_plain_one(url: str) -> None:
    headers, _ = raw("GET", f"{url}/sqlite-efs", "gzip")
    for accepted in ("gzip", "identity"):
        asked = {"if-none-match": headers["etag"], "accept-encoding": accepted}
        answer = web.get(f"{url}/sqlite-efs", headers=asked)
        assert (answer.status_code, answer.content, answer.headers["vary"]) == (
            304,
            b"",
            "accept-encoding, min-bookmark",
        )
        assert not {"content-length", "content-encoding"} & answer.headers.keys()


@pytest.mark.parametrize("path", ["/", "/sqlite-efs", "/sqlite-efs/stats", "/snapshots", "/health", "/openapi.json"])
def test_head_has_the_length_of_get(url: str, path: str) -> None:
    for accepted in ("identity", "gzip"):
        headers, body = raw("HEAD", url + path, accepted)
        length = len(raw("GET", url + path, accepted)[1])
        assert body == b""
        assert abs(int(headers["content-length"]) - length) < 100  # times have different lengths
        assert headers.get("content-encoding") == raw("GET", url + path, accepted)[0].get("content-encoding")


def test_a_browser_is_shown_a_page(url: str) -> None:
    answer = web.get(url, headers={"accept": "text/html,*/*;q=0.8"})
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.text.startswith("<!doctype html>")
    assert "sqlite-efs" in {link["href"] for link in web.get(url).json()["links"]}


@pytest.mark.parametrize("path", ["/health", "/command/health"])
def test_the_functions_here_do_not_say_that_they_are_in_aws(url: str, path: str) -> None:
    build = web.get(url + path).json()["build"]
    assert (build["region"], build["memory_mb"]) == ("local", None)


def test_a_page_of_this_machine_reads_rows(url: str) -> None:
    answer = web.get(f"{url}/sqlite-tmp", headers={"origin": "http://localhost:3000"})
    assert answer.headers["access-control-allow-origin"] == "http://localhost:3000"
    assert answer.headers.get_list("vary") == ["accept-encoding, min-bookmark", "origin"]
    asked = {"origin": "http://localhost:3000", "access-control-request-method": "POST"}
    assert httpx.options(f"{url}/insert", headers=asked, timeout=None).status_code == 204
