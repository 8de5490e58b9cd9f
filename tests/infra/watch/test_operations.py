"""docs/operations.md says what the program does, and its sums are those of the console's prices."""

from __future__ import annotations

import re

import pytest

from console.costs.bill import TRACED_PER_S, TRACED_SHARE
from console.costs.prices import load
from handlers.telemetry.metrics import BY_FUNCTION, BY_PATH
from tests.infra.program import EVERYTHING, ROOT, graph, project_schema

TEXT = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
SECONDS_A_MONTH = 730 * 3600


def section(headline: str) -> str:
    return TEXT.split(f"\n## {headline}\n")[1].split("\n## ")[0]


def first_cells(text: str) -> list[str]:
    return [row.split(" | ")[0].strip("| ") for row in text.splitlines() if row.startswith("| ")]


def test_every_metric_has_its_row_with_its_unit() -> None:
    rows = "\n".join(first_cells(section("Metrics")))
    assert {*re.findall(r"`(\w+)`", rows)} == {*BY_PATH, *BY_FUNCTION}


def test_every_alarm_has_its_row() -> None:
    named = {*re.findall(r"`([a-z-]+)`", "\n".join(first_cells(section("Alarms"))))}
    made = {node.name.removeprefix("alarms-") for node in graph(EVERYTHING).of("MetricAlarm")}
    assert named == made


def test_every_setting_of_the_table_exists() -> None:
    named = re.findall(r"`([A-Za-z]+)(?:: [\w]+)?`", "\n".join(first_cells(section("What each setting costs"))))
    assert len(named) > 10
    assert {*named} - {"stream"} <= {*project_schema()}


def test_every_setting_has_one_row() -> None:
    cells = first_cells(section("What each setting costs"))
    assert len(cells) == len({*cells})


@pytest.mark.parametrize("rate", [0.1, 1, 10, 100, 1000])
def test_traces_cost_at_most_what_the_table_says(rate: float) -> None:
    price = load().prices.trace
    traced_per_s = min(rate, TRACED_PER_S) + TRACED_SHARE * max(0, rate - TRACED_PER_S)
    usd = f"{traced_per_s * SECONDS_A_MONTH * price.each:.2f}"
    assert f"\n| {rate:g} | {usd} |" in section("Traces")
    described = project_schema()["tracing"]["description"]
    assert rate not in (1, 100) or f"{float(usd):.0f} USD" in described
