from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from handlers.ledger.ledger import Ledger
from handlers.query import make_handler
from handlers.telemetry import nfs
from handlers.telemetry.meter import METERS
from handlers.telemetry.usage import RECEIPT_MEMBERS, Receipts, Timings, Usage
from tests.handlers.telemetry.mountstats import FakeKernel, wait_for_something
from tests.support.api import SOURCES, Answer, Api, event
from tests.support.meddling import Meddled, Run

ANY_SOURCE = pytest.mark.parametrize("source", SOURCES)
NOTHING_USED = {
    "read_units": 0.0,
    "efs_metadata_operations": 0,
    "efs_reads": 0,
    "efs_bytes": 0,
    "efs_metered_bytes": 0,
    "efs_counted_by": "calls",
    "copied_bytes": 0,
    "billed_ms": 1,
    "init_ms": None,
}


@pytest.fixture
def receipts(tmp_path: Path) -> Receipts:
    """Of a sandbox that has answered before."""
    made = Receipts(str(tmp_path))
    made.end(made.begin(), 1)
    return made


def member_of(receipts: Receipts, usage: Usage, billed_ms: int = 1) -> dict[str, Any]:
    return json.loads(receipts.end(usage, billed_ms)[0])


def parsed(header: str) -> dict[str, Any]:
    """An RFC 8941 dictionary of numbers and tokens, as the body spells its names."""
    pairs = (member.split("=") for member in header.split(", "))
    return {name.replace("-", "_"): value if value.isalpha() else json.loads(value) for name, value in pairs}


def consumed(answer: Answer) -> dict[str, Any]:
    """The receipt of an answer; header and body must tell the same."""
    member: dict[str, Any] = answer.json["consumed"]
    said = {name: value for name, value in member.items() if value is not None}
    assert parsed(answer.headers["consumed"]) == said
    assert list(member) == list(NOTHING_USED)
    return member


# Phases


def usage_at(*seconds: float) -> Usage:
    return Usage(iter([round(moment_s * 10**9) for moment_s in seconds]).__next__)


def test_a_lap_is_the_time_since_the_last_one() -> None:
    usage = usage_at(10.0, 10.5, 10.75, 11.0)
    assert usage.lap("check") == 500_000_000
    assert usage.lap("query") == 250_000_000
    assert usage.timings().all_ms() == {"check": 500.0, "query": 250.0, "total": 1000.0}


def test_a_phase_that_happens_twice_is_added_up() -> None:
    usage = usage_at(0.0, 1.0, 3.0, 6.0, 6.0)
    for phase in ("check", "open", "check"):
        usage.lap(phase)
    assert usage.timings().all_ms() == {"check": 4000.0, "open": 2000.0, "total": 6000.0}


def test_times_are_rounded_to_microseconds_and_the_total_comes_last() -> None:
    usage = usage_at(0.0, 0.0000123456, 0.0000129)
    usage.lap("check")
    timings = usage.timings()
    assert list(timings.all_ms().items()) == [("check", 0.012), ("total", 0.013)]
    assert json.loads(timings.member) == timings.all_ms()
    assert timings.header == "check;dur=0.012, total;dur=0.013"


@pytest.mark.parametrize(
    ("us", "text"),
    [(0, "0.000"), (7, "0.007"), (999, "0.999"), (1000, "1.000"), (61_050, "61.050"), (10**9, "1000000.000")],
)
def test_microseconds_are_told_in_milliseconds(us: int, text: str) -> None:
    timings = Timings([("total", us)])
    assert (timings.member, timings.header) == (f'{{"total": {text}}}', f"total;dur={text}")
    assert timings.all_ms() == {"total": us / 1000}


def test_the_real_clock_only_goes_forward() -> None:
    usage = Usage()
    assert usage.lap("check") >= 0
    assert usage.timings().all_ms()["total"] >= 0


def test_copies_of_one_request_are_added_up_and_counted_by_the_meter() -> None:
    before = METERS.copied_bytes
    usage = usage_at(0.0, 0.002, 0.003)
    assert usage.copy is None
    usage.copied(7)
    usage.copied(5)
    assert usage.copy == {"bytes": 12, "ms": 3.0}
    assert (METERS.copied_bytes - before, usage.phases_ns) == (12, {"copy": 3_000_000})


