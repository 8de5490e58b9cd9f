"""Numbers as the page shows them: the unit is chosen after rounding."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.support.browser import visiting

NOW = "Date.parse('2026-11-22T12:00:00Z')"


@pytest.fixture(scope="module")
def shown(browser: Browser, stack: str) -> Iterator[Page]:
    """The page, in which its module can be asked."""
    with visiting(browser, stack) as visited:
        visited.page.goto("/dashboard/#/costs")
        yield visited.page


@pytest.mark.parametrize(
    ("call", "text"),
    [
        ("bytes(999)", "999 bytes"),
        ("bytes(999_499)", "999 kB"),
        ("bytes(999_500)", "1 MB"),
        ("bytes(9_007_199_254_740_993n)", "9,010 TB"),
        ("ms(999.4)", "999 ms"),
        ("ms(999.5)", "1 s"),
        ("seconds(119.4)", "119 s"),
        ("seconds(119.5)", "2 min"),
        ("seconds(7169)", "119 min"),
        ("seconds(7199)", "2 h"),
        ("seconds(172_799)", "2 days"),
        ("number(999.6)", "1,000"),
        ("number(9_007_199_254_740_993n)", "9,007,199,254,740,993"),
        ("count(-9_007_199_254_740_993n)", "-9,007,199,254,740,993"),
        (f"ago('2026-11-22T11:00:01Z', {NOW})", "1 hr. ago"),
        (f"ago('2026-11-22T11:00:31Z', {NOW})", "59 min. ago"),
        (f"ago('2026-11-21T12:00:01Z', {NOW})", "yesterday"),
        (f"ago('2026-11-22T12:00:00Z', {NOW})", "now"),
    ],
)
def test_a_number_is_rounded_before_its_unit_is_chosen(shown: Page, call: str, text: str) -> None:
    assert shown.evaluate(f"async () => (await import('/dashboard/format.js')).{call}") == text
