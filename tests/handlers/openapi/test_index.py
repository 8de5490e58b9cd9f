from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin

from handlers.openapi.description import description
from handlers.routes import RELATIONAL, ROUTES, SESSIONS
from tests.support.api import Api

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
ABSENT = (SESSIONS, RELATIONAL)  # by default
EMPTY_ELEMENTS = {"meta", "br"}


class Page(HTMLParser):
    """What a page links to and loads; every element is closed in its turn."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.open = [""]
        self.style = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.links += [given["href"] or ""] if tag == "a" else []
        self.loaded += [tag] if tag in ("script", "link", "img", "iframe") or "src" in given or "style" in given else []
        self.open += [] if tag in EMPTY_ELEMENTS else [tag]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.style += data if self.open[-1] == "style" else ""


def test_the_start_has_a_link_for_each_route(api: Api) -> None:
    answer = api.get("/")
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    links = answer.json["links"]
    assert [(link["method"], urljoin("/", link["href"]), link["operation"]) for link in links] == [
        (verb, path, name) for verb, path, function, name in ROUTES if function not in ABSENT
    ]
    paths: Any = description()["paths"]
    assert all(
        link["summary"] == paths[urljoin("/", link["href"])][link["method"].lower()]["summary"] for link in links
    )


def test_what_can_be_read_at_once_answers(api: Api) -> None:
    links = api.get("/").json["links"]
    readable = [urljoin("/", link["href"]) for link in links if link["method"] == "GET" and "{" not in link["href"]]
    assert "/sqlite-tmp" in readable
    assert {href: api.get(href).status for href in readable} == dict.fromkeys(readable, 200)


def test_a_browser_gets_a_page_with_the_same_links(api: Api) -> None:
    answer = api.get("/", accept=BROWSER)
    assert (answer.status, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    there = [(verb, path) for verb, path, function, _ in ROUTES if function not in ABSENT]
    readable = [path for verb, path in there if verb == "GET" and "{" not in path]
    page = Page(answer.text)
    assert sorted(urljoin("/", link) for link in page.links) == sorted(["/openapi.json", *readable])
    assert all(f"<b>{verb}</b>" in answer.text and path in answer.text for verb, path in there)


def test_below_a_prefix_links_lead_to_the_api_as_well(api: Api) -> None:
    base = "https://edge.example/api/"
    hrefs = {link["href"] for link in api.get("/").json["links"]} | {*Page(api.get("/", accept=BROWSER).text).links}
    assert {urljoin(base, href) for href in hrefs} == {base.rstrip("/") + urljoin("/", href) for href in hrefs}
    servers: Any = description()["servers"]
    assert urljoin(f"{base}openapi.json", servers[0]["url"]) == base


def test_codes_and_sessions_are_there_where_reads_need_a_session(environ: dict[str, str]) -> None:
    api = Api({**environ, "READ_AUTH": "session"})
    links = api.get("/").json["links"]
    assert [(link["method"], urljoin("/", link["href"])) for link in links] == [
        (verb, path) for verb, path, function, _ in ROUTES if function != RELATIONAL
    ]
    page = api.get("/", accept=BROWSER).text
    assert "<b>GET</b>/access/codes" in page  # and no link: it has to be asked for a tenant


def test_the_page_loads_nothing_and_may_load_nothing_but_its_own_style(api: Api) -> None:
    answer = api.get("/", accept=BROWSER)
    page = Page(answer.text)
    assert (page.loaded, page.open) == ([], ["", "html"])
    assert not re.search(r"url\(|@import|//", answer.text)
    digest = base64.b64encode(hashlib.sha256(page.style.encode()).digest()).decode()
    assert answer.headers["content-security-policy"].split("; ") == [
        "default-src 'none'",
        f"style-src 'sha256-{digest}'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ]
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_both_forms_say_what_decides_between_them(api: Api) -> None:
    for accept in ("*/*", BROWSER):
        assert api.get("/", accept=accept).headers["vary"] == "accept, accept-encoding"
    assert api.get("/", "page=1").status == 400
