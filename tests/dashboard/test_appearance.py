"""The page as it looks and is used: at both widths, in both themes, by keyboard, by those who hear it."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.dashboard.conftest import Visiting
from tests.support.browser import NARROW, WIDE

SECTIONS = ("data", "homes", "chain", "jobs", "benchmarks", "verdict", "costs", "enter")
PARTS_WIDER_THAN_THE_PAGE = """() => [...document.querySelectorAll('main *, header *')].filter(part =>
    !part.closest('.scroller, .nav, svg, .hidden') && part.getBoundingClientRect().right > innerWidth + 1
).map(part => part.outerHTML.slice(0, 120))"""
FOCUSED = """() => {
    const [part, style] = [document.activeElement, getComputedStyle(document.activeElement)];
    const name = part.getAttribute('aria-label') || part.closest('label')?.innerText || part.innerText || part.name;
    return [part.tagName, name.split('\\n')[0].trim(), style.outlineStyle !== 'none' || part.tagName === 'MAIN'];
}"""


def open_section(page: Page, name: str) -> None:
    page.goto(f"/dashboard/#/{name}")
    expect(page.locator(f"[data-section={name}]")).to_be_attached()
    expect(page.locator("#section :is(.loading, [aria-busy]), #section[aria-busy]")).to_have_count(0)


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_every_section_fits_and_passes_axe_in_both_themes(visit: Visiting, width: int) -> None:
    with visit(width=width) as visited:
        page = visited.page
        for name in SECTIONS:
            open_section(page, name)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, name
            assert page.evaluate(PARTS_WIDER_THAN_THE_PAGE) == [], name
            assert visited.violations() == [], name
            page.emulate_media(color_scheme="dark")
            assert visited.violations(runOnly=["color-contrast"]) == [], name
            page.emulate_media(color_scheme="light")


def test_a_table_wider_than_the_page_has_a_shadow_where_it_goes_on_and_scrolls_by_keyboard(visit: Visiting) -> None:
    with visit(width=NARROW) as visited:
        page = visited.page
        open_section(page, "chain")
        region = page.get_by_role("region", name="Segments of the newest snapshot")
        before = region.screenshot()
        assert region.evaluate("it => it.scrollWidth > it.clientWidth")
        region.evaluate("it => { it.style.background = 'none'; }")
        assert region.screenshot() != before
        region.focus()
        page.keyboard.press("ArrowRight")
        expect(region).not_to_have_js_property("scrollLeft", 0)


def test_the_keyboard_reaches_everything_and_the_focus_is_seen(visit: Visiting) -> None:
    with visit() as visited:
        page = visited.page
        open_section(page, "data")
        page.keyboard.press("Tab")
        expect(page.get_by_text("Skip to the content")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator("main")).to_be_focused()
        reached = {"MAIN": [""]}
        for _ in range(14):
            page.keyboard.press("Tab")
            tag, name, is_seen = page.evaluate(FOCUSED)
            assert is_seen, name
            reached.setdefault(tag, []).append(name)
        assert reached["SELECT"] == ["Home", "Order", "Rows a page", "Only rows whose", "Comparison"]
        assert reached["INPUT"] == ["As of bookmark", "One row by its id", "Value"]
        assert reached["BUTTON"][:4] == ["Refresh", "Hold", "Show", "Add filter"]
        page.keyboard.press("Enter")
        expect(page.get_by_role("dialog")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.locator(".rows tbody button").first).to_be_focused()


def test_links_lead_to_the_sections_and_back(visit: Visiting) -> None:
    with visit() as visited:
        page = visited.page
        open_section(page, "data")
        page.get_by_role("link", name="Chain").press("Enter")
        expect(page).to_have_title("The chain of segments · lambda-sqlite")
        expect(page.get_by_role("link", name="Chain")).to_have_attribute("aria-current", "page")
        page.go_back()
        expect(page.get_by_role("heading", level=1)).to_have_text("Data set")


def test_the_theme_is_the_systems_until_another_is_chosen_which_is_kept(visit: Visiting) -> None:
    background = "getComputedStyle(document.body).backgroundColor"
    with visit(scheme="dark") as visited:
        page = visited.page
        open_section(page, "enter")
        dark = page.evaluate(background)
        page.get_by_label("Theme").select_option("light")
        light = page.evaluate(background)
        assert light != dark
        page.reload()
        expect(page.get_by_label("Theme")).to_have_value("light")
        assert page.evaluate(background) == light
        page.get_by_label("Theme").select_option("")
        assert page.evaluate(background) == dark


def test_without_storage_the_page_works_all_the_same(visit: Visiting) -> None:
    with visit() as visited:
        visited.page.add_init_script(
            "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('', 'SecurityError'); } })"
        )
        open_section(visited.page, "chain")
        visited.page.get_by_label("Theme").select_option("dark")
        expect(visited.page.locator("html")).to_have_attribute("data-theme", "dark")
