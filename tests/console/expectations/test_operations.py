"""What the model counts is held to the calls that the code makes."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from console.costs.scenario import Scenario
from console.expectations.operations import Operations, count_operations, efs_round_trips
from console.results.result import Workload
from handlers.domain.bookmark import NOTHING, Bookmark
from handlers.ledger.ledger import Ledger
from handlers.reads.ddb import LedgerReader
from handlers.reads.page import PageQuery
from handlers.reads.sqlite_efs import SqliteReader
from handlers.telemetry.meter import METERS
from handlers.telemetry.usage import Usage
from tests.support.costs import read
from tests.support.files import Calls, MemoryLedger, Place, make_rows
from tests.support.local.processes import PATIENCE_S
from tests.support.meddling import EPOCH, put_rows
from tests.support.results import size


def counted(place: Place, reader: SqliteReader) -> tuple[Mapping[str, float], int]:
    """What a receipt says of a read of the newest 100 rows, and its round trips by the calls themselves.

    Looking at what was just opened is none, and a reading at a file's end neither.
    """
    before = METERS.efs
    with Calls(place.efs) as calls:
        reader.read(NOTHING, Usage(), lambda view: view.page(PageQuery({"limit": "100"})))
    operations, reads, size_bytes = (after - then for after, then in zip(METERS.efs, before, strict=True))
    ends = calls.seen.count("readv") - reads
    consumed = {"efs_metadata_operations": operations, "efs_reads": reads, "efs_bytes": size_bytes}
    return consumed, len(calls.seen) - calls.seen.count("fstat") - ends


@pytest.mark.parametrize("source", ["sqlite-efs", "sqlite-tmp"])
@pytest.mark.parametrize("rows", [1000, 8000])
def test_the_round_trips_to_efs_are_those_of_the_calls(tmp_path: Path, source: str, rows: int) -> None:
    place, ledger = Place(tmp_path), MemoryLedger()
    place.publish_parts(ledger, rows, 60)
    reader: SqliteReader = place.on_efs() if source == "sqlite-efs" else place.in_tmp()

    cold, cold_trips = counted(place, reader)
    warm, warm_trips = counted(place, reader)
    place.publish_parts(ledger, 1)
    published, published_trips = counted(place, reader)
    more = int(cold["efs_reads"]) - 2  # of a file of several MiB
    assert (cold_trips, warm_trips, published_trips) == (9 + more, 1, 5)
    for consumed, trips in ((cold, cold_trips), (warm, warm_trips), (published, published_trips)):
        assert efs_round_trips(source, consumed) == trips


def test_a_read_within_the_check_interval_is_no_round_trip(tmp_path: Path) -> None:
    place = Place(tmp_path, CHECK_INTERVAL_MS="3600000")
    place.publish(MemoryLedger(10))
    reader = place.on_efs()
    counted(place, reader)
    consumed, trips = counted(place, reader)
    assert efs_round_trips("sqlite-efs", consumed) == trips == 0


class Sent:
    """The calls to DynamoDB in the order in which they begin and end. Those that should go side by side meet.

    Args:
        together: so many calls begin before the first one is sent.
    """

    def __init__(self, client: Any, together: int) -> None:
        self.seen: list[str] = []
        self._events = client.meta.events
        self._together = together
        self._meeting = threading.Barrier(together, timeout=PATIENCE_S)

    def __enter__(self) -> list[str]:
        self._events.register("before-call.dynamodb", self._begin, unique_id="begin")
        self._events.register("after-call.dynamodb", self._end, unique_id="end")
        return self.seen

    def __exit__(self, *_: object) -> None:
        self._events.unregister("before-call.dynamodb", unique_id="begin")
        self._events.unregister("after-call.dynamodb", unique_id="end")

    def _begin(self, model: Any, **_: object) -> None:
        self.seen.append(f"begin {model.name}")
        if len(self.seen) <= self._together:
            self._meeting.wait()

    def _end(self, model: Any, **_: object) -> None:
        self.seen.append(f"end {model.name}")


@pytest.mark.parametrize(("more_bytes", "queries"), [(0, 1), (15_000, 2)])  # 100 rows of 15 KB are 1.5 MB
@pytest.mark.parametrize(
    ("case", "is_known", "asked"),
    [
        ("first-in-sandbox", False, NOTHING),
        ("newest-100", True, NOTHING),
        ("first-after-publish", True, Bookmark(EPOCH, 120)),
    ],
)
def test_the_round_trips_to_dynamodb_are_those_of_the_calls(
    *, ledger: Ledger, client: Any, case: Workload, is_known: bool, asked: Bookmark, more_bytes: int, queries: int
) -> None:
    put_rows(ledger, make_rows(120))
    widen(ledger, client, more_bytes)
    reader = LedgerReader(ledger)

    def newest(at_least: Bookmark) -> None:
        reader.read(at_least, Usage(), lambda view: view.page(PageQuery({"limit": "100"})))

    if is_known:
        newest(NOTHING)
    counted = count_operations(read("ddb", workload=case), replace(size(), row_bytes=100.0 + more_bytes))
    alongside = counted.dynamodb_calls - counted.dynamodb_round_trips
    with Sent(client, 1 + alongside) as seen:
        newest(asked)
    assert counted.dynamodb_calls == 1 + queries
    of_head, of_rows = (list(filter(re.compile(name).search, seen)) for name in ("GetItem", "Query"))
    assert of_head == ["begin GetItem", "end GetItem"]
    assert of_rows == ["begin Query", "end Query"] * queries
    if alongside:
        assert {*seen[:2]} == {"begin GetItem", "begin Query"}
    else:
        assert seen[:2] == of_head


def widen(ledger: Ledger, client: Any, more_bytes: int) -> None:
    """Make the ledger's rows larger by an attribute of which nobody knows."""
    paginator = client.get_paginator("scan")
    for page in paginator.paginate(TableName=ledger.table_name) if more_bytes else ():
        for item in page["Items"]:
            if "created_at" in item:
                client.put_item(TableName=ledger.table_name, Item=item | {"filler": {"S": "x" * more_bytes}})


