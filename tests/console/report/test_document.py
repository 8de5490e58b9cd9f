from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from console.report.document import Kept, write_report
from console.results.result import BenchResult
from console.verdict.verdict import advise
from tests.support.results import figures, measurement, sample_result, size

pytestmark = pytest.mark.usefixtures("rows_as_shipped")

TWO_SIZES = tuple(size(measurement(), measurement("stats", "ddb"), rows=rows) for rows in (1000, 20_000))


def kept(folder: Path, result: BenchResult, name: str = "20261121-090000-benchmark") -> Kept:
    return Kept(folder / f"{name}.json", result)


def written(folder: Path, *each: Kept, name: str = "report") -> tuple[str, list[str]]:
    files = write_report(each, folder, name)
    assert all(file.stat().st_size > 0 for file in files)
    text = files[0].read_text(encoding="utf-8")
    assert sorted(re.findall(r"\]\((.*\.svg)\)", text)) == sorted(file.name for file in files[1:])
    return text, [file.name for file in files]


def test_one_result_of_one_size_is_a_document_with_a_chart(tmp_path: Path) -> None:
    one = kept(tmp_path, sample_result())
    text, names = written(tmp_path, one, name=one.name)
    assert names == [f"20261121-090000-benchmark{ending}" for ending in (".md", ".svg", "-cost.svg")]
    for part in (
        "# Benchmark of 2026-11-21 09:00 UTC",
        "### 1,000 rows, a snapshot of 0.286 MB",
        "| newest-100 | 1.00 [0.900..1.10] |",
        "| newest-100 | sqlite-efs | 300 | 0 | 1.00 |",
        "| newest-100 | sqlite-efs | 0.500 | 0.600 |",
        "What a request consumed, means:",
        "- function: version 0.1.0, python 3.13.1, sqlite 3.46.1, region eu-central-1, memory_mb 1024, architecture",
        "- 300 iterations after 20 warm-ups, at most 60 s a path; seed 1; 12.5 s in all",
    ):
        assert part in text
    for part in ("Incomplete", "not AWS's", "Every request", "By rows", "compared"):
        assert part not in text


def test_the_document_says_which_path_to_use_and_what_it_costs(tmp_path: Path) -> None:
    one = kept(tmp_path, sample_result(sizes=TWO_SIZES))
    text, names = written(tmp_path, one, name=one.name)
    verdict = advise(one.result.environment, one.result.sizes)
    assert text.split("\n\n")[1] == verdict.paragraph  # right below the title
    for criterion in verdict.criteria:
        assert f"- {criterion.text(verdict.is_local)}" in text.splitlines()
    chart = (tmp_path / names[-1]).read_text()
    assert "20,000 rows, 100 a read, at prices of us-east-1, 20" in chart
    assert "These are prices of us-east-1, but the stack is in eu-central-1" in text
    assert "USD a month" in chart


def test_of_several_results_each_has_its_verdict_at_the_top(tmp_path: Path) -> None:
    slow = sample_result(measurement(client_ms=figures(5.0)))
    text, _ = written(tmp_path, kept(tmp_path, sample_result(), "a"), kept(tmp_path, slow, "b"))
    first, second = text.split("\n\n")[1:3]
    assert first.startswith("**a**: For 1,000 rows")
    assert second.startswith("**b**: For 1,000 rows")
    assert "takes 1.00 ms" in first
    assert "takes 5.00 ms" in second


def test_a_result_without_a_measurement_says_so(tmp_path: Path) -> None:
    empty = replace(sample_result(), sizes=())
    text, names = written(tmp_path, kept(tmp_path, empty), name="empty")
    assert names == ["empty.md"]
    assert text.split("\n\n")[1] == "No path can be recommended: nothing was measured of any rows."
    assert "questions" not in text


def test_where_the_cost_model_has_no_answer_its_reason_is_written_and_all_else_too(tmp_path: Path) -> None:
    too_large = replace(size(measurement()), rows=10, snapshot_bytes=200_000_000)
    one = kept(tmp_path, sample_result(sizes=(too_large,)))
    text, names = written(tmp_path, one, name=one.name)
    assert text.split("\n\n")[1].startswith("No path can be recommended: --row-bytes: measured 7.40741e+06, allowed: ")
    assert "### 10 rows, a snapshot of 200 MB" in text
    assert names == [f"{one.name}.md", f"{one.name}.svg"]


def test_the_chart_of_costs_leaves_out_what_cannot_run(tmp_path: Path) -> None:
    large = replace(size(measurement()), rows=50_000_000, snapshot_bytes=13_000_000_000)
    one = kept(tmp_path, sample_result(sizes=(large,)))
    text, names = written(tmp_path, one, name=one.name)
    assert "sqlite-tmp cannot run" in text.split("\n\n")[1]
    chart = (tmp_path / names[-1]).read_text()
    assert ("sqlite-efs" in chart, "sqlite-tmp" in chart, "ddb" in chart) == (True, False, True)


