from __future__ import annotations

import os
import tempfile
import threading
from hashlib import blake2b
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handlers.domain.bookmark import Bookmark
from handlers.domain.hashes import content_hash, hash_text
from handlers.domain.problem import Problem
from handlers.rows import SCHEMA_VERSION, json_text
from handlers.snapshots import publish as publish_module
from handlers.snapshots.catalog import Name
from handlers.snapshots.publish import BUILD_LIMIT_S, INDEXES_S, Published, Publisher
from handlers.snapshots.published import DivergedError
from handlers.telemetry.usage import Usage
from tests.support.files import (
    EPOCH,
    Calls,
    MemoryLedger,
    Place,
    contents,
    count_of,
    descriptors,
    names_in,
    publish,
    served,
)

STEPS = st.lists(st.tuples(st.integers(0, 60), st.sampled_from(["warm", "cold", "full"])), min_size=1, max_size=6)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@given(STEPS, st.integers(1, 40))
@settings(max_examples=25, deadline=None)
def test_any_history_of_publishes_gives_the_rows_and_the_hash_of_one_full_build(
    steps: list[tuple[int, str]], batch_rows: int
) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        place, ledger = Place(Path(folder) / "one"), MemoryLedger()
        publisher = place.publisher(ledger)
        published: Published | None = None
        for count, kind in steps:
            patch.setattr(publish_module, "BATCH_ROWS", batch_rows)
            publisher = place.publisher(ledger) if kind == "cold" else publisher
            ledger.grow(count)
            published = publish(publisher, ledger, kind == "full")
            assert published.bookmark == ledger.bookmark
        patch.undo()
        other = Place(Path(folder) / "other")
        reference = other.publish(MemoryLedger(len(ledger.stored)), full=True)
        assert published
        assert published.hash == reference.hash
        assert contents(place.path(published)) == contents(other.path(reference))


def test_the_rows_and_the_hash_are_those_of_the_ledger(place: Place) -> None:
    ledger = MemoryLedger(50)
    published = place.publish(ledger)
    rows, meta = contents(place.path(published))
    assert rows == [(*row, json_text(row)) for row in ledger.stored]
    total = content_hash(0, [row[0] for row in ledger.stored], [json_text(row) for row in ledger.stored])
    assert published.hash == hash_text(total) == meta[0][3]


def test_equal_builds_are_equal_bytes_wherever_and_whenever(tmp_path: Path) -> None:
    places = [Place(tmp_path / number) for number in "12"]
    builds = [place.publish(MemoryLedger(500), full=True) for place in places]
    assert builds[0] == builds[1]
    assert len({place.path(build).read_bytes() for place, build in zip(places, builds, strict=True)}) == 1
    again = places[0].publish(MemoryLedger(500), full=True)
    assert again == builds[0]
    assert names_in(places[0].snapshots) == [again.name]


def test_the_file_is_in_rollback_mode_and_has_no_company(place: Place) -> None:
    publisher = place.publisher(ledger := MemoryLedger(10))
    for _ in range(3):
        published = publish(publisher, ledger)
        assert place.path(published).read_bytes()[18:20] == b"\1\1"
        assert all(Name.parse(name) for name in names_in(place.snapshots))
        ledger.grow(10)
    assert names_in(place.staging) == []


def test_the_name_is_bookmark_and_digest_and_the_group_may_read(place: Place) -> None:
    published = place.publish(MemoryLedger(7))
    content = place.path(published).read_bytes()
    assert published.name == f"{EPOCH:016d}-{7:012d}-{SCHEMA_VERSION:06d}-{blake2b(content).hexdigest()[:16]}.db"
    assert (published.size_bytes, published.bookmark) == (len(content), (EPOCH, 7))
    assert place.path(published).stat().st_mode & 0o777 == 0o640
    assert place.snapshots.stat().st_mode & 0o777 == 0o750


def test_the_bytes_are_durable_before_they_have_their_name(place: Place) -> None:
    with Calls(place.efs) as calls:
        place.publish(MemoryLedger(3))
    order = [name for name in calls.seen if name in ("write", "fsync", "close", "link", "unlink")]
    assert order[-5:] == ["write", "fsync", "close", "link", "unlink"]


