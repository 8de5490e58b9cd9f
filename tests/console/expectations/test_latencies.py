from __future__ import annotations

import re
from pathlib import Path

import pytest

from console.expectations.latencies import latencies, named_figures

ROOT = Path(__file__).parents[3]
DOCUMENT = (ROOT / "docs/benchmarking.md").read_text(encoding="utf-8")
FIGURES = named_figures(latencies().figures)


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_s_range_is_in_order(name: str) -> None:
    figure = FIGURES[name]
    assert figure.low <= figure.typical <= figure.slow


@pytest.mark.parametrize("name", FIGURES)
def test_the_document_has_each_figure_with_its_source(name: str) -> None:
    figure = FIGURES[name]
    numbers = f"{figure.low:,g} | {figure.typical:,g} | {figure.slow:,g}"
    (said,) = (line for line in DOCUMENT.splitlines() if line.startswith(f"| {name}, {figure.unit} | {numbers} | ["))
    assert said.endswith(f"]({figure.source.removeprefix('docs/')}): {figure.reading} |")


def test_the_document_has_the_figures_date() -> None:
    assert f"looked up on {latencies().date}" in DOCUMENT


@pytest.mark.parametrize("name", [name for name, figure in FIGURES.items() if figure.source.startswith("docs/")])
def test_what_was_measured_here_stands_in_the_document_that_is_its_source(name: str) -> None:
    file, _, anchor = FIGURES[name].source.partition("#")
    text = (ROOT / file).read_text(encoding="utf-8")
    assert f"\n## {anchor}\n" in text.lower()
    assert f"| {FIGURES[name].typical:g} |" in text


def test_a_share_of_a_processor_is_that_of_the_stack_s_memory() -> None:
    whole_mb, own_mb = 1769, 1024
    assert FIGURES["function_speed"].slow == round(whole_mb / own_mb, 2)
    assert re.search(
        rf"queryMemoryMb:\n(?: +.*\n)*? +default: {own_mb}\n", (ROOT / "Pulumi.yaml").read_text(encoding="utf-8")
    )
