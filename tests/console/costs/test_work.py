"""What jobs, the lake and notifications cost, against arithmetic by hand."""

from __future__ import annotations

from dataclasses import replace
from math import fsum
from typing import Any

import pytest
from ulid import ULID

from console.costs.bill import bill
from console.costs.prices import Bill
from console.costs.row_size import item_bytes
from console.costs.scenario import LAKE_SHARE, Scenario
from console.costs.work import (
    BLOCK_BYTES,
    CHECKPOINT_S,
    CHECKPOINT_UNITS,
    CHUNK_ROWS,
    RECORD_BYTES,
    RECORD_ID_BYTES,
    RUN_S,
    STEPS_A_RANGE,
    jobs_bill,
    lake_bill,
    notifications_bill,
    work_bills,
)
from handlers import worker
from handlers.aws import bucket
from handlers.jobs import importing
from handlers.jobs.job import Job
from handlers.jobs.job_table import item_of
from handlers.ledger.idempotency import Call, Record
from handlers.routes import MAX_INSERT_ROWS, SOURCES
from infra.rebuild.definition import BUILD, RebuildPlan, definition_of
from tests.support.costs import PRICES, page_of_random_rows

pytestmark = pytest.mark.usefixtures("rows_as_shipped")

A_SANDBOX_S = 0.31  # until it works
GB_S = 0.00001  # of arm64, in the tests' prices


def test_off_costs_nothing_and_on_it_is_in_every_bill() -> None:
    off: dict[str, Bill] = {"jobs": {}, "lake": {}, "notifications": {}, "edge": {}, "sessions": {}}
    assert work_bills(PRICES, Scenario()) == off
    scenario = Scenario(imports_per_month=1, lake=1, notifications=1, edge=1, cached=0, sessions=1)
    sums = {name: fsum(lines.values()) for name, lines in work_bills(PRICES, scenario).items()}
    for source in SOURCES:
        lines = bill(PRICES, scenario, source)
        assert {name: lines[name] for name in sums} == sums
        without = bill(PRICES, Scenario(), source)
        assert {name: usd for name, usd in lines.items() if name not in sums} == {
            name: usd for name, usd in without.items() if name not in sums
        }


def test_idle_jobs_cost_the_looks_into_two_empty_queues_and_the_sweeps() -> None:
    lines = jobs_bill(PRICES, Scenario(jobs=1))
    assert lines["SQS requests"] == pytest.approx(2 * 648_000 * 0.4e-6)
    assert lines["Lambda time"] == pytest.approx(720 * A_SANDBOX_S * GB_S)
    assert lines["Lambda requests"] == pytest.approx(720 * 0.2e-6)
    assert sum(usd > 0 for usd in lines.values()) == 3


