"""The costs of work that nobody waits for: jobs, the data lake, notifications. They are the same on every read path,
as is what stands in front (front/).

What is off costs nothing. Idle, jobs alone cost something: Lambda keeps asking their two queues for messages.
"""

from __future__ import annotations

import math
from functools import cache

from console.costs.activity import BYTES_PER_MS, PUBLISH_MS
from console.costs.front.edge import edge_bill
from console.costs.front.sessions import sessions_bill
from console.costs.merges import merged_bytes
from console.costs.prices import GB, Bill, Prices
from console.costs.scenario import MONTH_S, PROJECTION_WINDOW_S, READ_UNIT_BYTES, WRITE_UNIT_BYTES, Scenario
from handlers.aws.table import PAGE_ROWS
from handlers.ledger.transaction import ROWS_PER_TRANSACTION
from handlers.snapshots.maker import RANGE_ROWS

# Lambda keeps five long polls open at a queue that has nothing, each of 20 s at most ("Understanding how AWS Lambda
# scales with Amazon SQS standard queues", AWS Compute Blog).
POLLS = 5 * MONTH_S / 20
QUEUES = 2  # of jobs, and of dead letters
MESSAGE_REQUESTS = 3  # sent, received, deleted
SWEEPS = 720
RUN_S = 265.0  # a run of the worker that is not done yet, as the stack is set
CHUNK_ROWS = 1000
CHECKPOINT_S = 2.0
CHECKPOINT_UNITS = 2  # a job, and it in the index by state
RECORD_BYTES, RECORD_ID_BYTES = 150, 27  # of the record that keeps a chunk from being appended twice
RECORD_MONTHS = 1.0
BLOCK_BYTES = 4 * 2**20  # of a file, read at once
PASSES = 3  # over a file at most: its checksum where S3 has none, the check of its rows, their append
FILE_MONTHS = 15 / 30  # two weeks, and a day as an old version
STEPS, STEPS_A_RANGE = 10, 1  # of the state machine, for a rebuild
# Read from the ledger, built, proven by a sandbox of 1,024 MB: simulated from measured parts, the slow case.
REBUILT_ROWS_PER_S = 21_000
LAKE_ROWS_PER_S = 45_000  # read from the ledger, packed, put: measured, of a whole processor
# A function's memory with a whole processor ("Configure Lambda function memory", AWS Lambda Developer Guide).
PROCESSOR_MB = 1769
OLD_PAGE_MONTHS = 7 / 30
TELL_MS = 60.0  # assumed: an event read and sent


def work_bills(prices: Prices, scenario: Scenario) -> dict[str, Bill]:
    """Work out what each of them costs in a month, and what stands in front; nothing where it is off."""
    return {
        "jobs": jobs_bill(prices, scenario) if scenario.has_jobs else {},
        "lake": lake_bill(prices, scenario) if scenario.lake else {},
        "notifications": notifications_bill(prices, scenario) if scenario.notifications else {},
        "edge": edge_bill(prices, scenario) if scenario.edge else {},
        "sessions": sessions_bill(prices, scenario) if scenario.sessions else {},
    }


def jobs_bill(prices: Prices, scenario: Scenario) -> Bill:
    """Work out what imports and rebuilds cost, the publishes of what was imported included."""
    imports, rebuilds = scenario.imports_per_month, scenario.rebuilds_per_month
    file_bytes = scenario.rows_per_import * scenario.row_bytes
    import_s = scenario.rows_per_import / scenario.import_rows_per_s
    runs = math.ceil(import_s / RUN_S)
    publishes = imports * import_s / PROJECTION_WINDOW_S
    published_bytes = merged_bytes(scenario, scenario.import_rows_per_s * PROJECTION_WINDOW_S)
    publish_ms = PUBLISH_MS + scenario.projector_ms + 2 * published_bytes / BYTES_PER_MS
    worker_s = imports * import_s + (imports * runs + SWEEPS) * scenario.first_s
    rebuild_s = rebuilds * scenario.rows / REBUILT_ROWS_PER_S
    files_bytes = publishes * published_bytes + rebuilds * scenario.snapshot_bytes
    ranges = math.ceil(scenario.rows / RANGE_ROWS)
    return {
        "HTTP API": (imports + rebuilds) * prices.http_api_request.each,
        "Lambda requests": (imports * (1 + runs) + SWEEPS + publishes) * prices.lambda_request.each,
        "Lambda time": _worker_usd(prices, scenario, worker_s)
        + (publishes * publish_ms / 1000 + rebuild_s)
        * scenario.memory_mb
        / 1024
        * prices.lambda_time(scenario.architecture).each,
        "SQS requests": (QUEUES * POLLS + imports * runs * MESSAGE_REQUESTS) * prices.sqs_request.each,
        "Step Functions": rebuilds * (STEPS + STEPS_A_RANGE * ranges) * prices.step_transition.each,
        "S3 requests": imports
        * (prices.s3_put.each + PASSES * math.ceil(file_bytes / BLOCK_BYTES) * prices.s3_get.each),
        "S3 storage": imports * file_bytes * FILE_MONTHS / GB * prices.s3_storage.each,
        "EFS reads": files_bytes / GB * prices.efs_read.each,
        "EFS writes": files_bytes / GB * prices.efs_write.each,
        "DynamoDB reads": _job_read_units(scenario) * prices.dynamodb_read_unit.each,
        "DynamoDB writes": imports * import_write_units(scenario, import_s) * prices.dynamodb_write_unit.each,
        "DynamoDB storage": _records_gb(scenario) * (prices.dynamodb_storage.each + prices.dynamodb_recovery.each),
    }


