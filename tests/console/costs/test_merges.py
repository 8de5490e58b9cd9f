from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.costs.merges import SEGMENT_BYTES, publish_bytes, written_rows
from console.costs.scenario import Scenario
from handlers.snapshots.chain import merged_rows
from handlers.snapshots.published import Published
from tests.support.costs import ALWAYS_THE_SAME
from tests.support.files import MemoryLedger, Place, publish, without_flushing


@pytest.mark.parametrize(
    ("added", "written"),
    [
        (10_000, 30_000),  # 10 000 to 50 000 rows, then a new segment
        (20_000, 30_000),  # 20 000, 40 000
        (25_000, 37_500),  # 25 000, 50 000
        (25_001, 25_001),  # two of them are too many for a request
        (50_000, 50_000),
        (1_000_000, 1_000_000),
    ],
)
def test_large_publishes_write_what_fits_into_a_request_by_hand(added: int, written: int) -> None:
    assert written_rows(added) == written


@pytest.mark.parametrize(("added", "written"), [(1, 77), (10, 211), (100, 1299), (1000, 8140)])
def test_small_publishes_write_many_times_their_rows(added: int, written: int) -> None:
    assert round(written_rows(added)) == written


@ALWAYS_THE_SAME
@given(st.integers(1, 100_000))
def test_a_row_is_written_again_only_where_its_segment_grows_by_an_eighth_or_has_fewer_than_200_rows(
    added: int,
) -> None:
    growths = math.log(max(1, 50_000 / max(added, 200)), 9 / 8)
    assert added <= written_rows(added) <= added * (1 + growths) + 200


SIZES = range(1, 50_002)


def test_more_rows_a_publish_write_more_but_for_sizes_that_fit_a_request_s_largest_segment_worse() -> None:
    assert _deepest_fall([written_rows(added) for added in SIZES]) == pytest.approx(1 / 3, abs=0.001)  # at 25 001
    assert _deepest_fall([written_rows(added) for added in range(1, 1001)]) < 0.1


def test_the_same_rows_published_more_often_write_more_but_for_a_tenth() -> None:
    assert 0.01 < _deepest_fall([written_rows(added) / added for added in reversed(SIZES)]) < 0.1


def _deepest_fall(numbers: Sequence[float]) -> float:
    """The share by which a number lies below the greatest one before it."""
    return max(1 - number / highest for number, highest in zip(numbers, accumulate(numbers, max), strict=True))


def test_without_publishes_nothing_is_written() -> None:
    assert publish_bytes(Scenario(writes_per_month=0)) == 0


def test_no_publish_writes_more_than_there_is() -> None:
    assert publish_bytes(Scenario(rows=100)) == Scenario(rows=100).snapshot_bytes
    assert publish_bytes(Scenario(rows=10)) == SEGMENT_BYTES
    rarely = Scenario(publishes_per_month=1e-320)  # one in 10^323 months, of more rows than a double says
    assert publish_bytes(rarely) == rarely.snapshot_bytes


def test_rows_are_shared_out_over_the_publishes() -> None:
    rare = Scenario(writes_per_month=1000, rows_per_write=5, publishes_per_month=10)
    row_bytes = rare.snapshot_bytes / rare.rows
    assert publish_bytes(rare) == SEGMENT_BYTES + written_rows(500) * row_bytes
    often = Scenario(writes_per_month=1000, publishes_per_month=1e5)
    assert publish_bytes(often) == SEGMENT_BYTES + written_rows(1) * row_bytes


@pytest.mark.parametrize(("publishes", "added"), [(250, 200), (5, 10_000)])
def test_real_publishes_write_what_the_model_says(publishes: int, added: int, tmp_path: Path) -> None:
    """As many as the model's mean is over: with inserts of one row that would be 50 000."""
    found = _published(tmp_path, MemoryLedger(), publishes, added)
    row_bytes = found[-1].size_bytes / found[-1].bookmark.seq
    scenario = Scenario(
        rows=50_000, snapshot_row_bytes=row_bytes, writes_per_month=publishes, rows_per_write=float(added)
    )
    assert fmean(it.written_bytes for it in found) == pytest.approx(publish_bytes(scenario), rel=0.05)


def test_real_inserts_of_one_row_merge_as_simulated_and_a_segment_is_as_large_as_its_rows(tmp_path: Path) -> None:
    ledger = MemoryLedger(20_000)
    first = Place(tmp_path).publish(ledger)
    found = _published(tmp_path, ledger, 400, 1)
    sizes = [20_000]
    for it in found:
        merged, rows = merged_rows(sizes, 1)
        sizes = [rows, *sizes[merged:]]
        assert [name.rows for name in it.chain] == sizes
    expected = [SEGMENT_BYTES + it.chain[0].rows * first.size_bytes / 20_000 for it in found]
    assert fmean(it.written_bytes for it in found) == pytest.approx(fmean(expected), rel=0.15)


def _published(folder: Path, ledger: MemoryLedger, publishes: int, added: int) -> list[Published]:
    publisher = Place(folder).publisher(ledger)
    with without_flushing():
        return [publish(publisher, ledger) for _ in range(publishes) if ledger.grow(added)]
