from __future__ import annotations

from dataclasses import replace

import pytest

from console.costs.activity import BYTES_PER_MS, MONTH_S, activity, kept_snapshots, opened_bytes
from console.costs.scenario import Scenario
from handlers.domain.bookmark import Bookmark
from handlers.snapshots.catalog import Name
from handlers.snapshots.retention import expired

MIB = 2**20


def test_a_sandbox_loads_at_its_start_and_at_each_publish_but_not_more_often_than_it_reads() -> None:
    busy = Scenario(reads_per_month=1_000_000, reads_per_sandbox=1000, sandboxes=3, publishes_per_month=200)
    assert activity(busy, "sqlite-tmp").loads == 1000 + 3 * 200
    quiet = Scenario(reads_per_month=50, reads_per_sandbox=10, publishes_per_month=1000)
    assert activity(quiet, "sqlite-efs").loads == 50


def test_a_look_for_a_newer_snapshot_is_made_once_an_interval_and_sandbox_and_at_most_once_a_read() -> None:
    def looks(**given: float) -> float:
        return activity(Scenario(**given), "sqlite-efs").looks  # pyright: ignore[reportArgumentType] - numbers

    assert looks(reads_per_month=1e9, sandboxes=2) == 2 * MONTH_S
    assert looks(reads_per_month=1e9, sandboxes=2, check_interval_ms=10_000) == 2 * MONTH_S / 10
    assert looks(reads_per_month=1e9, check_interval_ms=0) == 1e9
    assert looks(reads_per_month=1000) == 1000


def test_a_small_snapshot_is_read_in_full_and_of_a_large_one_a_few_pages() -> None:
    small = Scenario(rows=1, snapshot_row_bytes=16 * MIB)
    large = Scenario(rows=1, snapshot_row_bytes=16 * MIB + 1)
    assert opened_bytes(small) == 16 * MIB
    assert opened_bytes(large) == 13 * 32 * 1024
    assert opened_bytes(Scenario(rows=1, snapshot_row_bytes=4096)) == 32 * 1024  # the least that is metered
    assert opened_bytes(Scenario(rows=1, snapshot_row_bytes=100_000, verify_max_bytes=0)) == 100_000


def test_a_large_snapshot_is_copied_a_step_a_read_while_it_is_read_on_efs() -> None:
    small = Scenario(rows=1, snapshot_row_bytes=16 * MIB, verify_max_bytes=0)
    large = Scenario(rows=1, snapshot_row_bytes=100 * MIB)
    pages = 13 * 32 * 1024
    assert activity(small, "sqlite-tmp").load_bytes == 16 * MIB
    assert activity(large, "sqlite-tmp").load_bytes == 100 * MIB + pages
    hasty = replace(large, reads_per_month=900, reads_per_sandbox=10, publishes_per_month=10)
    assert activity(hasty, "sqlite-tmp").loads == 100
    assert activity(hasty, "sqlite-tmp").load_bytes == 9 * 4 * MIB + pages  # nine reads a load
    assert activity(replace(large, reads_per_month=0), "sqlite-tmp").load_bytes == 100 * MIB + pages
    assert activity(replace(large, verify_max_bytes=2**30), "sqlite-tmp").load_bytes == 100 * MIB


def test_a_load_takes_as_long_as_its_bytes() -> None:
    month = activity(Scenario(rows=1, snapshot_row_bytes=100 * MIB, verify_max_bytes=2**30), "sqlite-tmp")
    assert month.load_ms == 15 + 200  # 100 MiB at 500 MiB/s
    assert BYTES_PER_MS == MIB / 2


@pytest.mark.parametrize("per_hour", [0, 1, 4, 30, 199, 300])
def test_as_many_snapshots_are_kept_as_retention_keeps(per_hour: int) -> None:
    scenario = Scenario(publishes_per_month=per_hour * 720)
    gap_s = 3600 / per_hour if per_hour else 10_000.0
    published = {Name.of(Bookmark(1, seq), "0" * 16): 1e6 + seq * gap_s for seq in range(1, 400)}
    left = len(published) - len(expired(published, 5, max(published.values())))
    assert kept_snapshots(scenario) == pytest.approx(left, abs=1)


def test_ddb_needs_no_snapshot() -> None:
    month = activity(Scenario(publishes_per_month=1e6), "ddb")
    assert (month.publishes, month.snapshots, month.looks, month.load_bytes, month.bases) == (0, 0, 0, 0, 0)
    assert (month.calls, month.command_lives) == (1000, 100)
    assert (month.lives, month.loads) == (1000, 1000)


def test_publishing_more_often_than_writing_takes_calls_of_its_own() -> None:
    month = activity(Scenario(writes_per_month=100, publishes_per_month=300), "sqlite-efs")
    assert (month.calls, month.command_lives, month.bases) == (300, 30, 30)
    rare = activity(Scenario(writes_per_month=100, publishes_per_month=2), "sqlite-efs")
    assert (rare.calls, rare.command_lives, rare.bases) == (100, 10, 2)
