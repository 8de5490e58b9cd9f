"""The operations of a read, counted: round trips to EFS and to DynamoDB, bytes, and the function's own time.

On EFS the receipts of a local run count them: on a local disk the function does what it does over NFS. No receipt sees
the closing of a file, nor that SQLite opens it once more; both follow from how many were opened. On DynamoDB the calls
follow from the rows' size; PostgreSQL is asked once. Tests hold both to the code's own calls.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil
from typing import NamedTuple

from console.costs.scenario import Scenario
from console.results.result import Measurement, Size, Workload
from handlers.routes import POSTGRES

CASES: dict[Workload, str] = {
    "newest-100": "warm read",
    "first-in-sandbox": "first read in a new sandbox",
    "first-after-publish": "first read after a publish",
}
MOST_ANSWER_BYTES = 2**20  # of a Query: what is left takes another one
HEAD_ALONGSIDE: Workload = "newest-100"  # here the sandbox knows the head or the home: `ddb` reads it alongside


class Operations(NamedTuple):
    """The operations of one read.

    Args:
        starts: of a sandbox.
        efs_round_trips: on average; most warm reads look for nothing newer, some do.
        efs_bytes: read from EFS.
        dynamodb_calls: of `ddb`; dynamodb_round_trips: those that wait for each other.
        database_round_trips: of `postgres`; database_connections: that have to be made first.
        read_units: of these calls, as DynamoDB meters them; an emulator's are none.
    """

    starts: int = 0
    efs_round_trips: float = 0
    efs_bytes: float = 0
    dynamodb_calls: int = 0
    dynamodb_round_trips: int = 0
    read_units: float = 0
    database_round_trips: int = 0
    database_connections: int = 0


def count_operations(measured: Measurement, size: Size) -> Operations:
    """Count what a read of this kind does, from what a local run measured of it.

    Args:
        size: what it was measured on.
    """
    starts = int(measured.workload == "first-in-sandbox")
    if measured.source == "ddb":
        rows = Scenario(row_bytes=size.row_bytes) if size.row_bytes else Scenario()
        queries = ceil(rows.rows_per_read * rows.row_bytes / MOST_ANSWER_BYTES)
        waits = queries if measured.workload == HEAD_ALONGSIDE else 1 + queries
        return Operations(starts, 0, 0, 1 + queries, waits, rows.ddb_read_units)
    if measured.source == POSTGRES:  # the rows; a sandbox that is new, or asked for more, looks for the home before
        looks = int(measured.workload != HEAD_ALONGSIDE)
        return Operations(starts, database_round_trips=1 + looks, database_connections=starts)
    trips = efs_round_trips(measured.source, measured.consumed)
    if starts and size.snapshot_bytes > Scenario.verify_max_bytes:  # not read in full: SQLite reads pages, unseen
        trips += Scenario.cold_efs_reads
    return Operations(starts, trips, measured.consumed.get("efs_bytes", 0.0))


def efs_round_trips(source: str, consumed: Mapping[str, float]) -> float:
    """Return the round trips over NFS that a SQLite path's receipt stands for.

    A listing, a look at a file, an opening, a reading of up to 1 MiB and a closing are one each. Looking at what was
    just opened is none, nor is reading at its end.
    """
    operations, reads = consumed.get("efs_metadata_operations", 0.0), consumed.get("efs_reads", 0.0)
    beyond_listing = max(0.0, operations - 1)
    if source == "sqlite-tmp":  # of a file: a look, and the opening; besides, the closing
        return operations + reads + beyond_listing / 2
    return operations + reads + beyond_listing * 2  # of a file: the opening; besides, the closing, and SQLite's opening