# The receipt


def test_its_members_are_named_once() -> None:
    assert tuple(NOTHING_USED) == RECEIPT_MEMBERS


def test_a_request_that_used_nothing_but_time(receipts: Receipts) -> None:
    usage = receipts.begin()
    member, header = receipts.end(usage, 1)
    assert json.loads(member) == NOTHING_USED
    assert header == (
        "read-units=0.0, efs-metadata-operations=0, efs-reads=0, efs-bytes=0, efs-metered-bytes=0, "
        "efs-counted-by=calls, copied-bytes=0, billed-ms=1"
    )


def test_everything_that_a_request_used_and_nothing_of_the_one_before(receipts: Receipts) -> None:
    for units in (0.5, 128.5):
        METERS.dynamodb_read(7.0)
        METERS.efs_read(1)
        usage = receipts.begin()
        METERS.dynamodb_read(units)
        METERS.dynamodb_read(1.0)
        METERS.efs_metadata_operation()
        METERS.efs_read(40_000)
        METERS.efs_read(50_000)
        METERS.copy(90_000)
        assert member_of(receipts, usage, 3) == NOTHING_USED | {
            "read_units": units + 1,
            "efs_metadata_operations": 1,
            "efs_reads": 2,
            "efs_bytes": 90_000,
            "efs_metered_bytes": 90_000 + 4096,
            "copied_bytes": 90_000,
            "billed_ms": 3,
        }


def test_a_small_read_is_metered_as_32_kib_at_least(receipts: Receipts) -> None:
    usage = receipts.begin()
    for _ in range(3):
        METERS.efs_read(4096)
    assert member_of(receipts, usage)["efs_metered_bytes"] == 3 * 32 * 1024


@pytest.mark.parametrize(("us", "billed_ms"), [(1, 1), (1000, 1), (1001, 2), (12_000, 12), (7_999_500, 8000)])
def test_time_is_rounded_up_to_milliseconds(us: int, billed_ms: int) -> None:
    assert Timings([("query", 1), ("total", us)]).billed_ms() == billed_ms


def test_units_that_one_answer_did_not_name_are_not_known_and_not_guessed(receipts: Receipts) -> None:
    usage = receipts.begin()
    METERS.dynamodb_read(1.0)
    METERS.dynamodb_read(None)
    member, header = receipts.end(usage, 1)
    assert json.loads(member)["read_units"] is None
    assert header.startswith("efs-metadata-operations=0, ")
    usage = receipts.begin()
    assert member_of(receipts, usage)["read_units"] == 0


def test_the_first_receipt_alone_tells_what_the_start_took(tmp_path: Path) -> None:
    before_ms = time.process_time() * 1000
    receipts = Receipts(str(tmp_path))
    usage = receipts.begin()
    member, header = receipts.end(usage, 1)
    init_ms = json.loads(member)["init_ms"]
    assert before_ms - 0.001 <= init_ms <= time.process_time() * 1000 + 0.001
    assert header.endswith(f", init-ms={init_ms}")
    usage = receipts.begin()
    assert member_of(receipts, usage)["init_ms"] is None


def test_on_nfs_the_kernel_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kernel = FakeKernel(tmp_path / "mountstats", str(tmp_path))
    monkeypatch.setattr(nfs, "MOUNTSTATS", str(kernel.path))
    receipts = Receipts(str(tmp_path))
    usage = receipts.begin()
    METERS.efs_metadata_operation()
    kernel.says(10, 11, 77_824)
    wait_for_something()  # as the thread does while the network answers
    member = member_of(receipts, usage)
    assert (member["efs_metadata_operations"], member["efs_reads"], member["efs_bytes"]) == (10, 11, 77_824)
    assert member["efs_metered_bytes"] == 11 * 32 * 1024 + 10 * 4096
    assert member["efs_counted_by"] == "nfs"


# The answers


