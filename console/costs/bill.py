"""The cost model: dollars a month on each read path, by service. Pure arithmetic on what activity.py counts;
docs/costs.md has it as formulas, with every assumption and where it is weak.

All paths pay the ledger, the gateway, the functions' time, the work that nobody waits for and what stands in front. The
SQLite paths pay for publishing, for the projector and its maintenance, for looking whether there is a newer snapshot,
for loading the snapshot once a sandbox, and for opening what is new in each later one.
`ddb` pays for the units that it reads; `postgres`, where there is one, for its machine, whatever is read, and for being
fed.
"""

from __future__ import annotations

import math

from console.costs.activity import BYTES_PER_MS, MONTH_S, PUBLISH_MS, Activity, activity
from console.costs.database.feed import feed_read_units
from console.costs.database.instance import database_bill
from console.costs.prices import GB, Bill, Prices
from console.costs.scenario import HEAD_READ_UNITS, READ_UNIT_BYTES, WRITE_UNIT_BYTES, Scenario
from console.costs.work import work_bills
from handlers.ledger.transaction import ROWS_PER_TRANSACTION
from handlers.routes import POSTGRES
from handlers.telemetry.usage import METERED_METADATA_BYTES, METERED_READ_BYTES

API_REQUEST_BYTES = 512 * 1024  # the gateway counts every begun so many bytes as a request
ITEM_OVERHEAD_BYTES = 100  # what DynamoDB adds to an item in storage
TABLE_AND_INDEX = 2  # the index `by_id` holds whole rows
PUBLISH_OPERATIONS = 12  # on metadata, to publish a snapshot
LOG_BYTES = 420  # a line of the access log
TRACED_PER_S, TRACED_SHARE = 1, 0.05  # Lambda traces the first request of each second, and a share of the others


def bills(prices: Prices, scenario: Scenario) -> dict[str, Bill]:
    """Work out what each path costs in a month."""
    return {source: bill(prices, scenario, source) for source in scenario.homes}


def totals_usd(prices: Prices, scenario: Scenario) -> dict[str, float]:
    """Add up each path's bill."""
    return {source: math.fsum(lines.values()) for source, lines in bills(prices, scenario).items()}


def bill(prices: Prices, scenario: Scenario, source: str) -> Bill:
    """Work out what a path costs in a month, in dollars by service."""
    month = activity(scenario, source)
    items_gb = scenario.rows * (scenario.row_bytes + ITEM_OVERHEAD_BYTES) / GB
    requests = month.reads + month.calls
    return {
        "HTTP API": _api_requests(scenario, month) * prices.http_api_request.each,
        "Lambda requests": (requests + month.runs + month.feeds) * prices.lambda_request.each,
        "Lambda time": _billed_s(scenario, month)
        * scenario.memory_mb
        / 1024
        * prices.lambda_time(scenario.architecture).each,
        "EFS storage": month.stored_bytes / GB * prices.efs_storage.each,
        "EFS reads": _read_bytes(month) / GB * prices.efs_read.each,
        "EFS writes": month.publishes * month.segment_bytes / GB * prices.efs_write.each,
        "EFS metadata": _metadata_usd(prices, month),
        "DynamoDB reads": _read_units(scenario, month, source) * prices.dynamodb_read_unit.each,
        "DynamoDB writes": _write_units(scenario) * prices.dynamodb_write_unit.each,
        "DynamoDB storage": items_gb * TABLE_AND_INDEX * prices.dynamodb_storage.each,
        "DynamoDB recovery": items_gb * prices.dynamodb_recovery.each,
        **(_database_line(prices, scenario, source) if scenario.postgres else {}),
        "access log": requests * LOG_BYTES / GB * prices.log.each,
        "traces": scenario.tracing * _traces(month) * prices.trace.each,
        **{name: math.fsum(lines.values()) for name, lines in work_bills(prices, scenario).items()},
    }


def _database_line(prices: Prices, scenario: Scenario, source: str) -> Bill:
    return {"PostgreSQL": math.fsum(database_bill(prices, scenario).values()) if source == POSTGRES else 0.0}


def _api_requests(scenario: Scenario, month: Activity) -> float:
    answer_bytes = scenario.rows_per_read * scenario.row_bytes
    return month.reads * math.ceil(answer_bytes / API_REQUEST_BYTES) + month.calls


def _billed_s(scenario: Scenario, month: Activity) -> float:
    """Time of the functions; that of a sandbox's start is billed too."""
    copy_ms = 2 * month.segment_bytes / BYTES_PER_MS  # what is merged comes in, what was made goes out
    load_ms = month.loads * month.load_ms + month.updates * month.update_ms
    query_ms = month.reads * month.warm_ms + month.lives * scenario.init_ms + load_ms
    first_ms = scenario.init_ms + scenario.ddb_first_ms
    append_ms = month.calls * scenario.write_ms + month.command_lives * first_ms
    publish_ms = month.publishes * (PUBLISH_MS + copy_ms)
    run_ms = month.runs * scenario.projector_ms + month.run_lives * first_ms
    feed_ms = month.feeds * scenario.feed_ms + month.feed_lives * (first_ms + scenario.postgres_first_ms)
    return (query_ms + append_ms + publish_ms + run_ms + feed_ms) / 1000


def _read_bytes(month: Activity) -> float:
    return (
        month.loads * month.load_bytes
        + month.reads * month.warm_bytes
        + (month.updates + month.publishes) * max(METERED_READ_BYTES, month.segment_bytes)
    )


def _metadata_usd(prices: Prices, month: Activity) -> float:
    opened = (month.loads + month.updates) * month.load_operations
    read = (month.looks + month.runs + opened) * prices.efs_read.each
    written = month.publishes * PUBLISH_OPERATIONS * prices.efs_write.each
    return (read + written) * METERED_METADATA_BYTES / GB


def _write_units(scenario: Scenario) -> float:
    """Count two for each item that a transaction writes (the head, the rows), one for each row in the index."""
    transactions = math.ceil(scenario.rows_per_write / ROWS_PER_TRANSACTION)
    row_units = 3 * math.ceil(scenario.row_bytes / WRITE_UNIT_BYTES)
    return scenario.writes_per_month * (2 * transactions + scenario.rows_per_write * row_units)


def _read_units(scenario: Scenario, month: Activity, source: str) -> float:
    """Count the head before each write and in each run of the projector, a publisher's head and new rows, what feeds
    `postgres`, and what is read on `ddb`, where a sandbox that finds the ledger grown since its last read has to read
    the rows again.
    """
    new_bytes = scenario.writes_per_month * scenario.rows_per_write * scenario.row_bytes
    published = month.publishes + max(month.publishes, new_bytes / READ_UNIT_BYTES) if month.publishes else 0
    if source == POSTGRES:
        return month.calls + feed_read_units(scenario)
    if source != "ddb":
        return month.calls + month.runs + published
    again = min(month.reads, scenario.sandboxes * month.calls) * max(0, scenario.ddb_read_units - HEAD_READ_UNITS)
    return month.calls + month.reads * scenario.ddb_read_units + again


def _traces(month: Activity) -> float:
    return math.fsum(_traced(calls) for calls in (month.reads, month.calls, month.runs, month.feeds))


def _traced(calls: float) -> float:
    """Count a function's traces in a month if its calls are spread evenly: the most there can be."""
    always = min(calls, TRACED_PER_S * MONTH_S)
    return always + TRACED_SHARE * (calls - always)
