from __future__ import annotations

from console.costs.database.feed import ROUNDS, feed_read_units, feeds
from console.costs.scenario import MONTH_S, Scenario


def test_there_is_a_run_for_each_write_and_one_a_second_at_most() -> None:
    assert feeds(Scenario(writes_per_month=10)) == 10
    assert feeds(Scenario(writes_per_month=1e9)) == MONTH_S


def test_each_run_reads_the_head_and_the_new_rows_by_their_size() -> None:
    small = Scenario(writes_per_month=10, rows_per_write=1, row_bytes=100)
    assert feed_read_units(small) == 10 + ROUNDS + 10  # a unit each time, be it for 100 bytes
    large = Scenario(writes_per_month=10, rows_per_write=1000, row_bytes=4096)
    assert feed_read_units(large) == 10 + ROUNDS + 10_000
