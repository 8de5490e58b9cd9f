from __future__ import annotations
import pytest
from collections.abc import Iterator
from playwright.sync_api import Page
from tests.support.browser import open_browser, visiting
@pytest.fixture(scope="module")
def shown() -> Iterator[Page]:
    with open_browser() as browser, visiting(browser, "http://127.0.0.1:8931") as visit:
        visit.page.goto("/dashboard/#/costs")
        yield visit.page