def test_files_are_moved_in_steps_of_one_mib(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[int] = []
    read: list[int] = []
    write, readv = os.write, os.readv

    def noting_write(file: int, data: memoryview) -> int:
        written.append(len(data))
        return write(file, data)

    def noting_readv(file: int, buffers: list[bytearray]) -> int:
        read.append(len(buffers[0]))
        return readv(file, buffers)

    monkeypatch.setattr(os, "write", noting_write)
    monkeypatch.setattr(os, "readv", noting_readv)
    size_bytes = place.publish(MemoryLedger(8000)).size_bytes
    mib = 1024 * 1024
    assert size_bytes > mib
    assert written == [mib] * (size_bytes // mib) + [size_bytes % mib]
    served(place.in_tmp())
    assert set(read) == {mib}


def test_a_write_that_takes_only_a_part_is_continued(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write

    def partly(file: int, data: memoryview) -> int:
        return write(file, data[:5000])

    monkeypatch.setattr(os, "write", partly)
    place.publish(MemoryLedger(100))
    assert count_of(place.in_tmp()) == 100


def test_a_publisher_that_finds_its_rows_published_does_nothing_more(place: Place) -> None:
    ledger = MemoryLedger(3)
    first = place.publish(ledger)
    working = names_in(place.tmp / "build")
    other = place.publisher(ledger)
    for _ in range(2):
        with Calls(place.efs) as calls:
            found = publish(other, ledger)
        assert (found.name, found.size_bytes, found.hash, found.build) == (
            first.name,
            first.size_bytes,
            first.hash,
            "none",
        )
        assert not {"link", "write", "mkdir", "rename", "unlink"} & set(calls.seen)
    assert names_in(place.snapshots) == [first.name]
    assert names_in(place.tmp / "build") == working


def test_what_is_published_is_proven_once(place: Place) -> None:
    publisher = place.publisher(ledger := MemoryLedger(3))
    publish(publisher, ledger)
    with Calls(place.efs) as calls:
        publish(publisher, ledger)
    assert calls.seen == ["scandir", "lstat"]


def test_one_publish_serves_all_who_appended_meanwhile(place: Place) -> None:
    ledger = MemoryLedger(3)
    asked = ledger.bookmark
    ledger.grow(4)
    assert place.publisher(ledger).publish(asked, Usage()).bookmark.seq == 7


def test_a_head_of_another_epoch_is_not_built_towards(place: Place) -> None:
    ledger = MemoryLedger(3)
    asked = ledger.bookmark
    ledger.epoch += 1
    ledger.grow(4)
    assert place.publisher(ledger).publish(asked, Usage()).bookmark == asked


def test_the_warm_file_gets_only_the_rows_after_its_seq_and_a_cold_start_those_after_the_newest(place: Place) -> None:
    publisher = place.publisher(ledger := MemoryLedger(100))
    assert publish(publisher, ledger).build == "full"
    ledger.spans.clear()
    ledger.grow(1)
    assert publish(publisher, ledger).build == "incremental"
    ledger.grow(1)
    assert place.publish(ledger).build == "incremental"
    assert [(span.first, span.last) for span in ledger.spans] == [(100, 101), (101, 102)]
    assert place.publish(ledger, full=True).build == "full"
    assert [(span.first, span.last) for span in ledger.spans[2:]] == [(102, 102), (1, 102)]


def test_an_empty_ledger_has_an_empty_snapshot(place: Place) -> None:
    published = place.publish(MemoryLedger())
    assert published.bookmark == (EPOCH, 0)
    assert count_of(place.on_efs()) == 0
    assert served(place.in_tmp()) == (EPOCH, 0)


def test_a_new_ledger_starts_from_nothing_and_its_readers_leave_the_old_one(place: Place) -> None:
    publisher = place.publisher(ledger := MemoryLedger(5))
    publish(publisher, ledger)
    reader = place.on_efs()
    assert served(reader) == (EPOCH, 5)
    ledger.epoch, ledger.stored = EPOCH + 1, []
    ledger.grow(2)
    assert publish(publisher, ledger).build == "full"
    assert served(reader) == (EPOCH + 1, 2)
    assert publisher.published.greatest_epoch() == EPOCH + 1


def test_the_greatest_epoch_of_nothing_is_0(place: Place) -> None:
    assert place.publisher(MemoryLedger()).published.greatest_epoch() == 0


@pytest.mark.parametrize("full", [False, True])
def test_nothing_is_built_upon_the_snapshot_of_a_newer_ledger(place: Place, full: bool) -> None:
    place.publish(MemoryLedger(1, EPOCH + 1))
    with pytest.raises(DivergedError, match=r"1001\.1 is of a newer ledger than 1000\.3"):
        place.publish(MemoryLedger(3), full)
    assert len(names_in(place.snapshots)) == 1


def restored(count: int, after: int) -> MemoryLedger:
    """A ledger that was set back to its first rows and then written to: the rows after them have other ids."""
    ledger = MemoryLedger(count + after)
    ledger.stored[count:] = [(seq, f"new-{seq:08d}", value, at) for seq, _, value, at in ledger.stored[count:]]
    return ledger


@pytest.mark.parametrize("is_warm", [False, True])
@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize(
    ("after", "reason"),
    [
        (0, "reaches beyond the head"),
        (1, "reaches beyond the head"),
        (5, "Row 10 of the newest snapshot is not the ledger's"),
        (7, "Row 10 of the newest snapshot is not the ledger's"),
    ],
)
def test_what_a_restored_ledger_does_not_hold_any_more_is_never_taken_for_its_own(
    place: Place, after: int, reason: str, full: bool, is_warm: bool
) -> None:
    publisher = place.publisher(ledger := MemoryLedger(10))
    publish(publisher, ledger)
    before = names_in(place.snapshots)
    ledger.stored = restored(5, after).stored
    publisher = publisher if is_warm else place.publisher(ledger)
    for _ in range(2):
        with pytest.raises(DivergedError, match=reason):
            publish(publisher, ledger, full)
        with pytest.raises(DivergedError, match=reason):
            publisher.holding(Bookmark(EPOCH, min(10, 5 + after)))
    assert names_in(place.snapshots) == before


def test_a_publisher_that_others_have_overtaken_finds_its_rows_in_their_snapshot(place: Place) -> None:
    ledger = MemoryLedger(10)
    theirs = place.publish(ledger)
    asked = Bookmark(EPOCH, 7)
    assert place.publisher(ledger).publish(asked, Usage()).name == theirs.name
    found = place.publisher(ledger).holding(asked)
    assert found
    assert found.name == theirs.name
    assert place.publisher(ledger).holding(Bookmark(EPOCH, 11)) is None
    assert place.publisher(ledger).holding(Bookmark(EPOCH - 1, 1)) is None


def test_a_long_build_publishes_the_prefix_it_reached_and_the_next_goes_on(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publish_module, "BATCH_ROWS", 10)
    now_s = 0.0

    def monotonic() -> float:
        nonlocal now_s
        now_s += (BUILD_LIMIT_S - INDEXES_S) / 6  # a full build
        return now_s

    ledger = MemoryLedger(75)
    publisher = Publisher(ledger, place.settings, monotonic)
    for reached in (30, 70):  # the second one makes no indexes any more
        with pytest.raises(Problem, match=rf"built up to 1000\.{reached} of 1000\.75") as caught:
            publish(publisher, ledger)
        assert caught.value.status == 503
        assert count_of(place.on_efs()) == reached
    assert publish(publisher, ledger).build == "incremental"
    assert count_of(place.on_efs()) == 75


def test_publishers_in_several_threads_at_once_all_succeed_and_agree(tmp_path: Path) -> None:
    places = [Place(tmp_path / number, tmp_path / "efs") for number in "123"]
    errors: list[BaseException] = []
    barrier = threading.Barrier(len(places))

    def run(place: Place, full: bool) -> None:
        publisher = place.publisher(ledger := MemoryLedger())
        try:
            for count in (1, 5, 50, 100):
                ledger.grow(count)
                barrier.wait()
                published = publish(publisher, ledger, full)
                assert published.bookmark == ledger.bookmark
        except BaseException as error:  # noqa: BLE001 - told to the test
            errors.append(error)
            barrier.abort()

    threads = [threading.Thread(target=run, args=(place, place is places[2])) for place in places]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    by_bookmark: dict[object, list[object]] = {}
    for text in names_in(places[0].snapshots):
        name = Name.parse(text)
        assert name
        by_bookmark.setdefault(name.bookmark, []).append(contents(places[0].path(name)))
    assert len(by_bookmark) == 4
    assert all(content == same[0] for same in by_bookmark.values() for content in same)
    assert names_in(places[0].staging) == names_in(places[0].quarantine) == []


def test_a_link_that_was_made_but_not_acknowledged_is_taken_as_made(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = os.link

    def twice(source: str, target: str) -> None:
        if not os.path.exists(target):
            link(source, target)
        link(source, target)

    monkeypatch.setattr(os, "link", twice)
    assert place.publish(MemoryLedger(3)).bookmark.seq == 3
    assert count_of(place.on_efs()) == 3


def test_a_name_taken_by_damaged_bytes_meanwhile_is_cleared_and_taken(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = os.link
    damaged: list[str] = []

    def damaged_first(source: str, target: str) -> None:
        if not damaged:
            damaged.append(target)
            Path(target).write_bytes(b"damaged")
        link(source, target)

    monkeypatch.setattr(os, "link", damaged_first)
    assert place.publish(MemoryLedger(3)).bookmark.seq == 3
    assert count_of(place.on_efs()) == 3
    assert len(names_in(place.quarantine)) == 1


def test_a_snapshot_removed_by_another_publisher_while_looking_is_passed_over(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.publish(MemoryLedger(2))
    newest = place.path(place.publish(MemoryLedger(3)))
    lstat = os.lstat

    def gone(path: str) -> os.stat_result:
        newest.unlink(missing_ok=True)
        return lstat(path)

    publisher = place.publisher(MemoryLedger(3))
    monkeypatch.setattr(os, "lstat", gone)
    found = publisher.published.newest()
    assert found
    assert found.bookmark.seq == 2


def test_where_the_only_snapshot_is_removed_while_looking_there_is_none_and_nothing_is_wrong(
    place: Place, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    only = place.path(place.publish(MemoryLedger(3)))
    lstat = os.lstat

    def gone(path: str) -> os.stat_result:
        only.unlink(missing_ok=True)
        return lstat(path)

    publisher = place.publisher(MemoryLedger(3))
    monkeypatch.setattr(os, "lstat", gone)
    assert publisher.published.newest() is None
    assert caplog.messages == []
    assert names_in(place.quarantine) == []


def test_what_a_dead_process_left_on_the_sandboxs_disk_is_gone_before_the_first_build(place: Place) -> None:
    folder = place.tmp / "build"
    folder.mkdir()
    for name in ("old.db", "old.db-journal", "fresh.db"):
        (folder / name).touch()
    publisher = place.publisher(ledger := MemoryLedger(1))
    publish(publisher, ledger)
    (working,) = names_in(folder)
    assert working not in ("old.db", "fresh.db")
    (folder / "mine.db").touch()  # what this process has there is nobody else's business
    publish(publisher, ledger, full=True)
    assert "mine.db" in names_in(folder)


def test_a_working_file_that_vanished_fails_once_and_is_made_anew(place: Place) -> None:
    publisher = place.publisher(ledger := MemoryLedger(3))
    publish(publisher, ledger)
    for name in names_in(place.tmp / "build"):
        (place.tmp / "build" / name).unlink()
    ledger.grow(1)
    with pytest.raises(FileNotFoundError):
        publish(publisher, ledger)
    assert publish(publisher, ledger).bookmark.seq == 4


def test_the_phases_of_a_publish_are_timed(place: Place) -> None:
    usage = Usage()
    place.publisher(MemoryLedger(3)).publish(MemoryLedger(3).bookmark, usage)
    assert list(usage.all_ms()) == ["check", "ledger", "build", "write", "tidy", "total"]


def test_tidying_up_that_fails_takes_nothing_from_what_was_published(
    place: Place, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    publisher = place.publisher(ledger := MemoryLedger(3))

    def fail(*_: object) -> None:
        raise OSError("no tidying")

    monkeypatch.setattr(publish_module.Retention, "apply", fail)
    assert publish(publisher, ledger).bookmark.seq == 3
    assert "no tidying" in caplog.text


def test_a_build_that_starts_anew_gives_back_what_the_one_before_took(place: Place) -> None:
    publisher = place.publisher(ledger := MemoryLedger(3))
    publish(publisher, ledger)
    before = descriptors()
    for _ in range(3):
        publish(publisher, ledger, full=True)
        assert len(names_in(place.tmp / "build")) == 1
    assert descriptors() <= before


def test_a_file_that_goes_away_between_the_look_and_the_proof_is_not_there(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    published = place.publish(MemoryLedger(3))
    publisher = place.publisher(MemoryLedger(3))

    def gone(*_: object) -> None:
        raise FileNotFoundError(published.name)

    monkeypatch.setattr("handlers.snapshots.published.open_snapshot", gone)
    assert publisher.published.newest() is None
    assert names_in(place.snapshots) == [published.name]
