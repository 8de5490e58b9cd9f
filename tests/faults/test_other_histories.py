"""A table that was restored or mixed up, and code of another schema version: nothing foreign is taken for one's own."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from handlers.domain.bookmark import NOTHING, Bookmark
from handlers.domain.problem import Problem
from handlers.ledger.ledger import Ledger
from handlers.rows import SCHEMA_VERSION
from handlers.snapshots.catalog import CLOCKS_APART_MS, Name
from handlers.snapshots.files import UnprovenError
from handlers.snapshots.published import PublishedSnapshots
from handlers.snapshots.retention import KEEP_ASIDE_S
from tests.support.api import Api
from tests.support.files import MemoryLedger, Place, count_of, flip_bit, names_in, publish, served
from tests.support.meddling import no_time_limit
from tests.support.problems import assert_problem


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def items(ledger: Ledger) -> list[dict[str, Any]]:
    return ledger.client.scan(TableName=ledger.table_name)["Items"]


def put_back(ledger: Ledger, kept: list[dict[str, Any]]) -> None:
    """The table as it was, as a recovery to a point in time brings it back."""
    for item in items(ledger):
        key = {name: item[name] for name in ("pk", "sk")}
        ledger.client.delete_item(TableName=ledger.table_name, Key=key)
    for item in kept:
        ledger.client.put_item(TableName=ledger.table_name, Item=item)


@pytest.mark.parametrize("is_warm", [True, False])
def test_a_restored_table_is_never_answered_for_by_the_snapshots_of_what_was_lost(
    environ: dict[str, str], ledger: Ledger, is_warm: bool
) -> None:
    """Rows 6 to 10 are lost and written anew, as others: before, at and after the newest snapshot's end."""
    api = Api(environ)
    api.post("/insert", {"count": 5})
    kept = items(ledger)
    lost = api.post("/insert", {"count": 5}).json
    put_back(ledger, kept)
    api = api if is_warm else Api(environ)
    assert_problem(api.post("/snapshots"), "diverged", "reaches beyond the head")
    for count in (1, 3, 1, 1, 5):
        inserted = api.post("/insert", {"count": count})
        assert (inserted.status, inserted.json["snapshot"]) == (201, None)
        assert "of another history" in inserted.json["warning"]
        assert "the next publish" not in inserted.json["warning"]
    for body in ({}, {"full": True}):
        assert_problem(api.post("/snapshots", body), "diverged", "Row 10")
    listed = [entry["bookmark"] for entry in api.get("/snapshots").json["snapshots"]]
    assert listed[0] == lost["bookmark"]


def test_a_replay_in_a_restored_table_reports_no_snapshot_of_what_was_lost(api: Api, ledger: Ledger) -> None:
    api.post("/insert", {"count": 5})
    kept = items(ledger)
    api.post("/insert", {"count": 5})
    put_back(ledger, kept)
    api.post("/insert", {"count": 2}, idempotency_key="k")
    replayed = api.post("/insert", {"count": 2}, idempotency_key="k")
    assert replayed.headers["idempotent-replayed"] == "true"
    assert replayed.json["snapshot"] is None
    assert "of another history" in replayed.json["warning"]


def test_an_empty_table_by_mistake_and_the_right_one_again_says_what_is_wrong(
    api: Api, ledger: Ledger, environ: dict[str, str]
) -> None:
    api.post("/insert", {"count": 5})
    kept = items(ledger)
    put_back(ledger, [])
    by_mistake = Api(environ).post("/insert", {}).json  # a new ledger, later than the one before
    assert by_mistake["snapshot"]["rows"] == 1
    put_back(ledger, kept)
    head = ledger.head(no_time_limit())
    assert head
    assert head.seq == 5
    inserted = api.post("/insert", {}).json
    assert inserted["snapshot"] is None
    assert "newer ledger" in inserted["warning"]
    problem = api.post("/snapshots")
    assert_problem(problem, "diverged", "newer ledger", "A restored table")
    assert "retry-after" not in problem.headers


# Another schema version


def foreign(place: Place, bookmark: Bookmark) -> Path:
    """A file as code of another schema version publishes it."""
    place.snapshots.mkdir(exist_ok=True)
    path = place.snapshots / Name.of(bookmark, "0123456789abcdef", schema=SCHEMA_VERSION + 1)
    path.write_bytes(b"of another form")
    return path


