"""One local stack with rows, one without, and one browser, for all tests of the page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial

import pytest
from playwright.sync_api import Browser

from console.local.background import BackgroundStack
from console.local.project import project_stack
from tests.support.api import spread
from tests.support.browser import Visit, open_browser, visiting
from tests.support.local import web

BATCHES = (40, 25, 10, 3)  # rows, a publish each: a chain of several segments
ROWS = sum(BATCHES)

Visiting = Callable[..., AbstractContextManager[Visit]]


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with open_browser() as opened:
        yield opened


@pytest.fixture(scope="package")
def empty_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a stack that nobody has written to."""
    with BackgroundStack(project_stack(tmp_path_factory.mktemp("empty"), sandboxes=1, has_page=True)) as running:
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
