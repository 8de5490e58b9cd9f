from __future__ import annotations

from console.report.sections import heading, summarise
from tests.support.results import figures, measurement, size


def test_people_are_told_what_it_comes_to() -> None:
    both = size(measurement(), measurement(source="ddb", client_ms=figures(9.0)), measurement("walk", note="why"))
    assert summarise([both]) == ["newest-100: sqlite-efs 1.00 ms; ddb: 9.00 times as long", "walk, sqlite-efs: why"]


def test_a_size_is_named_by_rows_and_by_its_snapshot() -> None:
    assert heading(size(rows=10_000)) == "10,000 rows, a snapshot of 2.86 MB"