@ANY_SOURCE
def test_every_read_has_a_receipt_in_body_and_header(api: Api, source: str) -> None:
    row_id = api.post("/insert", {"count": 3}).json["ids"][0]
    for path in (source, f"{source}/{row_id}", f"{source}/stats"):
        api.get(path)
        receipt = consumed(api.get(path))
        assert receipt["billed_ms"] >= 1
        assert receipt["init_ms"] is None
        if source == "/ddb":
            assert receipt == NOTHING_USED | {"read_units": receipt["read_units"], "billed_ms": receipt["billed_ms"]}
            assert receipt["read_units"] > 0
        else:
            looked = {"efs_metadata_operations": 1, "efs_metered_bytes": 4096}
            assert receipt == NOTHING_USED | looked | {"billed_ms": receipt["billed_ms"]}


def test_within_the_check_interval_a_read_uses_nothing(api: Api, environ: dict[str, str]) -> None:
    api.post("/insert", {})
    handler = make_handler({**environ, "CHECK_INTERVAL_MS": "1000000000"})
    first, second = (consumed(Answer(handler(event("GET", "/sqlite-efs"), None))) for _ in range(2))
    assert first["efs_metadata_operations"] > 1
    assert first["init_ms"] > 0
    assert second == NOTHING_USED | {"billed_ms": second["billed_ms"]}


def test_a_copy_is_on_the_receipt_of_the_request_that_made_it(api: Api) -> None:
    size_bytes = api.post("/insert", {"count": 3}).json["snapshot"]["bytes"]
    first, second = consumed(api.get("/sqlite-tmp")), consumed(api.get("/sqlite-tmp"))
    assert (first["copied_bytes"], first["efs_bytes"]) == (size_bytes, size_bytes)
    assert (second["copied_bytes"], second["efs_bytes"]) == (0, 0)
    assert consumed(api.get("/sqlite-tmp", "refresh=1"))["copied_bytes"] == size_bytes


def test_what_a_failed_request_used_is_on_no_receipt(api: Api) -> None:
    api.post("/insert", {})
    missing = api.get("/sqlite-tmp/nothing")
    assert (missing.status, "consumed" in missing.headers) == (404, False)
    assert consumed(api.get("/sqlite-tmp"))["copied_bytes"] == 0


@ANY_SOURCE
def test_a_304_tells_in_its_header_what_the_look_took(api: Api, source: str) -> None:
    api.post("/insert", {})
    answer = api.get(source, if_none_match=api.get(source).headers["etag"])
    receipt = parsed(answer.headers["consumed"])
    assert answer.status == 304
    assert (receipt["read_units"] > 0) is (source == "/ddb")
    assert receipt["billed_ms"] >= 1


def test_the_units_are_those_that_dynamodb_reported(api: Api, ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages of the ledger are read in parallel: 250 rows lie in 25 of them."""
    for module in ("handlers.aws.table", "handlers.ledger.ledger"):
        monkeypatch.setattr(f"{module}.PAGE_ROWS", 10)
    inserted = api.post("/insert", {"count": 250}).json
    row_id, bookmark = inserted["ids"][0], inserted["bookmark"]
    head = 1.0
    assert consumed(api.get("/ddb/stats"))["read_units"] == head
    assert consumed(api.get("/ddb/stats", f"as_of={bookmark.replace('.250', '.249')}"))["read_units"] == head + 25
    assert consumed(api.get("/ddb", "limit=30"))["read_units"] == head + 3
    assert consumed(api.get(f"/ddb/{row_id}"))["read_units"] == head + 0.5


def test_a_service_that_names_no_units_leaves_them_unknown(
    api: Api, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unmetered(run: Run) -> Any:
        return {name: value for name, value in run().items() if name != "ConsumedCapacity"}

    def make_unmetered(_region: str) -> Meddled:
        return Meddled(ledger.client, {}, {"get_item": unmetered, "query": unmetered})

    monkeypatch.setattr("handlers.reads.ddb.make_client", make_unmetered)
    api.post("/insert", {})
    assert consumed(api.get("/ddb"))["read_units"] is None
    assert consumed(api.get("/sqlite-efs"))["read_units"] == 0
