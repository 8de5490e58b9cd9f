"""The activity of a month on one read path: how often something is read, opened, copied, published, started.

Counting only, no money: bill.py puts prices on it. Reads and publishes are spread evenly over the month.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from console.costs.database.feed import ROUNDS, feeds
from console.costs.merges import publish_bytes
from console.costs.scenario import MONTH_S, Scenario
from handlers.reads.sqlite_tmp import STEP_BYTES, WHOLE_BYTES
from handlers.routes import POSTGRES
from handlers.snapshots.retention import MOST_FILES
from handlers.telemetry.usage import METERED_READ_BYTES

OPEN_OPERATIONS = 4  # on metadata, to open a snapshot
PUBLISH_MS = 40.0  # to publish a snapshot, without its bytes
OPEN_MS = 15.0  # to open a snapshot, without its bytes
UPDATE_MS = 5.0  # to open one segment more
BYTES_PER_MS = 500 * 2**20 / 1000  # what EFS promises a client


@dataclass(frozen=True)
class Activity:
    """A month on one path.

    Args:
        reads: requests to the query function; an edge answers the others.
        calls: requests to the command function.
        lives, command_lives: sandboxes that start.
        loads: a sandbox uses the path for the first time.
        load_bytes: read from EFS by a load; load_operations: on metadata.
        updates: a sandbox opens the segment that is new in a newer snapshot.
        segment_bytes: of such a segment, which is what a publish writes.
        warm_ms: billed for a read; load_ms, update_ms: and for a load or an update on top.
        warm_bytes: read from EFS by a warm read.
        looks: for a newer snapshot.
        stored_bytes: on EFS: the snapshot, and superseded segments that are kept.
        runs, run_lives: of the projector, and its sandboxes that start: maintenance finds that of the last round gone.
        feeds, feed_lives: the same of what feeds PostgreSQL.
    """

    reads: float
    calls: float
    lives: float
    command_lives: float
    loads: float
    warm_ms: float
    load_ms: float
    load_bytes: float = 0
    load_operations: float = 0
    warm_bytes: float = 0
    looks: float = 0
    updates: float = 0
    update_ms: float = 0
    publishes: float = 0
    segment_bytes: float = 0
    stored_bytes: float = 0
    runs: float = 0
    run_lives: float = 0
    feeds: float = 0
    feed_lives: float = 0


def activity(scenario: Scenario, source: str) -> Activity:
    """Count a month on a home; whoever reads on `ddb` or `postgres` alone publishes nothing."""
    scenario = replace(scenario, reads_per_month=scenario.origin_reads, edge=0)
    if source == "ddb":
        return _on_ddb(scenario)
    if source == POSTGRES:
        return _on_postgres(scenario)
    publishes = scenario.publishes
    calls = max(scenario.writes_per_month, publishes)
    command_lives = calls / scenario.writes_per_sandbox
    on_efs = source == "sqlite-efs"
    lives = scenario.reads_per_month / scenario.reads_per_sandbox
    updates = min(max(0, scenario.reads_per_month - lives), scenario.sandboxes * publishes)
    load_bytes = opened_bytes(scenario) if on_efs else copied_bytes(scenario, lives)
    segment_bytes = publish_bytes(scenario)
    kept = min(MOST_FILES, publishes * scenario.retain_s / MONTH_S)
    return Activity(
        reads=scenario.reads_per_month,
        calls=calls,
        lives=lives,
        command_lives=command_lives,
        loads=lives,
        warm_ms=scenario.sqlite_efs_ms if on_efs else scenario.sqlite_tmp_ms,
        load_ms=OPEN_MS + load_bytes / BYTES_PER_MS,
        load_bytes=load_bytes,
        load_operations=OPEN_OPERATIONS,
        warm_bytes=scenario.efs_reads_per_read * METERED_READ_BYTES if on_efs else 0,
        looks=_looks(scenario),
        publishes=publishes,
        updates=updates,
        update_ms=UPDATE_MS + segment_bytes / BYTES_PER_MS,
        segment_bytes=segment_bytes,
        stored_bytes=scenario.snapshot_bytes + kept * segment_bytes,
        runs=scenario.projections + scenario.maintained_per_month,
        run_lives=scenario.projections / scenario.writes_per_sandbox + scenario.maintained_per_month,
    )


def opened_bytes(scenario: Scenario) -> float:
    """Return what `sqlite-efs` reads to open a snapshot: all of a file that it proves in full, else a few pages."""
    whole_bytes = _whole_bytes(scenario)
    if scenario.snapshot_bytes <= scenario.verify_max_bytes:
        return whole_bytes
    return min(whole_bytes, scenario.cold_efs_reads * METERED_READ_BYTES)


def copied_bytes(scenario: Scenario, loads: float) -> float:
    """Return the bytes that `sqlite-tmp` reads to have a snapshot.

    A small one is read at once; of a large one a step at each read, while it is read where it is published.

    Args:
        loads: in a month; the more there are, the fewer reads come after each.
    """
    whole_bytes = _whole_bytes(scenario)
    if scenario.snapshot_bytes <= max(WHOLE_BYTES, scenario.verify_max_bytes):
        return whole_bytes
    steps_bytes = scenario.reads_per_month / loads * STEP_BYTES if loads else whole_bytes
    return min(whole_bytes, steps_bytes) + opened_bytes(scenario)


def _on_ddb(scenario: Scenario) -> Activity:
    lives = scenario.reads_per_month / scenario.reads_per_sandbox
    calls = scenario.writes_per_month
    return Activity(
        reads=scenario.reads_per_month,
        calls=calls,
        lives=lives,
        command_lives=calls / scenario.writes_per_sandbox,
        loads=lives,
        warm_ms=scenario.ddb_ms,
        load_ms=scenario.ddb_first_ms,
    )


def _on_postgres(scenario: Scenario) -> Activity:
    """Count reads as on `ddb`, by a function of their own that is also called to feed."""
    fed = feeds(scenario)
    return replace(
        _on_ddb(scenario),
        warm_ms=scenario.postgres_ms,
        load_ms=scenario.postgres_first_ms,
        feeds=fed + ROUNDS,
        feed_lives=fed / scenario.writes_per_sandbox + ROUNDS,
    )


def _whole_bytes(scenario: Scenario) -> float:
    return max(METERED_READ_BYTES, scenario.snapshot_bytes)


def most_looks(scenario: Scenario) -> float | None:
    """Count the looks for a newer snapshot that a month has room for, one an interval and sandbox; None: no limit."""
    if not scenario.check_interval_ms:
        return None
    return scenario.sandboxes * MONTH_S * 1000 / scenario.check_interval_ms


def _looks(scenario: Scenario) -> float:
    """Count one a read, and no more than there is room for."""
    most = most_looks(scenario)
    return scenario.reads_per_month if most is None else min(scenario.reads_per_month, most)
