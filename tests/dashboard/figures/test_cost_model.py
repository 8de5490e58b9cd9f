"""The page's arithmetic against the console's, in a real browser: the same bills, to the last line."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from random import Random
from typing import Any, get_args

import pytest
from playwright.sync_api import Browser, Page

from console.costs import prices
from console.costs.bill import Bill, bills
from console.costs.feasibility import obstacles
from console.costs.options.inputs import INPUTS
from console.costs.prices import DatabaseClass
from console.costs.scenario import Scenario
from console.costs.study import RANGES, find_crossings, is_real_difference
from console.paths import ROOT
from console.verdict.calculator import CORE_INPUTS, model_text
from console.wording import quantity
from tests.support.browser import visiting

PRICES = prices.load().prices
ON_SLIDERS = ("rows", "reads_per_month", "writes_per_month")
POINTS = 200
ALIKE = 1e-9

Point = dict[str, Any]


@pytest.fixture(scope="module")
def shown(browser: Browser, stack: str) -> Iterator[Page]:
    """The page, in which its modules can be asked."""
    with visiting(browser, stack) as visited:
        visited.page.goto("/dashboard/#/costs")
        yield visited.page


def spread(random: Random, name: str) -> float:
    """A value of an input: often one of its ends, else anything between, by orders of magnitude; at times whole."""
    least, most = INPUTS[name].least, INPUTS[name].most
    if random.random() < 0.15:
        return random.choice((least, most))
    low = max(least, min(1.0, most) / 1000)
    value = min(most, max(least, low * (most / low) ** random.random()))
    return float(round(value)) if least <= round(value) <= most and random.random() < 0.7 else value


def on_the_sliders() -> list[Point]:
    random = Random(16)
    corners: list[Point] = [
        dict(zip(ON_SLIDERS, values, strict=True))
        for values in (
            (rows, reads, writes) for rows in (1, 1e9) for reads in (0, 1, 1e11) for writes in (0, 1, 2_592_000, 1e9)
        )
    ]
    return corners + [{name: spread(random, name) for name in ON_SLIDERS} for _ in range(POINTS)]


def everywhere() -> list[Point]:
    """All inputs at once; those that follow from others are left to follow half of the time."""
    random = Random(17)
    points: list[Point] = [
        {
            name: spread(random, name)
            for name in CORE_INPUTS
            if not (INPUTS[name].follows and random.random() < 0.5) and random.random() < 0.8
        }
        for _ in range(POINTS)
    ]
    # Half a row a publish, on average: Python rounds a half to the even neighbour.
    halves: list[Point] = [{"writes_per_month": odd * 50, "publishes_per_month": 100} for odd in (1, 3, 5, 7, 2001)]
    classes = get_args(DatabaseClass)
    chosen = [
        {"architecture": random.choice(("arm64", "x86")), "database_class": random.choice(classes)} for _ in points
    ]
    return [point | each for point, each in zip(points, chosen, strict=True)] + halves


def evaluated(page: Page, script: str, argument: object) -> Any:
    """Run a function of (costs, model, argument) in the page, in one call; `costs` are its modules' exports."""
    modules = ("bill", "study", "feasibility", "wording")
    return page.evaluate(
        f"""async ([names, argument]) => {{
            const found = await Promise.all(names.map((name) => import(`/dashboard/costs/${{name}}.js`)));
            const {{ loadModel }} = await import("/dashboard/costs/model.js");
            return ({script})(Object.assign({{}}, ...found), await loadModel(), argument);
        }}""",
        [modules, argument],
    )


def differences(point: Point, ours: Mapping[str, Bill], theirs: Mapping[str, Bill]) -> list[str]:
    assert list(ours) == list(theirs)
    return [
        f"{source}, {line}: {usd!r} in the console, {theirs[source].get(line)!r} on the page, for {point}"
        for source, lines in ours.items()
        for line, usd in lines.items()
        if not math.isclose(usd, theirs[source].get(line, 0.0), rel_tol=ALIKE)
    ]