def test_an_import_costs_its_rows_its_time_and_its_file() -> None:
    """2 000 rows in a second, each 600 bytes in the ledger and 1 000 in a snapshot; 10 times a month."""
    ledger = Scenario(rows=1e6, row_bytes=600, snapshot_row_bytes=1000)
    busy = replace(ledger, imports_per_month=10, rows_per_import=2_000, import_rows_per_s=1_000)
    lines, idle = jobs_bill(PRICES, busy), jobs_bill(PRICES, Scenario(jobs=1))
    assert lines["HTTP API"] == pytest.approx(10 * 1e-6)
    # 10 calls of the command function and as many of the worker; a publish a second, twice each.
    assert lines["Lambda requests"] - idle["Lambda requests"] == pytest.approx(40 * 0.2e-6)
    assert lines["SQS requests"] - idle["SQS requests"] == pytest.approx(30 * 0.4e-6)
    # A file of 1.2 MB: put, and read three times in one block.
    assert lines["S3 requests"] == pytest.approx(10 * (0.005 + 3 * 0.0004) / 1000)
    assert lines["S3 storage"] == pytest.approx(10 * 1.2e6 * 15 / 30 / 2**30 * 0.023)
    # Two chunks, each: 1 000 rows of 3 units, 11 heads of 2, and a record that grows to 27 KB.
    record = sum(2 * -(-(150 + 27 * rows) // 1024) for rows in (*range(98, 1000, 98), 1000))
    units = 2 * (3000 + 22 + record) + 2 * 2 / 2
    assert lines["DynamoDB writes"] == pytest.approx(10 * units * 0.625e-6)
    assert lines["DynamoDB reads"] == pytest.approx(10 * (2 * 2 + 2000 * 600 / 4096) * 0.125e-6)
    assert lines["Step Functions"] == 0


def test_a_rebuild_costs_its_steps_and_all_files() -> None:
    scenario = Scenario(rows=1e6, row_bytes=100, snapshot_row_bytes=1000, jobs=1)
    one = jobs_bill(PRICES, replace(scenario, rebuilds_per_month=1))
    idle = jobs_bill(PRICES, scenario)
    assert one["Step Functions"] == pytest.approx(14 * 0.025e-3)  # 10, and one for each of 4 ranges
    assert one["EFS writes"] == pytest.approx(1e9 / 2**30 * 0.06)
    assert one["Lambda time"] - idle["Lambda time"] == pytest.approx(1e6 / 21_000 * GB_S)
    assert one["DynamoDB reads"] == pytest.approx(1e8 / 4096 * 0.125e-6)


def test_the_lake_puts_each_full_page_once_and_the_open_one_as_often_as_it_grows() -> None:
    lines = lake_bill(PRICES, Scenario(rows=1e6, row_bytes=100, lake=1, writes_per_month=100, rows_per_write=1000))
    assert lines["S3 requests"] == pytest.approx((100 + 100) * 0.005e-3)
    assert lines["S3 storage"] == pytest.approx((1e6 + 100 * 500 * 7 / 30) * 30 / 2**30 * 0.023)
    assert lines["DynamoDB reads"] == pytest.approx((1440 + 150_000 * 100 / 4096) * 0.125e-6)
    assert lines["DynamoDB writes"] == pytest.approx(100 * 0.625e-6)


@pytest.mark.parametrize(("memory_mb", "processors"), [(1024, 1024 / 1769), (1769, 1), (3538, 1)])
def test_the_lake_is_packed_by_one_processor_or_the_part_of_one_that_the_worker_has(
    memory_mb: float, processors: float
) -> None:
    busy = Scenario(rows=1e6, lake=1, writes_per_month=1, rows_per_write=449_500, worker_memory_mb=memory_mb)
    idle = lake_bill(PRICES, replace(busy, writes_per_month=0))
    packed_s = 10 / processors  # 450,000 rows, those of the open page included
    assert lake_bill(PRICES, busy)["Lambda time"] - idle["Lambda time"] == pytest.approx(
        packed_s * GB_S * memory_mb / 1024
    )


def test_a_quiet_lake_costs_its_rounds() -> None:
    lines = lake_bill(PRICES, Scenario(rows=1, lake=1, writes_per_month=0, lake_row_bytes=500))
    assert lines["S3 requests"] == lines["DynamoDB writes"] == 0
    assert lines["Lambda time"] == pytest.approx(720 * A_SANDBOX_S * GB_S)
    assert lines["S3 storage"] == pytest.approx(500 / 2**30 * 0.023)


def test_each_snapshot_is_a_write_a_message_and_some_milliseconds() -> None:
    told = Scenario(notifications=1, publishes_per_month=1000, imports_per_month=5, rebuilds_per_month=1)
    lines = notifications_bill(PRICES, told)
    assert lines["DynamoDB writes"] == pytest.approx(1000 * 0.625e-6)
    assert lines["SNS messages"] == pytest.approx(1006 * 0.5e-6)
    assert lines["SNS e-mails"] == 0
    assert lines["Lambda time"] == pytest.approx((1006 * 0.06 + 100.6 * A_SANDBOX_S) * GB_S)
    by_mail = notifications_bill(PRICES, replace(told, notified_addresses=2))
    assert by_mail["SNS e-mails"] == pytest.approx(2 * 1006 * 2e-5)


# What the model says of the functions is so


def test_the_model_knows_how_the_worker_works() -> None:
    assert CHUNK_ROWS == MAX_INSERT_ROWS
    assert CHECKPOINT_S == importing.CHECKPOINT_S
    assert RUN_S + worker.RESERVE_S == 300
    assert BLOCK_BYTES == bucket.BLOCK_BYTES


def test_a_range_is_one_transition_of_the_state_machine() -> None:
    states: Any = definition_of(RebuildPlan(function_arn="arn", timeout_s=300))["States"]
    ways = [state for state in states[BUILD]["ItemProcessor"]["States"].values() if state["Type"] != "Fail"]
    assert len(ways) == STEPS_A_RANGE


def test_a_job_is_a_unit_in_the_table_and_one_in_the_index() -> None:
    job = Job(id="01HF7YAT00000000000000000A", kind="import", created_s=1.7e9, name="products.csv", sha256="a" * 64)
    assert item_bytes(item_of(job)) < 1024
    assert CHECKPOINT_UNITS == 2


def test_a_record_is_as_large_as_the_model_says() -> None:
    ids = [str(ULID()) for _ in range(CHUNK_ROWS)]
    record = Record(CHUNK_ROWS, "a" * 32).after(ids, 1_700_000_000_000, CHUNK_ROWS, 1.7e9)
    action = record.put_action("table", Call("job#01HF7YAT00000000000000000A#7", "a" * 32), Record(CHUNK_ROWS), 1.7e9)
    item = dict(action["Put"]["Item"])  # pyright: ignore[reportTypedDictNotRequiredAccess] - it puts
    listed = 3 + sum(1 + len(row_id) for row_id in ids)
    total = item_bytes(item) + listed  # pyright: ignore[reportArgumentType] - plain data
    assert total == pytest.approx(RECORD_BYTES + CHUNK_ROWS * RECORD_ID_BYTES, rel=0.01)


def test_a_packed_page_of_rows_that_came_one_by_one_has_the_share_that_is_assumed() -> None:
    assert len(page_of_random_rows(1).content) / 1000 == pytest.approx(LAKE_SHARE * 115, rel=0.05)
