"""The runs that feed PostgreSQL: one for each batch of the table's stream, whose reads by Lambda are free, and the
rounds of maintenance."""

from __future__ import annotations

from console.costs.scenario import MONTH_S, PROJECTION_WINDOW_S, READ_UNIT_BYTES, Scenario

ROUNDS = 720  # of maintenance, one an hour


def feeds(scenario: Scenario) -> float:
    """Count the runs after appends: one a write, and one a window at most."""
    return min(scenario.writes_per_month, MONTH_S / PROJECTION_WINDOW_S)


def feed_read_units(scenario: Scenario) -> float:
    """Count the units that are read of the ledger: the head in each run, and the new rows."""
    fed = feeds(scenario)
    new_bytes = scenario.writes_per_month * scenario.rows_per_write * scenario.row_bytes
    return fed + ROUNDS + max(fed, new_bytes / READ_UNIT_BYTES)
