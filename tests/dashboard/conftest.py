"""One local stack with rows, one without rows and closed, and one browser, for all tests of the page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial

import pytest
from playwright.sync_api import Browser

from console.local.background import BackgroundStack
from console.local.project import project_stack
from handlers.settings import SESSION
from tests.support.api import spread
from tests.support.browser import Visit, open_browser, visiting
from tests.support.local import web

BATCHES = (230, 20, 8)  # rows, a publish each; a segment of 200 rows or more stays as it is beside a small one
ROWS = sum(BATCHES)

Visiting = Callable[..., AbstractContextManager[Visit]]


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with open_browser() as opened:
        yield opened


@pytest.fixture(scope="package")
def closed_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a stack that nobody has written to, and nobody reads without a session."""
    folder = tmp_path_factory.mktemp("closed")
    with BackgroundStack(project_stack(folder, sandboxes=1, has_page=True, read_auth=SESSION)) as running:
        yield running.url


@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a stack with rows."""
    folder = tmp_path_factory.mktemp("page")
    with BackgroundStack(project_stack(folder, sandboxes=2, check_interval_ms=0, has_page=True)) as running:
        for number, count in enumerate(BATCHES):
            rows = {"items": spread(count, first=1 + sum(BATCHES[:number]))}
            assert web.post(running.url + "/insert", json=rows).status_code == 201
        yield running.url


@pytest.fixture
def visit(browser: Browser, stack: str) -> Visiting:
    """Opens the page of the stack with rows: `with visit(width=360) as page`."""
    return partial(visiting, browser, stack)


@pytest.fixture(scope="package")
def token(closed_stack: str) -> str:
    """Of a session that the closed stack knows."""
    made = web.post(closed_stack + "/access/codes", json={"tenant": "Ada"}).json()
    return web.post(closed_stack + "/sessions", json={"code": made["access_code"]}).json()["token"]


@pytest.fixture
def visit_empty(browser: Browser, closed_stack: str, token: str) -> Visiting:
    """Opens the page of the stack without rows, as somebody with a session."""
    return partial(visiting, browser, closed_stack, token=token)