def test_operations_are_those_of_the_receipt() -> None:
    consumed = {"efs_metadata_operations": 2.0, "efs_reads": 1.0, "efs_bytes": 61_440.0}
    found = read("sqlite-efs", consumed=consumed, workload="first-after-publish")
    assert count_operations(found, size()) == Operations(0, 5, 61_440)
    assert count_operations(replace(found, workload="first-in-sandbox"), size()) == Operations(1, 5, 61_440)
    assert count_operations(read("sqlite-tmp"), size()) == Operations()


def test_of_what_is_too_large_to_be_read_in_full_sqlite_reads_pages_that_no_receipt_counts() -> None:
    found = read("sqlite-efs", consumed={"efs_metadata_operations": 2.0, "efs_reads": 1.0}, workload="first-in-sandbox")
    large = replace(size(), snapshot_bytes=int(Scenario.verify_max_bytes) + 1)
    assert count_operations(found, large) == Operations(1, 5 + Scenario.cold_efs_reads)
    warm = read("sqlite-efs", consumed={"efs_metadata_operations": 1.0})
    assert count_operations(warm, large) == Operations(0, 1)


def test_of_dynamodb_the_calls_are_known_and_their_units_those_of_the_bill() -> None:
    units = Scenario().ddb_read_units
    assert count_operations(read("ddb"), size()) == Operations(0, 0, 0, 2, 1, units)
    assert count_operations(read("ddb", workload="first-in-sandbox"), size()) == Operations(1, 0, 0, 2, 2, units)
    wide = replace(size(), row_bytes=400.0)
    assert count_operations(read("ddb"), wide) == Operations(0, 0, 0, 2, 1, 11)  # the head, and 40 000 bytes by 4096
