from __future__ import annotations

import pytest

from console.report.sections import glance_at, heading, result_parts, summarise
from tests.support.costs import read, result_of
from tests.support.results import figures, measurement, sample_result, size


def test_people_are_told_what_it_comes_to() -> None:
    both = size(measurement(), measurement(source="ddb", client_ms=figures(9.0)), measurement("walk", note="why"))
    assert summarise(both, sample_result().environment) == [
        "newest-100: sqlite-efs 1.00 ms; ddb: 9.00 times as long",
        "walk, sqlite-efs: why",
    ]


def test_of_a_local_stack_nothing_is_shown_that_an_emulator_took() -> None:
    here, there = (result_of(is_local=is_local) for is_local in (True, False))
    both = size(measurement(), measurement(source="ddb"), measurement("write", "ledger", note="why"))
    assert summarise(both, here.environment) == []
    assert [table.header[1:] for table in glance_at(both, here.environment)] == [["sqlite-efs"]]
    assert [table.header[1:] for table in glance_at(both, there.environment)] == [["sqlite-efs", "ddb"], ["ledger"]]


@pytest.mark.parametrize(("is_local", "shown"), [(True, "≈ "), (False, "12.0")])
def test_each_size_says_what_to_expect_on_aws(is_local: bool, shown: str) -> None:
    result = result_of(
        read("sqlite-efs", server_ms=figures(0.5)), read("ddb", server_ms=figures(9.0)), is_local=is_local
    )
    parts = result_parts(result, {}, None)
    (place,) = (number for number, part in enumerate(parts) if part.startswith("What to expect on AWS. "))
    table = parts[place + 1]
    assert table.startswith("| expected on AWS, ms | sqlite-efs | ddb |")
    assert f"| warm read, p50 | {shown}" in table
    assert (parts[place + 2] == "Milliseconds that the model adds up:") is is_local
    assert ("All figures, in milliseconds; those of ddb and ledger are an emulator's:" in parts) is is_local


def test_a_result_of_other_reads_says_nothing_of_that() -> None:
    assert "expect" not in "".join(result_parts(sample_result(measurement("walk")), {}, None))


def test_a_size_is_named_by_rows_and_by_its_snapshot() -> None:
    assert heading(size(rows=10_000)) == "10,000 rows, a snapshot of 2.86 MB"