def test_the_raw_data_is_linked_where_it_is(tmp_path: Path) -> None:
    one = kept(tmp_path, sample_result())
    one.path.with_suffix(".csv").write_text("")
    assert f"[Every request]({one.name}.csv)" in written(tmp_path, one, name=one.name)[0]
    (tmp_path / "other").mkdir()
    assert "Every request" not in written(tmp_path / "other", one, name=one.name)[0]


def test_several_sizes_have_a_chart_by_rows_and_one_each(tmp_path: Path) -> None:
    one = kept(tmp_path, sample_result(sizes=TWO_SIZES))
    text, names = written(tmp_path, one, name=one.name)
    assert names[1:] == [f"{one.name}{its}.svg" for its in ("", "-1000-rows", "-20000-rows", "-cost")]
    assert "## Latency by rows" in text


def test_sizes_of_which_everything_failed_have_no_chart(tmp_path: Path) -> None:
    failed = tuple(size(measurement(note="why"), rows=rows) for rows in (1000, 20_000))
    one = kept(tmp_path, sample_result(sizes=failed))
    assert written(tmp_path, one, name=one.name)[1] == [f"{one.name}.md", f"{one.name}-cost.svg"]


def test_several_results_of_one_stack_are_one_document(tmp_path: Path) -> None:
    each = [kept(tmp_path, sample_result(sizes=(it,)), f"{it.rows}-benchmark") for it in TWO_SIZES]
    text, names = written(tmp_path, *each)
    of_each = [f"{rows}-benchmark{its}.svg" for rows in (1000, 20_000) for its in ("", "-cost")]
    assert names == ["report.md", "report.svg", *of_each]
    assert "# 2 benchmarks, 2026-11-21 09:00 UTC to 2026-11-21 09:00 UTC" in text
    assert "The two runs have no size in common, within 10 %: 1,000 rows before, 20,000 after." in text


def test_two_runs_are_compared(tmp_path: Path) -> None:
    faster = sample_result(measurement(client_ms=figures(0.5)))
    text, _ = written(tmp_path, kept(tmp_path, sample_result(), "a"), kept(tmp_path, faster, "b"))
    assert "Before is a, after is b." in text
    assert re.search(
        r"\| newest-100 \| sqlite-efs \| 1,000 \| 1,000 \| 1.00 \| 0.500 \| 0\.\d+ \[0\.\d+\.\.0\.\d+\] \|", text
    )
    assert "Not the same environment" not in text


def test_a_stack_that_has_grown_a_little_is_compared_and_has_no_chart_by_rows(tmp_path: Path) -> None:
    grown = sample_result(sizes=(size(measurement(client_ms=figures(0.5)), rows=1001),))
    text, names = written(tmp_path, kept(tmp_path, sample_result(), "a"), kept(tmp_path, grown, "b"))
    assert "| newest-100 | sqlite-efs | 1,000 | 1,001 | 1.00 | 0.500 |" in text
    assert "report.svg" not in names


def test_runs_of_different_environments_are_said_to_be(tmp_path: Path) -> None:
    other = kept(tmp_path, sample_result(url="https://other.test"), "b")
    text, _ = written(tmp_path, kept(tmp_path, sample_result(), "a"), other)
    assert "Not the same environment: url https://api.test and https://other.test." in text


def test_what_is_special_is_said(tmp_path: Path) -> None:
    usual = sample_result(measurement(note="why"))
    special = replace(
        usual,
        complete=False,
        environment=replace(usual.environment, is_local=True),
        settings=replace(usual.settings, rate_per_s=20.0),
    )
    text, names = written(tmp_path, kept(tmp_path, special), name="special")
    assert names == ["special.md", "20261121-090000-benchmark-cost.svg"]  # there is no latency to draw
    for part in (
        "**Incomplete: ",
        "> These are not AWS's",
        ", open loop at 20 a second; seed 1",
        "- newest-100, sqlite-efs: why",
    ):
        assert part in text


def test_what_is_not_there_leaves_no_heading(tmp_path: Path) -> None:
    bare = sample_result(replace(measurement(), phases_ms={}, consumed={}))
    text, _ = written(tmp_path, kept(tmp_path, bare), name="bare")
    assert "spent its time" not in text
    assert "What a request consumed" not in text
    assert "\n\n\n" not in text


def test_a_document_can_be_made_again_and_is_the_same(tmp_path: Path) -> None:
    one = kept(tmp_path, sample_result(sizes=TWO_SIZES))
    first = {name: (tmp_path / name).read_bytes() for name in written(tmp_path, one)[1]}
    assert first == {name: (tmp_path / name).read_bytes() for name in written(tmp_path, one)[1]}
