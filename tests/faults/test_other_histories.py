"""A table that was restored or mixed up, and code of another schema version: nothing foreign is taken for one's own."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from handlers.aws.dynamodb import Deadline
from handlers.domain.bookmark import NOTHING, Bookmark
from handlers.domain.problem import Problem
from handlers.ledger.head import Head
from handlers.ledger.ledger import Ledger
from handlers.rows import MODEL
from handlers.snapshots import maker
from handlers.snapshots import publish as publish_module
from handlers.snapshots.chain import CLOCKS_APART_MS
from handlers.snapshots.names import Name
from handlers.snapshots.published import DivergedError
from tests.support.api import Api
from tests.support.drafts import with_value
from tests.support.files import (
    EPOCH,
    MemoryLedger,
    Place,
    contents,
    count_of,
    flip_bit,
    names_in,
    page,
    publish,
    served,
)
from tests.support.meddling import no_time_limit
from tests.support.problems import assert_problem


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


# A table that went back, seen by a publisher


def set_back(ledger: MemoryLedger, kept: int, after: int) -> None:
    """The ledger keeps its first rows, and then gets others, in the same epoch."""
    ledger.stored = ledger.stored[:kept]
    ledger.grow(after)
    ledger.stored[kept:] = [with_value(row, 0.125) for row in ledger.stored[kept:]]


@pytest.mark.parametrize("how", ["insert", "compact", "rebuild"])
@pytest.mark.parametrize("is_warm", [False, True])
@pytest.mark.parametrize(
    ("after", "reason"),
    [
        (0, "reaches beyond the ledger's head"),
        (1, "reaches beyond the ledger's head"),
        (5, "does not hold the ledger's rows"),
        (7, "(what is published|Row 10 of the snapshot 1000.10) is not the ledger"),
        (3000, "(what is published|Row 10 of the snapshot 1000.10) is not the ledger"),
    ],
)
def test_upon_what_a_ledger_does_not_hold_any_more_nothing_is_published(
    place: Place, after: int, reason: str, how: str, is_warm: bool
) -> None:
    publisher = place.publisher(ledger := MemoryLedger(10))
    publish(publisher, ledger)
    before = names_in(place.snapshots)
    set_back(ledger, 5, after)
    publisher = publisher if is_warm else place.publisher(ledger)
    for _ in range(2):
        with pytest.raises(DivergedError, match=reason):
            place.rebuild(ledger) if how == "rebuild" else publish(publisher, ledger, compact=how == "compact")
    assert names_in(place.snapshots) == before
    assert names_in(place.quarantine) == []


def test_a_step_that_ends_before_the_head_is_proven_by_the_newest_row(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The head's hash says nothing about a point before it."""
    monkeypatch.setattr(maker, "RANGE_ROWS", 5)
    ledger = MemoryLedger(10)
    place.publish(ledger)
    before = names_in(place.snapshots)
    set_back(ledger, 5, 20)
    with pytest.raises(DivergedError, match=r"Row 10 of the snapshot 1000\.10 is not the ledger's"):
        place.publish(ledger)
    assert names_in(place.snapshots) == before
    set_back(ledger, 5, 0)
    ledger.stored = MemoryLedger(25).stored  # the right table again
    assert place.publish(ledger).bookmark.seq == 25


def test_the_snapshots_of_another_table_of_the_same_epoch_are_not_built_upon(place: Place) -> None:
    place.publish(MemoryLedger(10))
    other = MemoryLedger(11)
    other.stored = [with_value(row, 0.125) for row in other.stored]
    with pytest.raises(DivergedError, match="is not the ledger"):
        place.publish(other)
    assert len(names_in(place.snapshots)) == 1


