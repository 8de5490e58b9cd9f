from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from console.errors import ConsoleError
from console.results import result
from tests.support.results import figures, measurement, sample_result


def test_what_is_saved_is_what_is_loaded(tmp_path: Path) -> None:
    path = tmp_path / "x-benchmark.json"
    written = sample_result()
    result.save(written, path)
    assert result.load(path) == written
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_a_measurement_is_found_by_workload_source_and_loop() -> None:
    by_rate = measurement("by-id", "ddb", loop="open", rate_per_s=10.0, client_ms=figures(2.0))
    size = sample_result(measurement("by-id", "ddb"), by_rate).sizes[0]
    assert size.measured("by-id", "ddb") == measurement("by-id", "ddb")
    assert size.measured("by-id", "ddb", "open") == by_rate
    assert size.measured("by-id", "sqlite-efs") is None
    assert size.measured("stats", "ddb") is None


def test_a_first_request_of_a_sandbox_does_not_pass_for_a_warm_one() -> None:
    stray = measurement("by-id", "ddb", temperature="cold", client_ms=figures(90.0))
    first = measurement("first-in-sandbox", "ddb", temperature="cold")
    size = sample_result(stray, first).sizes[0]
    assert size.measured("by-id", "ddb") is None
    assert size.measured("first-in-sandbox", "ddb") == first


def changed(change: Callable[[Any], object]) -> str:
    content = json.loads(result.to_json(sample_result()))
    change(content)
    return json.dumps(content)


def test_what_bench_prints_as_json_is_a_result_with_a_verdict(tmp_path: Path) -> None:
    path = tmp_path / "printed.json"
    path.write_text(changed(lambda it: it.update(verdict={"recommended": "ddb"})))
    assert result.load(path) == sample_result()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "is not JSON"),
        ("[]", "is no result of a benchmark"),
        ("{}", "is no result of a benchmark"),
        ('{"schema": 2}', "is of schema 2, and this version reads 1"),
        ('{"schema": "1"}', "is of schema '1', and this version reads 1"),
        ('{"schema": 1}', "is no result of a benchmark: started_at: Field required"),
        (changed(lambda it: it.update(seed=-1)), "seed: Input should be greater"),
        (changed(lambda it: it.update(complete="yes")), "complete: Input should be a valid boolean"),
        (changed(lambda it: it.update(other=1)), "other: "),
        (changed(lambda it: it["sizes"][0].update(rows="7")), "sizes.0.rows: "),
        (
            changed(lambda it: it["sizes"][0]["measurements"][0].update(workload="nap")),
            "sizes.0.measurements.0.workload: Input should be 'newest-100'",
        ),
        (
            changed(lambda it: it["sizes"][0]["measurements"][0]["client_ms"].update(p50=float("nan"))),
            "sizes.0.measurements.0.client_ms.p50: ",
        ),
    ],
)
def test_a_file_that_is_no_result_is_refused_with_what_is_wrong(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "given.json"
    path.write_text(text)
    with pytest.raises(ConsoleError, match=r"given\.json") as error:
        result.load(path)
    assert said in str(error.value)
    assert error.value.hint


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConsoleError, match=r"nothing\.json cannot be read: No such file"):
        result.load(tmp_path / "nothing.json")


def test_a_result_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    taken = tmp_path / "x-benchmark.json"
    taken.mkdir()
    with pytest.raises(OSError, match=str(taken)):
        result.save(sample_result(), taken)
    assert list(tmp_path.iterdir()) == [taken]


@pytest.mark.parametrize("number", [float("inf"), float("nan")])
def test_what_is_no_number_in_json_is_not_written(tmp_path: Path, number: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        result.save(replace(sample_result(), duration_s=number), tmp_path / "x-benchmark.json")
    assert list(tmp_path.iterdir()) == []