def test_the_model_of_the_page_is_that_of_the_console() -> None:
    current = (ROOT / "dashboard/costs/model.json").read_text() == model_text()
    assert current, "dashboard/costs/model.json is out of date: make docs"


@pytest.mark.parametrize("points", [on_the_sliders(), everywhere()], ids=["sliders", "all-inputs"])
def test_the_page_shows_the_consoles_bills_line_by_line(shown: Page, points: list[Point]) -> None:
    script = "({ bills }, model, points) => points.map((each) => bills(model, { ...model.defaults, ...each }))"
    found: list[dict[str, Bill]] = evaluated(shown, script, points)
    expected = [bills(PRICES, Scenario(**point)) for point in points]
    wrong = [text for each in zip(points, expected, found, strict=True) for text in differences(*each)]
    assert wrong[:5] == []
    assert sum(usd > 0 for each in expected for usd in each["sqlite-tmp"].values()) > POINTS * 5


def test_what_the_page_leaves_out_is_named_there_and_costs_nothing_unless_it_is_switched_on(shown: Page) -> None:
    found = evaluated(shown, "({ bills }, model) => [bills(model, model.defaults), model.left_out]", None)
    on_page, left_out = found
    for source, lines in bills(PRICES, Scenario()).items():
        assert set(lines) == {*on_page[source], *left_out}
        assert [lines[name] for name in left_out] == [0.0] * len(left_out)


def test_the_page_knows_which_homes_cannot_run(shown: Page) -> None:
    points = everywhere()
    script = "({ obstacles }, model, points) => points.map((each) => obstacles(model, { ...model.defaults, ...each }))"
    found: list[dict[str, str]] = evaluated(shown, script, points)
    expected = [sorted(obstacles(Scenario(**point))) for point in points]
    assert [sorted(each) for each in found] == expected
    assert {len(each) for each in expected} == {0, 1, 2}


@pytest.mark.parametrize("name", ["reads_per_month", "rows", "publishes_per_month"])
def test_the_cheapest_changes_on_the_page_where_it_does_in_the_console(shown: Page, name: str) -> None:
    random = Random(18)
    points: list[Point] = [{}, *({each: spread(random, each) for each in ON_SLIDERS if each != name} for _ in range(5))]
    script = """({ findCrossings }, model, [points, name]) =>
        points.map((each) => findCrossings(model, { ...model.defaults, ...each }, name))"""
    found = evaluated(shown, script, [points, name])
    expected = [find_crossings(PRICES, Scenario(**point), name) for point in points]
    assert sum(map(len, expected)) > 0
    for point, ours, theirs in zip(points, expected, found, strict=True):
        assert [([*it.below], [*it.above]) for it in ours] == [(it["below"], it["above"]) for it in theirs], point
        assert [it.at for it in ours] == pytest.approx([it["at"] for it in theirs], rel=1e-8), point
    assert name in RANGES


def test_the_page_sees_a_real_difference_where_the_console_does(shown: Page) -> None:
    pairs = [(20.0, 20.99), (20.0, 21.9), (20.0, 22.01), (0.1, 1.09), (0.1, 1.11), (5.0, 5.0), (30.0, 20.0)]
    script = "({ isRealDifference }, model, pairs) => pairs.map((pair) => isRealDifference(model, ...pair))"
    assert evaluated(shown, script, pairs) == [is_real_difference(*pair) for pair in pairs]


def test_the_page_says_quantities_as_the_console_does(shown: Page) -> None:
    random = Random(19)
    values = [0.0, 1.0, 12.5, 1125.0, 999_999.0, 1_125_000.0, *(10 ** random.uniform(-1, 11) for _ in range(100))]
    found = evaluated(shown, "({ quantity }, model, values) => values.map(quantity)", values)
    assert found == [quantity(value) for value in values]