@pytest.mark.parametrize("how", ["insert", "compact", "rebuild"])
@pytest.mark.parametrize("is_broken", [False, True])
def test_nothing_is_published_beside_the_snapshot_of_a_newer_ledger_be_it_broken(
    place: Place, is_broken: bool, how: str
) -> None:
    newer = place.publish(MemoryLedger(1, EPOCH + 1))
    if is_broken:
        place.path(newer).unlink()
        place.plant(b"", Bookmark(EPOCH + 1, 9), first=5)
    with pytest.raises(DivergedError, match="of epoch 1001 are of a newer ledger than 1000"):
        place.rebuild(MemoryLedger(3)) if how == "rebuild" else place.publish(MemoryLedger(3), compact=how == "compact")
    assert len(names_in(place.snapshots)) == 1


@pytest.mark.parametrize("ledger", [MemoryLedger(4, EPOCH + 1), None])
def test_rows_of_an_epoch_that_the_ledger_has_left_are_not_published(
    place: Place, ledger: MemoryLedger | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    class NoLedger(MemoryLedger):
        def head(self, deadline: Deadline) -> Head:
            return None  # pyright: ignore[reportReturnType] - there is none

    publisher = place.publisher(ledger or NoLedger())
    with pytest.raises(DivergedError, match=r"has left the epoch of 1000\.3"):
        publish(publisher, MemoryLedger(3))
    assert names_in(place.snapshots) == []


def test_a_ledger_that_is_set_back_while_it_is_published_is_noticed(place: Place) -> None:
    """Others have published more than this publisher's head; the head is read again, and has gone back."""
    ledger = MemoryLedger(5)

    class Falling(MemoryLedger):
        def head(self, deadline: Deadline) -> Head:
            head = super().head(deadline)
            self.stored = self.stored[:2]
            return head

    ledger.grow(2)
    place.publish(ledger)
    publisher = place.publisher(Falling(5))
    with pytest.raises(DivergedError, match="reaches beyond the ledger's head"):
        publish(publisher, MemoryLedger(5))
    with pytest.raises(DivergedError, match="reaches beyond the ledger's head"):
        place.rebuild(Falling(5))


# A branch goes on from what its parent has published


def branched(place: Place, published: tuple[int, ...], seq: int) -> MemoryLedger:
    """A ledger that published so many rows at a time and then goes on from its row `seq` as a new epoch."""
    ledger = MemoryLedger()
    for count in published:
        ledger.grow(count)
        place.publish(ledger)
    ledger.branch(EPOCH + 1, seq)
    ledger.spans.clear()
    return ledger


def check_branch(place: Place, ledger: MemoryLedger, found: tuple[Name, ...]) -> None:
    texts = [(*row, MODEL.json_text(row)) for row in ledger.stored]
    assert [row for name in reversed(found) for row in contents(place.path(name))[0]] == texts


@pytest.mark.parametrize("after", [0, 1])
def test_whole_segments_below_the_branch_point_are_linked_under_the_new_epochs_names(place: Place, after: int) -> None:
    ledger = branched(place, (2000, 250), 2250)
    ledger.grow(after)
    published = place.publish(ledger)
    assert published.bookmark == (EPOCH + 1, 2250 + after)
    *new, middle, oldest = published.chain
    assert len(new) == after
    for name in (middle, oldest):
        old = place.path(name.in_epoch(EPOCH))
        assert place.path(name).stat().st_ino == old.stat().st_ino
    assert [(span.first, span.last) for span in ledger.spans] == [(2251, 2251)] * after
    assert published.written_bytes == sum(place.path(name).stat().st_size for name in new)
    assert published.build == ("incremental" if after else "none")
    check_branch(place, ledger, published.chain)
    assert all(Name.parse(text) for text in names_in(place.snapshots))
    assert served(place.in_tmp()) == published.bookmark


def test_a_branch_in_the_middle_of_a_segment_takes_the_segments_before_it_and_its_rows_from_the_ledger(
    place: Place,
) -> None:
    ledger = branched(place, (2000, 250), 2100)
    ledger.grow(5)
    published = place.publish(ledger)
    assert [(name.first, name.last) for name in published.chain] == [(2001, 2105), (1, 2000)]
    assert [(span.first, span.last) for span in ledger.spans] == [(2001, 2105)]
    check_branch(place, ledger, published.chain)


def test_a_branch_one_row_before_what_its_parent_has_published_takes_the_point_below(place: Place) -> None:
    ledger = branched(place, (2000, 1), 2000)
    ledger.grow(1)
    published = place.publish(ledger)
    assert [(name.first, name.last) for name in published.chain] == [(2001, 2001), (1, 2000)]
    assert [(span.first, span.last) for span in ledger.spans] == [(2001, 2001)]
    check_branch(place, ledger, published.chain)


def test_a_branch_at_the_beginning_is_empty(place: Place) -> None:
    ledger = branched(place, (10,), 0)
    assert place.publish(ledger).bookmark == (EPOCH + 1, 0)
    assert count_of(place.on_efs()) == 0


def test_a_small_segment_is_merged_across_the_branch_point(place: Place) -> None:
    ledger = branched(place, (10,), 10)
    published = place.publish(ledger)
    assert [(name.first, name.last) for name in published.chain] == [(1, 10)]
    assert ledger.spans == []
    check_branch(place, ledger, published.chain)


@pytest.mark.parametrize("after", [0, 5])
def test_what_a_parent_has_published_of_other_rows_is_not_inherited(place: Place, after: int) -> None:
    """The table was restored, and goes on as a new epoch: the parent's snapshots hold rows that were lost."""
    ledger = MemoryLedger(2000)
    place.publish(ledger)
    set_back(ledger, 1900, 100)
    ledger.branch(EPOCH + 1, 2000)
    ledger.grow(after)
    published = place.publish(ledger)
    assert published.build == "full"
    assert [(name.first, name.last) for name in published.chain] == [(1, 2000 + after)]
    check_branch(place, ledger, published.chain)


def test_nothing_is_inherited_that_cannot_be_proven_in_one_step(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (maker, publish_module):
        monkeypatch.setattr(module, "RANGE_ROWS", 40)
    ledger = branched(place, (30,), 30)
    ledger.grow(41)
    assert place.publish(ledger).build == "full"
    assert ledger.spans[0].first == 1


def test_a_branch_whose_first_step_is_cut_by_time_begins_without_its_parent(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = branched(place, (30,), 30)
    ledger.grow(35)
    monkeypatch.setattr(maker, "BATCH_ROWS", 20)
    monkeypatch.setattr(maker, "INDEXES_S", 1000.0)  # after each batch, the time is over
    published = place.publish(ledger)
    assert published.bookmark.seq == 65
    check_branch(place, ledger, published.chain)


# A table that went back, seen through the API


def items(ledger: Ledger) -> list[dict[str, Any]]:
    return ledger.client.scan(TableName=ledger.table_name)["Items"]


def put_back(ledger: Ledger, kept: list[dict[str, Any]]) -> None:
    """The table as it was, as a recovery to a point in time brings it back."""
    for item in items(ledger):
        key = {name: item[name] for name in ("pk", "sk")}
        ledger.client.delete_item(TableName=ledger.table_name, Key=key)
    for item in kept:
        ledger.client.put_item(TableName=ledger.table_name, Item=item)


def rows_of(api: Api, path: str) -> list[dict[str, Any]]:
    return api.get(path, "order=asc&limit=1000").json["data"]


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
    assert_problem(api.post("/snapshots"), "diverged", "reaches beyond the ledger's head", "console ledger new-epoch")
    for count in (1, 3, 1, 1, 5):
        inserted = api.post("/insert", {"count": count})
        assert (inserted.status, inserted.json["snapshot"]) == (201, None)
        assert "of another history" in inserted.json["warning"]
        assert "new-epoch" in inserted.json["warning"]
    for body in ({}, {"full": True}):
        assert_problem(api.post("/snapshots", body), "diverged", "is not the ledger")
    listed = [entry["bookmark"] for entry in api.get("/snapshots").json["snapshots"]]
    assert listed[0] == lost["bookmark"]


@pytest.mark.parametrize("is_warm", [True, False])
def test_after_a_new_epoch_all_paths_give_the_restored_table_and_old_bookmarks_are_refused(
    environ: dict[str, str], ledger: Ledger, is_warm: bool
) -> None:
    """The runbook of a recovery to a point in time: docs/deployment.md."""
    api = Api(environ)
    api.post("/insert", {"count": 250})
    kept = items(ledger)
    lost = api.post("/insert", {"count": 5}).json
    put_back(ledger, kept)
    api = api if is_warm else Api(environ)
    after = api.post("/insert", {"count": 2}).json
    assert after["snapshot"] is None
    published = api.post("/snapshots", {"new_epoch": True})
    assert published.status == 201, published.text
    bookmark = published.json["snapshot"]["bookmark"]
    epoch, _, seq = bookmark.partition(".")
    assert seq == "252"
    assert int(epoch) > int(lost["bookmark"].partition(".")[0])
    expected = rows_of(api, "/ddb")
    assert [row["id"] for row in expected[250:]] == after["ids"]
    for path in ("/sqlite-efs", "/sqlite-tmp"):
        assert rows_of(api, path) == expected
        for old in (lost["bookmark"], after["bookmark"]):
            assert_problem(api.get(path, min_bookmark=old), "epoch-replaced")
    assert api.post("/insert", {}).json["snapshot"]["rows"] == 253


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
    assert_problem(problem, "diverged", "newer ledger", "new-epoch")
    assert "retry-after" not in problem.headers
    mended = api.post("/snapshots", {"new_epoch": True})
    assert mended.json["snapshot"]["rows"] == 6
    assert rows_of(api, "/sqlite-efs") == rows_of(api, "/ddb")


# Another schema version


def foreign(place: Place, bookmark: Bookmark) -> Path:
    """A file as code of another schema version publishes it."""
    place.snapshots.mkdir(exist_ok=True)
    path = place.snapshots / Name.of(bookmark, 1, "0123456789abcdef", MODEL.schema_version + 1)
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
    place.publish(ledger, compact=True)
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


# The only file of a new ledger


@pytest.mark.parametrize("path", ["on_efs", "in_tmp"])
def test_a_cold_reader_does_not_fall_back_to_a_replaced_ledger(place: Place, path: str) -> None:
    older = place.publish(MemoryLedger(5))
    newer = place.publish(ledger := MemoryLedger(2, older.bookmark.epoch + 1))
    flip_bit(place.path(newer), 8 * 5000)
    reader = getattr(place, path)()
    for at_least in (NOTHING, older.bookmark):
        with pytest.raises(Problem, match="can be proven to hold the data") as caught:
            page(reader, at_least)
        assert caught.value.status == 503
    publish(place.publisher(ledger), ledger)
    assert (served(reader), count_of(reader)) == (newer.bookmark, 2)


def test_a_file_of_an_epoch_that_no_ledger_can_have_stops_nobody(place: Place) -> None:
    published = place.publish(MemoryLedger(5))
    place.plant(b"garbage", Bookmark(int(time.time() * 1000) + 2 * CLOCKS_APART_MS, 1))
    reader = place.on_efs()
    assert (count_of(reader), served(reader)) == (5, published.bookmark)


def test_a_proven_copy_outlives_what_happens_to_the_published_file(place: Place) -> None:
    published = place.publish(MemoryLedger(3))
    catalog = place.catalog()
    in_tmp = type(place.in_tmp())(catalog, place.settings)
    assert count_of(in_tmp) == 3
    flip_bit(place.path(published), 8 * 5000)
    catalog.look(True)
    catalog.reject(published.chain[0])
    assert count_of(in_tmp) == 3
    assert in_tmp.retries == 0
