"""The numbers that the page's calculator needs: dashboard/costs/model.json, made by `make docs`.

The page does the arithmetic of bill.py, activity.py, database/, merges.py, crossover.py and choice.py in JavaScript;
every price, default, limit and constant of it comes from here, so that none is written twice.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import ModuleType

from console.costs import activity, bill, crossover, feasibility, merges, prices, scenario, study, work
from console.costs.database import feed, instance
from console.costs.options import inputs as options
from console.results import latency
from console.verdict import inputs, verdict
from handlers.reads import sqlite_tmp
from handlers.routes import HOMES, SOURCES
from handlers.snapshots import chain, maker

# All that the core of a bill depends on; what work.py puts prices on stays at its default, which is off.
CORE_INPUTS = (
    *("rows", "reads_per_month", "writes_per_month", "rows_per_read", "rows_per_write", "row_bytes"),
    *("snapshot_row_bytes", "publishes_per_month", "projected_per_month", "maintained_per_month"),
    *("reads_per_sandbox", "writes_per_sandbox", "sandboxes", "memory_mb", "tmp_mb", "tracing"),
    *("check_interval_ms", "retain_s", "verify_max_bytes", "sqlite_efs_ms", "sqlite_tmp_ms", "ddb_ms", "write_ms"),
    *("init_ms", "ddb_first_ms", "projector_ms", "read_units", "efs_reads_per_read", "cold_efs_reads"),
    *("postgres", "multi_az", "proxy", "backup_days", "postgres_ms", "postgres_first_ms", "feed_ms"),
)
CONSTANTS: Mapping[ModuleType, tuple[str, ...]] = {
    activity: (
        *("OPEN_OPERATIONS", "PUBLISH_MS", "OPEN_MS", "UPDATE_MS", "BYTES_PER_MS", "MONTH_S", "METERED_READ_BYTES"),
        *("MOST_FILES", "STEP_BYTES"),
    ),
    bill: (
        *("API_REQUEST_BYTES", "ITEM_OVERHEAD_BYTES", "TABLE_AND_INDEX", "PUBLISH_OPERATIONS", "LOG_BYTES"),
        *("TRACED_PER_S", "TRACED_SHARE", "ROWS_PER_TRANSACTION", "METERED_METADATA_BYTES"),
    ),
    scenario: (
        *("DAY_S", "PROJECTION_WINDOW_S", "READ_UNIT_BYTES", "WRITE_UNIT_BYTES", "HEAD_READ_UNITS", "INDEX_READ_UNITS"),
    ),
    sqlite_tmp: ("WHOLE_BYTES",),
    chain: ("MERGED_ROWS", "SMALL_ROWS", "GROWTH"),
    maker: ("RANGE_ROWS",),
    merges: ("SEGMENT_BYTES",),
    feasibility: ("MB",),
    work: ("GB",),
    feed: ("ROUNDS",),
    instance: ("MONTH_HOURS", "LEAST_STORAGE_GB", "PROXY_CPUS", "DATABASE_BYTES_A_ROW_BYTE"),
    crossover: ("STEPS_PER_DECADE", "TOLERANCE", "BESIDE"),
    study: ("REAL_USD", "REAL_SHARE"),
    latency: ("LEAST_COMPARED",),
    inputs: ("TELLING_BYTES",),
    verdict: ("FAILED_SHARE",),
}


def model_text() -> str:
    """Return the calculator's numbers as JSON."""
    price_list, usual = prices.load(), scenario.Scenario()
    lines = bill.bill(price_list.prices, usual, SOURCES[0])
    content: dict[str, object] = {
        "made_by": "make docs",
        "date": price_list.date,
        "region": price_list.region,
        "currency": price_list.currency,
        "sources": SOURCES,
        "homes": HOMES,
        "prices": {name: price.each for name, price in prices.named(price_list.prices).items()},
        "constants": {name: getattr(module, name) for module, names in CONSTANTS.items() for name in names}
        | {"SNAPSHOT_BYTES_A_ROW_BYTE": scenario.snapshot_bytes_a_row_byte()},
        "defaults": {name: getattr(usual, name) for name in CORE_INPUTS} | usual.choices(),
        "inputs": {name: _limits(options.INPUTS[name]) for name in CORE_INPUTS},
        "ranges": {name: span._asdict() for name, span in study.RANGES.items()},
        "rows_per_read": inputs.ROWS_PER_READ,
        "left_out": [name for name in work.work_bills(price_list.prices, usual) if name in lines],
    }
    return json.dumps(content, indent=2) + "\n"


def _limits(known: options.Input) -> dict[str, object]:
    return {"least": known.least, "most": known.most, "meaning": known.meaning, "follows": known.follows}