def test_a_file_of_another_schema_version_is_neither_read_nor_moved(place: Place) -> None:
    published = place.publish(ledger := MemoryLedger(3))
    path = foreign(place, Bookmark(ledger.epoch, 9))
    assert Name.parse(path.name) == path.name
    for reader in (place.on_efs(), place.in_tmp()):
        assert served(reader) == published.bookmark
    ledger.grow(1)
    assert place.publish(ledger).build == "incremental"
    assert path.exists()
    assert not place.quarantine.exists()


def test_where_only_code_of_another_schema_version_has_published_nothing_is_served_as_if_there_was_nothing(
    place: Place,
) -> None:
    foreign(place, Bookmark(1000, 9))
    for reader in (place.on_efs(), place.in_tmp()):
        with pytest.raises(Problem, match="data model's version") as caught:
            served(reader)
        assert caught.value.status == 503
    place.publish(MemoryLedger(3))
    assert count_of(place.on_efs()) == 3


def test_what_another_schema_version_left_goes_after_a_week(place: Place) -> None:
    old, young = foreign(place, Bookmark(1000, 1)), foreign(place, Bookmark(1000, 2))
    now_s = time.time()
    os.utime(old, (now_s, now_s - KEEP_ASIDE_S - 60))
    os.utime(young, (now_s, now_s - KEEP_ASIDE_S + 3600))
    place.publish(MemoryLedger(3))
    assert (old.exists(), young.exists()) == (False, True)


def test_quarantine_is_swept_after_a_week(place: Place) -> None:
    place.quarantine.mkdir()
    for name, age_s in (("old", KEEP_ASIDE_S + 60), ("young", KEEP_ASIDE_S - 3600)):
        (place.quarantine / name).touch()
        os.utime(place.quarantine / name, (time.time(), time.time() - age_s))
    place.publish(MemoryLedger(3))
    assert names_in(place.quarantine) == ["young"]


# The only file of a new ledger


@pytest.mark.parametrize("path", ["on_efs", "in_tmp"])
def test_a_cold_reader_does_not_fall_back_to_a_replaced_ledger(place: Place, path: str) -> None:
    older = place.publish(MemoryLedger(5))
    newer = place.publish(ledger := MemoryLedger(2, older.bookmark.epoch + 1))
    flip_bit(place.path(newer), 8 * 5000)
    reader = getattr(place, path)()
    for at_least in (NOTHING, older.bookmark):
        with pytest.raises(Problem, match="can be proven to hold the data") as caught:
            served(reader, at_least)
        assert caught.value.status == 503
    publish(place.publisher(ledger), ledger)
    assert served(reader) == newer.bookmark


def test_a_file_of_an_epoch_that_no_ledger_can_have_stops_nobody(place: Place) -> None:
    published = place.publish(MemoryLedger(5))
    place.plant(b"garbage", Bookmark(int(time.time() * 1000) + 2 * CLOCKS_APART_MS, 1))
    assert served(place.on_efs()) == published.bookmark


def test_a_proven_copy_outlives_what_happens_to_the_published_file(place: Place) -> None:
    published = place.publish(MemoryLedger(3))
    catalog = place.catalog()
    in_tmp = type(place.in_tmp())(catalog, place.settings)
    assert count_of(in_tmp) == 3
    flip_bit(place.path(published), 8 * 5000)
    catalog.names(True)
    catalog.reject(published.name)
    assert count_of(in_tmp) == 3
    assert in_tmp.retries == 0


# Quarantine


def test_quarantine_leaves_the_good_file_that_took_the_bad_ones_place(place: Place) -> None:
    published = place.publish(MemoryLedger(3))
    path = place.path(published)
    bad_inode = path.stat().st_ino
    shutil.copy(path, place.tmp / "good")
    keeps_inode = path.open("rb")
    path.unlink()
    shutil.copy(place.tmp / "good", path)
    snapshots = PublishedSnapshots(place.catalog())
    snapshots.quarantine(published.name, bad_inode, UnprovenError("it was damaged"))
    keeps_inode.close()
    assert count_of(place.on_efs()) == 3
    snapshots.quarantine(published.name, path.stat().st_ino, UnprovenError("it is"))
    assert len(names_in(place.quarantine)) == 1
