from __future__ import annotations

import json
import os
import re
from dataclasses import replace
from pathlib import Path

import pytest

from console.paths import PROGRAM
from console.results.result import BenchResult, save
from tests.console.conftest import RunConsole
from tests.support.results import figures, measurement, sample_result, size


def put(folder: Path, name: str, result: BenchResult) -> str:
    folder.mkdir(exist_ok=True)
    save(result, folder / f"{name}-benchmark.json")
    return str(folder / f"{name}-benchmark.json")


def test_a_result_is_rendered_beside_itself(run_console: RunConsole, tmp_path: Path) -> None:
    path = put(tmp_path, "one", sample_result(measurement(), measurement(source="ddb", client_ms=figures(9.0))))
    ran = run_console("report", path)
    assert (ran.code, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert lines[:4] == [
        "one-benchmark",
        "",
        "1,000 rows, a snapshot of 0.286 MB",
        "newest-100: sqlite-efs 1.00 ms; ddb: 9.00 times as long",
    ]
    assert lines[5].startswith("For 1,000 rows, 1 million reads and 1,000 publishes a month: read by sqlite-efs.")
    assert lines[-4:] == [
        "",
        str(tmp_path / "one-benchmark.md"),
        str(tmp_path / "one-benchmark.svg"),
        str(tmp_path / "one-benchmark-cost.svg"),
    ]


def test_a_long_path_stays_on_one_line(run_console: RunConsole, tmp_path: Path) -> None:
    out = tmp_path / ("long-" * 30)
    assert (
        str(out / "one-benchmark.md")
        in run_console("report", put(tmp_path, "one", sample_result()), "--out", str(out)).out
    )


def test_out_is_another_folder_and_json_names_the_files(run_console: RunConsole, tmp_path: Path) -> None:
    path = put(tmp_path, "one", sample_result())
    out = tmp_path / "new" / "folder"
    ran = run_console("report", path, "--out", str(out), "--json")
    names = [f"one-benchmark{ending}" for ending in (".md", ".svg", "-cost.svg")]
    content = json.loads(ran.out)
    assert content["files"] == [str(out / name) for name in names]
    (verdict,) = content["verdicts"]
    assert verdict["recommended"] == "sqlite-efs"
    assert (out / names[0]).read_text().split("\n\n")[1] == verdict["paragraph"]
    assert {file.name for file in out.iterdir()} == set(names)


def test_without_files_it_is_the_newest(
    run_console: RunConsole, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = run_console("report")
    assert ran.code == 1
    assert ran.err == f"Error: there is no result in docs/benchmarks\nTry: {PROGRAM} bench --local\n"
    os.makedirs("docs/benchmarks")
    for name in ("20261121-090000", "20261122-090000", "20261120-090000"):
        put(Path("docs/benchmarks"), name, sample_result())
    assert run_console("report").out.splitlines()[-1] == "docs/benchmarks/20261122-090000-benchmark-cost.svg"


def test_two_runs_are_compared_in_the_order_of_time(run_console: RunConsole, tmp_path: Path) -> None:
    later = put(tmp_path, "a", replace(sample_result(), started_at="2026-11-22T09:00:00.000Z"))
    earlier = put(tmp_path, "b", sample_result())
    assert run_console("report", later, earlier).code == 0
    assert "Before is b-benchmark, after is a-benchmark." in (tmp_path / "report.md").read_text()


def test_a_stack_that_has_grown_a_little_is_compared_on_the_terminal_too(
    run_console: RunConsole, tmp_path: Path
) -> None:
    grown = replace(sample_result(sizes=(size(measurement(), rows=1001),)), started_at="2026-11-22T09:00:00.000Z")
    ran = run_console("report", put(tmp_path, "a", sample_result()), put(tmp_path, "b", grown))
    assert ran.code == 0
    headings = [
        "a-benchmark",
        "1,000 rows, a snapshot of 0.286 MB",
        "b-benchmark",
        "1,001 rows, a snapshot of 0.286 MB",
    ]
    assert [line for line in ran.out.splitlines() if line in headings] == headings
    assert "Before is a-benchmark, after is b-benchmark." in ran.out
    assert re.search(r"newest-100 +sqlite-efs +1,000 +1,001 +1.00 +1.00 +no difference shown", ran.out)
    assert "in common" not in ran.out


def test_runs_of_quite_different_sizes_say_so(run_console: RunConsole, tmp_path: Path) -> None:
    other = sample_result(sizes=(size(measurement(), rows=9000),))
    ran = run_console("report", put(tmp_path, "a", sample_result()), put(tmp_path, "b", other))
    assert "The two runs have no size in common, within 10 %: 1,000 rows before, 9,000 after." in ran.out


def test_results_of_several_sizes_are_put_together(run_console: RunConsole, tmp_path: Path) -> None:
    paths = [
        put(tmp_path, str(rows), sample_result(sizes=(size(measurement(), rows=rows),))) for rows in (10, 100, 1000)
    ]
    assert run_console("report", *paths).code == 0
    assert "## Latency by rows" in (tmp_path / "report.md").read_text()
    assert "compared" not in (tmp_path / "report.md").read_text()


def test_results_of_different_environments_are_not_mixed(run_console: RunConsole, tmp_path: Path) -> None:
    ours = sample_result()
    function = replace(ours.environment.function, region="us-east-1")
    theirs = replace(ours, environment=replace(ours.environment, function=function))
    paths = [put(tmp_path, "a", ours), put(tmp_path, "b", theirs)]
    ran = run_console("report", *paths)
    assert (ran.code, ran.out) == (1, "")
    error, hint = ran.err.splitlines()
    assert error.endswith("are of different environments: function.region eu-central-1 and us-east-1")
    assert "--compare" in hint
    assert not (tmp_path / "report.md").exists()
    assert run_console("report", "--compare", *paths).code == 0
    assert "Not the same environment: function.region" in (tmp_path / "report.md").read_text()


@pytest.mark.parametrize("count", [0, 1, 3])
def test_comparing_takes_two(run_console: RunConsole, tmp_path: Path, count: int) -> None:
    paths = [put(tmp_path, str(number), sample_result()) for number in range(count)]
    assert run_console("report", "--compare", *paths).code == 2


def test_what_is_no_result_is_named(run_console: RunConsole, tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text('{"schema": 9}')
    ran = run_console("report", str(path))
    assert ran.code == 1
    assert ran.err.startswith(f"Error: {path} is of schema 9, and this version reads 1\nTry: ")


def test_a_folder_that_cannot_be_written_is_named(run_console: RunConsole, tmp_path: Path) -> None:
    path = put(tmp_path, "one", sample_result())
    (tmp_path / "file").write_text("")
    ran = run_console("report", path, "--out", str(tmp_path / "file"))
    assert ran.code == 1
    assert f"{tmp_path / 'file'} cannot be written: File exists" in ran.err
    (tmp_path / "one-benchmark.md").mkdir()
    ran = run_console("report", path)
    assert ran.code == 1
    assert f"{tmp_path} cannot be written: Is a directory" in ran.err
