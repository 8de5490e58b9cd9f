"""A real Chromium, and visits of pages with it that notice whatever a reader of the page should never meet."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from collections.abc import Generator, Sequence
from typing import Any, cast
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe  # pyright: ignore[reportMissingTypeStubs]
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Route, expect, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
# No sandbox, since tests run as root in containers; and nothing that asks a network for updates.
FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
WIDE, NARROW = 1600, 360
HEIGHTS = {WIDE: 1000, NARROW: 800}
PATIENCE_MS = 20_000.0  # as long as a busy machine may take; nothing waits for all of it


@contextlib.contextmanager
def open_browser() -> Generator[Browser]:
    """Open a Chromium without a window; without one the test is skipped, but in CI, where it has to be there.

    While it is open the thread has a running event loop, so nothing in it can call `asyncio.run`: let fixtures of one
    package of tests open it, and no fixture of the whole session.
    """
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None and "CI" not in os.environ:
        pytest.skip(f"there is no browser here; one of {', '.join(NAMES)} is needed")
    assert path, f"CI has to install one of {', '.join(NAMES)}"
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


class Visit:
    """A page in a window of its own, and what went wrong there.

    Args:
        page: what is looked at.
        origin: where it is; whatever it asks elsewhere is a fault.
    """

    def __init__(self, page: Page, origin: str) -> None:
        self.page = page
        self._origin = origin
        self.requests: list[str] = []  # "GET /api/ddb?limit=1", in order
        self.faults: list[str] = []
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.faults.append(f"exception: {error}"))
        page.on("request", self._follow)

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:  # violations of the content security policy among them
            self.faults.append(f"{message.type}: {message.text}")

    def _follow(self, request: Request) -> None:
        url = urlsplit(request.url)
        if url.scheme == "data":
            return
        if not request.url.startswith(self._origin + "/"):
            self.faults.append(f"asked elsewhere: {request.url}")
        self.requests.append(f"{request.method} {url.path}{'?' if url.query else ''}{url.query}")

    def hold_clock(self) -> None:
        """Let the page's time stand still, until `page.clock.run_for` moves it.

        Call it when the page is there and waits for nothing, and `page.clock.install()` before the page is loaded. The
        clock goes on by a day, which is more than can have passed since.
        """
        self.page.clock.pause_at(self.page.evaluate("Date.now() + 86_400_000") / 1000)

    def violations(self, **options: object) -> list[str]:
        """Return what axe finds wrong with the page as it is now: each rule, and an element that breaks it.

        Args:
            options: axe's own, such as `runOnly`.
        """
        axe = cast("Any", Axe())  # its types are half unknown
        violations = axe.run(self.page, options=options).response["violations"]
        return [f"{each['id']}: {node['html']}" for each in violations for node in each["nodes"]]

    def asked(self, start: str) -> list[str]:
        """Return the requests so far that begin like this."""
        return [request for request in self.requests if request.startswith(start)]


def hold(page: Page, url: str | re.Pattern[str]) -> list[Route]:
    """Leave requests without an answer; returns those that there are, for the test to answer."""
    held: list[Route] = []

    def keep(route: Route) -> None:
        held.append(route)

    page.route(url, keep)
    return held


def hide(page: Page, hidden: bool) -> None:
    """Hide the page, as another tab in front of it does, or show it again."""
    page.evaluate(
        "hidden => { Object.defineProperty(document, 'hidden', {value: hidden, configurable: true});"
        " document.dispatchEvent(new Event('visibilitychange')); }",
        hidden,
    )


@contextlib.contextmanager
def visiting(
    browser: Browser,
    origin: str,
    *,
    width: int = WIDE,
    scheme: str = "light",
    token: str = "",
    expected: Sequence[str] = (),
) -> Generator[Visit]:
    """Open a window for one test, and hold what went wrong there against what was to go wrong.

    Args:
        origin: the page's, without a slash at its end.
        width: of the window, in CSS pixels.
        scheme: `light` or `dark`, as the visitor's system has it.
        token: of the visitor's session, where there is one.
        expected: parts of what the browser's console is to say, such as the status that a test provokes; nothing else
            may be wrong.
    """
    context = browser.new_context(
        base_url=origin,
        color_scheme="dark" if scheme == "dark" else "light",
        reduced_motion="reduce",
        extra_http_headers={"authorization": f"Bearer {token}"} if token else {},
        viewport={"width": width, "height": HEIGHTS[width]},
    )
    context.set_default_timeout(PATIENCE_MS)
    try:
        visit = Visit(context.new_page(), origin)
        yield visit
        assert [fault for fault in visit.faults if not any(part in fault for part in expected)] == []
        assert [part for part in expected if not any(part in fault for fault in visit.faults)] == []
    finally:
        context.close()


def add_postgres(page: Page) -> None:
    """Let the API have PostgreSQL, for a page: in its place answers `ddb`."""

    def described(route: Route) -> None:
        answer = route.fetch()
        content = answer.json()
        content["paths"]["/postgres"] = content["paths"]["/ddb"]
        route.fulfill(response=answer, json=content)

    page.route("**/openapi.json", described)
    page.route(
        "**/postgres?*",
        lambda route: route.fulfill(response=route.fetch(url=route.request.url.replace("/postgres", "/ddb"))),
    )
