"""The costs of PostgreSQL on RDS: they are there whether anybody reads or not, and grow with the rows alone.

Serverless v2 is left out: behind a proxy it never pauses, and without one it takes some 15 s to come back.
"""

from __future__ import annotations

from console.costs.prices import GB, Bill, Prices
from console.costs.scenario import DAY_S, MONTH_S, Scenario

MONTH_HOURS = MONTH_S / 3600
LEAST_STORAGE_GB = 20.0  # that a disk of RDS has
PROXY_CPUS = 2  # that a proxy is paid for at least, and all that the classes here have
# Of a row's bytes in the ledger: measured on PostgreSQL 18, 450 bytes a row of 115 for 100,000 random rows, the table
# and its indexes after VACUUM (docs/performance.md#postgresql).
DATABASE_BYTES_A_ROW_BYTE = 3.9


def database_bill(prices: Prices, scenario: Scenario) -> Bill:
    """Work out what PostgreSQL costs in a month, in dollars by what it is for; nothing where there is none."""
    if not scenario.postgres:
        return {}
    machines = 1 + scenario.multi_az
    storage_gb = max(LEAST_STORAGE_GB, used_gb(scenario))
    return {
        "machine": machines * MONTH_HOURS * prices.database_hour(scenario.database_class).each,
        "storage": machines * storage_gb * prices.database_storage.each,
        "backups": max(0.0, backup_gb(scenario) - storage_gb) * prices.database_backup.each,
        "proxy": scenario.proxy * MONTH_HOURS * PROXY_CPUS * prices.database_proxy.each,
        "secret": prices.secret.each,
    }


def used_gb(scenario: Scenario) -> float:
    """Return what the rows take with their indexes."""
    return scenario.rows * scenario.row_bytes * DATABASE_BYTES_A_ROW_BYTE / GB


def backup_gb(scenario: Scenario) -> float:
    """Return what backups take: all once, and what is written in the days that they are kept."""
    written = scenario.writes_per_month * scenario.rows_per_write * scenario.row_bytes * DATABASE_BYTES_A_ROW_BYTE / GB
    return used_gb(scenario) + written * scenario.backup_days * DAY_S / MONTH_S