def import_write_units(scenario: Scenario, import_s: float) -> float:
    """Count the units of an import: its rows as `POST /insert` writes them, each chunk's record, the job's progress."""
    row_units = scenario.rows_per_import * 3 * _write_units(scenario.row_bytes)
    return row_units + _chunks(scenario) * _chunk_units() + CHECKPOINT_UNITS * import_s / CHECKPOINT_S


@cache
def _chunk_units() -> int:
    """Count the units of a chunk's transactions beside its rows: the head, and a record that grows with each."""
    transactions = math.ceil(CHUNK_ROWS / ROWS_PER_TRANSACTION)
    ends = (min(CHUNK_ROWS, number * ROWS_PER_TRANSACTION) for number in range(1, transactions + 1))
    return sum(2 + 2 * _write_units(RECORD_BYTES + end * RECORD_ID_BYTES) for end in ends)


def lake_bill(prices: Prices, scenario: Scenario) -> Bill:
    """Work out what the lake costs: pages that are full, the page that is being filled, and what is there."""
    rounds = scenario.lake_rounds
    changed = min(rounds, scenario.writes_per_month + scenario.imports_per_month)
    new_rows = scenario.writes_per_month * scenario.rows_per_write
    new_rows += scenario.imports_per_month * scenario.rows_per_import
    again_rows = changed * min(PAGE_ROWS, scenario.rows) / 2  # of a page that is half full on average
    pages = new_rows / PAGE_ROWS + changed
    kept_bytes = (scenario.rows + again_rows * OLD_PAGE_MONTHS) * scenario.lake_bytes_per_row
    units = 2 * rounds + (new_rows + again_rows) * scenario.row_bytes / READ_UNIT_BYTES
    rows_per_s = LAKE_ROWS_PER_S * min(1.0, scenario.worker_memory_mb / PROCESSOR_MB)
    worker_s = rounds * scenario.first_s + (new_rows + again_rows) / rows_per_s
    return {
        "Lambda requests": rounds * prices.lambda_request.each,
        "Lambda time": _worker_usd(prices, scenario, worker_s),
        "S3 requests": pages * prices.s3_put.each,
        "S3 storage": kept_bytes / GB * prices.s3_storage.each,
        "DynamoDB reads": units * prices.dynamodb_read_unit.each,
        "DynamoDB writes": changed * prices.dynamodb_write_unit.each,
    }


def notifications_bill(prices: Prices, scenario: Scenario) -> Bill:
    """Work out what it costs to tell of each snapshot and each job that has ended; a queue is told for nothing."""
    ended = scenario.imports_per_month + scenario.rebuilds_per_month
    events = scenario.publishes + ended
    runs = min(events, MONTH_S)  # the stream's window is a second
    worker_s = events * TELL_MS / 1000 + runs / scenario.writes_per_sandbox * scenario.first_s
    return {
        "Lambda requests": runs * prices.lambda_request.each,
        "Lambda time": _worker_usd(prices, scenario, worker_s),
        "SNS messages": events * prices.sns_publish.each,
        "SNS e-mails": events * scenario.notified_addresses * prices.sns_email.each,
        "DynamoDB writes": scenario.publishes * prices.dynamodb_write_unit.each,
    }


def _worker_usd(prices: Prices, scenario: Scenario, worker_s: float) -> float:
    return worker_s * scenario.worker_memory_mb / 1024 * prices.lambda_time(scenario.architecture).each


def _chunks(scenario: Scenario) -> int:
    return math.ceil(scenario.rows_per_import / CHUNK_ROWS)


def _write_units(size_bytes: float) -> int:
    return math.ceil(size_bytes / WRITE_UNIT_BYTES)


def _job_read_units(scenario: Scenario) -> float:
    """Count the head and the record of each chunk, and the ledger's rows for publishes and for rebuilds."""
    rows = scenario.imports_per_month * scenario.rows_per_import + scenario.rebuilds_per_month * scenario.rows
    return 2 * scenario.imports_per_month * _chunks(scenario) + rows * scenario.row_bytes / READ_UNIT_BYTES


def _records_gb(scenario: Scenario) -> float:
    """Return the size of the records that keep chunks from being appended twice, for as long as they stay."""
    rows = scenario.imports_per_month * scenario.rows_per_import
    return (rows * RECORD_ID_BYTES + rows / CHUNK_ROWS * RECORD_BYTES) * RECORD_MONTHS / GB
