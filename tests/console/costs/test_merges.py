from __future__ import annotations

from pathlib import Path

import pytest

from console.costs.merges import SEGMENT_BYTES, publish_bytes, written_rows
from console.costs.scenario import Scenario
from tests.support.files import MemoryLedger, Place, publish


def test_inserts_of_one_row_write_some_seventy_rows_again() -> None:
    assert written_rows(1) == pytest.approx(76, abs=2)


@pytest.mark.parametrize("added", [1, 7, 100, 1000, 20_000])
def test_each_publish_writes_its_own_rows_and_a_few_times_as_many(added: int) -> None:
    assert added <= written_rows(added) <= added * 3.5 + 80


@pytest.mark.parametrize("added", [50_000, 1_000_000])
def test_what_is_larger_than_a_merge_is_written_once(added: int) -> None:
    assert written_rows(added) == added


def test_without_publishes_nothing_is_written() -> None:
    assert publish_bytes(Scenario(writes_per_month=0)) == 0


def test_no_publish_writes_more_rows_than_there_are() -> None:
    assert publish_bytes(Scenario(rows=10)) == SEGMENT_BYTES + Scenario(rows=10).snapshot_bytes


def test_rows_are_shared_out_over_the_publishes() -> None:
    rare = Scenario(writes_per_month=1000, rows_per_write=5, publishes_per_month=10)
    row_bytes = rare.snapshot_bytes / rare.rows
    assert publish_bytes(rare) == pytest.approx(SEGMENT_BYTES + written_rows(500) * row_bytes)


def test_a_month_of_real_publishes_writes_what_the_model_says(tmp_path: Path) -> None:
    ledger = MemoryLedger(20_000)
    place = Place(tmp_path)
    publisher = place.publisher(ledger)
    size_bytes = publish(publisher, ledger).size_bytes
    written: list[int] = []
    for _ in range(400):
        ledger.grow(1)
        written.append(publish(publisher, ledger).written_bytes)
    scenario = Scenario(rows=20_000, snapshot_row_bytes=size_bytes / 20_000, writes_per_month=400)
    assert sum(written) / len(written) == pytest.approx(publish_bytes(scenario), rel=0.15)
