"""The numbers of a scenario: their meanings and their limits, wherever they come from."""

from __future__ import annotations

from dataclasses import dataclass

from handlers.telemetry.usage import METERED_READ_BYTES


@dataclass(frozen=True)
class Input:
    """The values that a number of a scenario may have, and its meaning.

    Args:
        follows: from what it is worked out where nobody says it.
    """

    least: float
    most: float
    meaning: str
    follows: str = ""


READS = f"Reads of {METERED_READ_BYTES >> 10} KiB"
INPUTS: dict[str, Input] = {
    "rows": Input(1, 1e9, "Rows in the ledger"),
    "row_bytes": Input(1, 400 * 1024, "A row in the ledger, as DynamoDB counts it"),
    "snapshot_row_bytes": Input(
        1,
        1e7,
        "A snapshot's bytes for each of its rows",
        "--row-bytes, times what a segment of random rows has for each of theirs",
    ),
    "reads_per_month": Input(0, 1e11, "Reads of the main workload"),
    "writes_per_month": Input(0, 1e9, "Calls of POST /insert"),
    "rows_per_write": Input(1, 1000, "Rows in a call"),
    "publishes_per_month": Input(0, 1e8, "Snapshots published; the path ddb needs none", "one a write"),
    "projected_per_month": Input(
        0, 1e8, "Runs of the projector after appends; 0 with the setting projection: sync", "one a write and second"
    ),
    "maintained_per_month": Input(0, 8_640, "Rounds of maintenance"),
    "rows_per_read": Input(1, 1000, "Rows in an answer"),
    "reads_per_sandbox": Input(1, 1e9, "Reads in the life of a query sandbox"),
    "writes_per_sandbox": Input(1, 1e9, "Writes in the life of a command sandbox"),
    "sandboxes": Input(1, 10_000, "Query sandboxes that are warm at once"),
    "memory_mb": Input(128, 10_240, "Memory of a function"),
    "tmp_mb": Input(512, 10_240, "A sandbox's /tmp, in MB of 2^20 bytes"),
    "tracing": Input(0, 1, "Tracing of the functions: 1 where the stack switches it on"),
    "check_interval_ms": Input(0, 3_600_000, "CHECK_INTERVAL_MS of the functions"),
    "retain_s": Input(60, 30 * 24 * 3600, "RETAIN_S of the functions"),
    "verify_max_bytes": Input(0, 2**40, "VERIFY_MAX_BYTES of the functions"),
    "sqlite_efs_ms": Input(0, 900_000, "Billed time of a warm read on sqlite-efs"),
    "sqlite_tmp_ms": Input(0, 900_000, "Billed time of a warm read on sqlite-tmp"),
    "ddb_ms": Input(0, 900_000, "Billed time of a warm read on ddb"),
    "write_ms": Input(0, 900_000, "Billed time of a write without publishing"),
    "init_ms": Input(0, 900_000, "Billed time until a new sandbox is ready"),
    "ddb_first_ms": Input(0, 900_000, "What a sandbox's first use of DynamoDB takes longer"),
    "projector_ms": Input(0, 900_000, "Billed time of the projector where there is nothing to do"),
    "read_units": Input(0, 1e6, "DynamoDB's read units of a read on ddb", "the head and one Query"),
    "efs_reads_per_read": Input(0, 1e6, f"{READS} from EFS by a warm read on sqlite-efs"),
    "cold_efs_reads": Input(0, 1e6, f"{READS} that open a snapshot too large to be read in full"),
    "jobs": Input(0, 1, "Jobs: 1 where the stack has them, with or without an import"),
    "imports_per_month": Input(0, 1e6, "Files imported"),
    "rows_per_import": Input(1, 1e9, "Rows in a file"),
    "import_rows_per_s": Input(1, 1e6, "Rows that an import checks and appends in a second"),
    "rebuilds_per_month": Input(0, 1e6, "Snapshots built anew"),
    "lake": Input(0, 1, "The data lake: 1 where the stack has it"),
    "lake_rounds": Input(0, 43_200, "Rounds of writing the lake, a month"),
    "lake_row_bytes": Input(
        1, 1e7, "A row in the lake, packed", "0.3 of --row-bytes, as for random rows that came one by one"
    ),
    "notifications": Input(0, 1, "Notifications: 1 where the stack has them"),
    "notified_addresses": Input(0, 1e4, "E-mail addresses that are told of everything"),
    "worker_memory_mb": Input(128, 10_240, "Memory of the worker"),
    "edge": Input(0, 1, "The edge: 1 where CloudFront stands in front"),
    "cached": Input(0, 1, "Share of the reads that the edge answers itself; none with sessions"),
    "answer_row_bytes": Input(1, 1e7, "A row in an answer, compressed", "0.3 of --row-bytes, as for random rows"),
    "page_views_per_month": Input(0, 1e9, "Browsers that load the page and have nothing of it"),
    "edge_log_days": Input(0, 3650, "Days that the edge's access logs are kept; 0: none"),
    "firewall": Input(0, 1, "The edge's firewall: 1 where the stack has it"),
    "sessions": Input(0, 1, "Sessions: 1 where reads need one"),
    "sessions_per_month": Input(0, 1e9, "Access codes that are exchanged for a session"),
    "minutes_per_session": Input(0, 43_200, "Minutes in which a session reads something"),
    "postgres": Input(0, 1, "PostgreSQL: 1 where the stack has it, which is a home more"),
    "multi_az": Input(0, 1, "A second machine for PostgreSQL in another zone: 1 where the stack has it"),
    "proxy": Input(0, 1, "RDS Proxy: 1 where it stands before PostgreSQL"),
    "backup_days": Input(1, 35, "Days that PostgreSQL's own backups are kept"),
    "postgres_ms": Input(0, 900_000, "Billed time of a warm read on postgres"),
    "postgres_first_ms": Input(0, 900_000, "What a sandbox's first use of PostgreSQL takes longer"),
    "feed_ms": Input(0, 900_000, "Billed time of feeding PostgreSQL, once"),
}

# Not assumptions: what the stack does unless its settings say otherwise.
SETTINGS = {
    *("memory_mb", "tmp_mb", "architecture", "tracing"),
    *("check_interval_ms", "retain_s", "verify_max_bytes"),
    *("maintained_per_month", "jobs", "lake", "lake_rounds", "notifications", "worker_memory_mb"),
    *("edge", "edge_log_days", "firewall", "sessions"),
    *("postgres", "database_class", "multi_az", "proxy", "backup_days"),
}


def option(name: str) -> str:
    """Return the command line's option for a value."""
    return "--" + name.replace("_", "-")
