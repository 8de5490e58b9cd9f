"""The page and the API at one origin, before a gateway whose function says what it was asked."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from console.local.edge.edge import LocalEdge
from console.local.edge.page import PageFiles
from console.local.gateway import Gateway
from infra.edge.headers import CONTENT_SECURITY_POLICY, SECURITY_HEADERS
from tests.support.local.faults import NO_KEEP_ALIVE
from tests.support.local.web import served

BROWSER = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
FILES = {
    "index.html": "<!doctype html>",
    "app/main.js": "import './table.js'",
    "look.css": "body {}",
    "vendor/LICENSE": "MIT",
    "rows.bin": "0",
    ".secret": "hidden",
    ".git/config": "hidden",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    outside = tmp_path_factory.mktemp("project")
    (outside / "Pulumi.yaml").write_text("outside")
    for name, text in FILES.items():
        file = outside / "dashboard" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return outside / "dashboard"


@pytest.fixture(scope="module")
def client(folder: Path) -> Iterator[httpx.Client]:
    async def echo(event: dict[str, object]) -> object:
        return {"statusCode": 200, "body": json.dumps(event)}

    app = LocalEdge(Gateway({"query": echo, "command": echo}, {"POST /insert": "command"}, "query"), PageFiles(folder))
    with served(app) as url, httpx.Client(base_url=url, timeout=None, limits=NO_KEEP_ALIVE) as client:
        yield client


@pytest.mark.parametrize(
    ("path", "name", "media_type"),
    [
        ("/dashboard/", "index.html", "text/html; charset=utf-8"),
        ("/dashboard/index.html?theme=dark", "index.html", "text/html; charset=utf-8"),
        ("/dashboard/app/main.js", "app/main.js", "text/javascript; charset=utf-8"),
        ("/dashboard/look.css", "look.css", "text/css; charset=utf-8"),
        ("/dashboard/vendor/LICENSE", "vendor/LICENSE", "text/plain; charset=utf-8"),
        ("/dashboard/rows.bin", "rows.bin", "application/octet-stream"),
    ],
)
def test_a_file_comes_with_its_type_its_tag_and_the_security_headers(
    client: httpx.Client, path: str, name: str, media_type: str
) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.text) == (200, FILES[name])
    assert answer.headers["content-type"] == media_type
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert SECURITY_HEADERS.items() <= answer.headers.items()
    head = client.head(path)
    assert (head.status_code, head.content) == (200, b"")
    assert {name: head.headers[name] for name in ("etag", "content-type", "content-length")} == {
        name: answer.headers[name] for name in ("etag", "content-type", "content-length")
    }


def test_a_file_that_the_browser_has_is_not_sent_again_until_it_changes(client: httpx.Client, folder: Path) -> None:
    etag = client.get("/dashboard/look.css").headers["etag"]
    answer = client.get("/dashboard/look.css", headers={"if-none-match": f'"other", W/{etag}'})
    assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", etag)
    assert "content-length" not in answer.headers
    assert SECURITY_HEADERS.items() <= answer.headers.items()
    (folder / "look.css").write_text("body { color: red }")
    answer = client.get("/dashboard/look.css", headers={"if-none-match": etag})
    (folder / "look.css").write_text(FILES["look.css"])
    assert (answer.status_code, answer.text) == (200, "body { color: red }")
    assert answer.headers["etag"] != etag


@pytest.mark.parametrize(
    "path",
    [
        "/dashboard/missing.js",
        "/dashboard/app",
        "/dashboard/app/",
        "/dashboard/../Pulumi.yaml",
        "/dashboard/%2e%2e/Pulumi.yaml",
        "/dashboard/%2e%2e%2fPulumi.yaml",
        "/dashboard/..%5cPulumi.yaml",
        "/dashboard//etc/passwd",
        "/dashboard/app/../index.html",
        "/dashboard/.secret",
        "/dashboard/.git/config",
        "/dashboard/index.html%00",
        "/dashboard/" + "a" * 5000,
    ],
)
def test_what_is_no_visible_file_of_the_folder_is_not_found(client: httpx.Client, path: str) -> None:
    connection = http.client.HTTPConnection(client.base_url.host, client.base_url.port)  # httpx would resolve the dots
    with closing(connection):
        connection.request("GET", path)
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (404, b"There is no such file\n")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-security-policy"] == CONTENT_SECURITY_POLICY


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_the_page_is_read_and_nothing_else(client: httpx.Client, method: str) -> None:
    answer = client.request(method, "/dashboard/index.html")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


def test_a_folder_that_is_not_there_has_no_file(tmp_path: Path) -> None:
    assert PageFiles(tmp_path / "none").answer("GET", "", "").status == 404


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(("path", "headers"), [("/", BROWSER), ("/dashboard", {}), ("/dashboard?x=1", BROWSER)])
def test_a_browser_is_led_to_the_page(client: httpx.Client, method: str, path: str, headers: dict[str, str]) -> None:
    answer = client.request(method, path, headers=headers)
    assert (answer.status_code, answer.headers["location"], answer.content) == (302, "/dashboard/", b"")
    assert answer.headers["vary"] == "accept"


@pytest.mark.parametrize(
    ("method", "path", "headers", "asked"),
    [
        ("GET", "/", {"accept": "*/*"}, "/"),
        ("GET", "/", {"accept": "application/json"}, "/"),
        ("POST", "/", BROWSER, "/"),
        ("GET", "/sqlite-efs", BROWSER, "/sqlite-efs"),
        ("GET", "/api/", BROWSER, "/"),
        ("GET", "/api/sqlite-efs", BROWSER, "/sqlite-efs"),
        ("GET", "/api//x", {}, "//x"),
        ("GET", "/api", {}, "/api"),
        ("GET", "/apis", {}, "/apis"),
        ("GET", "/dashboards", {}, "/dashboards"),
    ],
)
def test_all_else_is_the_gateways(
    client: httpx.Client, method: str, path: str, headers: dict[str, str], asked: str
) -> None:
    answer = client.request(method, f"{path}?limit=2", headers=headers)
    assert answer.status_code == 200
    assert (answer.json()["rawPath"], answer.json()["rawQueryString"]) == (asked, "limit=2")


def test_the_api_under_its_prefix_has_its_routes(client: httpx.Client) -> None:
    assert client.post("/api/insert", json={}).json()["routeKey"] == "POST /insert"


@pytest.mark.parametrize(
    ("path", "headers", "authorization"),
    [
        ("/api/ddb", {"cookie": "theme=dark; __Host-session=abc"}, "Bearer abc"),
        ("/api/ddb", {"cookie": "__Host-session=abc", "authorization": "Bearer own"}, "Bearer own"),
        ("/api/ddb", {"cookie": "__Host-session="}, None),
        ("/api/ddb", {"cookie": "session=abc"}, None),
        ("/ddb", {"cookie": "__Host-session=abc"}, None),
    ],
)
def test_a_cookie_with_a_session_counts_as_its_token_under_the_prefix(
    client: httpx.Client, path: str, headers: dict[str, str], authorization: str | None
) -> None:
    assert client.get(path, headers=headers).json()["headers"].get("authorization") == authorization
