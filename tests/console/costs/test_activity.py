from __future__ import annotations

from dataclasses import replace

import pytest

from console.costs.activity import BYTES_PER_MS, MONTH_S, activity, opened_bytes
from console.costs.merges import publish_bytes
from console.costs.scenario import Scenario

pytestmark = pytest.mark.usefixtures("rows_as_shipped")

MIB = 2**20


def test_a_sandbox_loads_at_its_start_and_opens_what_is_new_at_each_publish_but_not_more_often_than_it_reads() -> None:
    busy = Scenario(reads_per_month=1_000_000, reads_per_sandbox=1000, sandboxes=3, publishes_per_month=200)
    month = activity(busy, "sqlite-tmp")
    assert (month.loads, month.updates) == (1000, 3 * 200)
    quiet = activity(Scenario(reads_per_month=50, reads_per_sandbox=10, publishes_per_month=1000), "sqlite-efs")
    assert (quiet.loads, quiet.updates) == (5, 45)
    assert activity(Scenario(reads_per_month=5, reads_per_sandbox=0.5), "sqlite-efs").updates == 0


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
    assert activity(hasty, "sqlite-tmp").loads == 90
    assert activity(hasty, "sqlite-tmp").load_bytes == 10 * 4 * MIB + pages  # ten reads a load
    assert activity(replace(large, reads_per_month=0), "sqlite-tmp").load_bytes == 100 * MIB + pages
    assert activity(replace(large, verify_max_bytes=2**30), "sqlite-tmp").load_bytes == 100 * MIB


def test_a_load_takes_as_long_as_its_bytes() -> None:
    month = activity(Scenario(rows=1, snapshot_row_bytes=100 * MIB, verify_max_bytes=2**30), "sqlite-tmp")
    assert month.load_ms == 15 + 200  # 100 MiB at 500 MiB/s
    assert BYTES_PER_MS == MIB / 2


@pytest.mark.parametrize(("per_hour", "kept"), [(0, 0), (4, 4), (199, 199), (300, 200)])
def test_superseded_segments_of_the_time_that_they_are_kept_are_stored(per_hour: int, kept: int) -> None:
    scenario = Scenario(writes_per_month=per_hour * 720)
    month = activity(scenario, "sqlite-efs")
    assert month.stored_bytes == pytest.approx(scenario.snapshot_bytes + kept * month.segment_bytes)


def test_a_new_segment_takes_as_long_as_its_bytes() -> None:
    # Publishes of 10 000 rows write 30 000 on average: 30 MiB of rows, and six pages.
    month = activity(Scenario(snapshot_row_bytes=1024, rows_per_write=1000, publishes_per_month=100), "sqlite-tmp")
    assert month.segment_bytes == publish_bytes(Scenario(snapshot_row_bytes=1024, rows_per_write=10_000))
    assert month.segment_bytes == 30_000 * 1024 + 24_576
    assert month.update_ms == pytest.approx(5 + 58.59375 + 0.046875)  # at 500 MiB/s


def test_ddb_needs_no_snapshot() -> None:
    month = activity(Scenario(publishes_per_month=1e6), "ddb")
    assert (month.publishes, month.stored_bytes, month.looks, month.load_bytes, month.updates) == (0, 0, 0, 0, 0)
    assert (month.calls, month.command_lives) == (1000, 100)
    assert (month.lives, month.loads) == (1000, 1000)
    assert (month.runs, month.run_lives) == (0, 0)


def test_the_projector_runs_after_each_append_once_a_second_at_most_and_for_maintenance() -> None:
    quiet = activity(Scenario(writes_per_month=1000, writes_per_sandbox=10), "sqlite-efs")
    assert (quiet.runs, quiet.run_lives) == (1000 + 720, 100 + 720)
    busy = activity(Scenario(writes_per_month=10_000_000, maintained_per_month=0), "sqlite-tmp")
    assert (busy.runs, busy.run_lives) == (MONTH_S, MONTH_S / 10)
    given = activity(Scenario(projected_per_month=0, maintained_per_month=2880), "sqlite-efs")
    assert (given.runs, given.run_lives) == (2880, 2880)


def test_publishing_more_often_than_writing_takes_calls_of_its_own() -> None:
    month = activity(Scenario(writes_per_month=100, publishes_per_month=300), "sqlite-efs")
    assert (month.calls, month.command_lives) == (300, 30)
    rare = activity(Scenario(writes_per_month=100, publishes_per_month=2), "sqlite-efs")
    assert (rare.calls, rare.command_lives) == (100, 10)
