from __future__ import annotations

import os
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.domain.bookmark import Bookmark
from handlers.rows import MODEL
from handlers.snapshots import retention
from handlers.snapshots.chain import Listed
from handlers.snapshots.names import Name
from handlers.snapshots.publish import Publisher
from handlers.snapshots.published import PublishedSegments
from handlers.snapshots.retention import (
    KEEP_ASIDE_S,
    MOST_FILES,
    NEVER_BEFORE_S,
    ORPHAN_AGE_S,
    SWEEP_EVERY_S,
    Retention,
    expired,
    superseded_s,
    sweep,
)
from tests.support.files import EPOCH, MemoryLedger, Place, flip_bit, names_in, publish
from tests.support.meddling import Clock

HOUR_S = 3600.0
INFINITE = float("inf")

Times = dict[Name, float]


def name(first: int, last: int, epoch: int = EPOCH, digest: int = 0) -> Name:
    return Name.of(Bookmark(epoch, last), first, f"{digest:016x}")


def superseded(published_s: Times) -> Times:
    return superseded_s(Listed(published_s), published_s)


def growing(count: int, step_s: float) -> Times:
    """One small segment after the other, each merged with the one before."""
    return {name(1, seq): seq * step_s for seq in range(1, count + 1)}


# When a segment is superseded


def test_a_segment_is_superseded_by_the_first_one_that_holds_its_rows_and_more() -> None:
    assert superseded({name(1, 5): 100, name(1, 6): 200, name(1, 9): 300}) == {name(1, 5): 200, name(1, 6): 300}


def test_what_the_newest_chain_uses_is_not_superseded() -> None:
    times = {name(1, 1000): 100.0, name(1001, 1100): 200.0, name(1101, 1101): 300.0}
    assert superseded(times) == {}


def test_a_compaction_supersedes_all_that_it_holds() -> None:
    times = {name(1, 5): 100.0, name(6, 8): 200.0, name(1, 8): 300.0}
    assert superseded(times) == {name(1, 5): 300, name(6, 8): 300}


def test_a_compaction_supersedes_although_rows_follow_it_that_what_it_holds_leads_to_as_well() -> None:
    """The new rows go on from the compacted segment and from those it was made of, which have to go all the same."""
    times: Times = {name(1, 5): 100, name(6, 8): 200, name(1, 8): 300, name(9, 9): 400}
    assert superseded(times) == {name(1, 5): 300, name(6, 8): 300}


def test_a_segment_that_was_in_the_newest_chain_until_a_compaction_came_is_superseded_by_it() -> None:
    times: Times = {name(1, 5): 100, name(6, 8): 200, name(9, 9): 300, name(1, 8): 400}
    assert superseded(times) == {name(1, 5): 400, name(6, 8): 400}


def test_a_dead_end_supersedes_nothing_that_is_still_built_upon() -> None:
    """Two publishers merged differently: the newest chain went on from the narrower file until all were merged."""
    narrow, wide, upon_narrow = name(1, 10), name(1, 20), name(11, 30)
    times: Times = {narrow: 100, wide: 200, upon_narrow: 300}
    assert superseded(times) == {wide: 300}
    assert superseded(times | {name(1, 40): 9000.0}) == {narrow: 9000, upon_narrow: 9000, wide: 300}


def test_what_cannot_be_reached_supersedes_nothing() -> None:
    times: Times = {name(1, 5): 100, name(8, 20): 200, name(1, 6): 300}
    assert superseded(times)[name(1, 5)] == 300


def test_a_segment_that_is_reachable_only_later_supersedes_from_then_on() -> None:
    times: Times = {name(1, 5): 100, name(7, 20): 200, name(1, 6): 300}
    assert superseded(times)[name(1, 5)] == 300


def test_a_segment_that_comes_too_late_was_superseded_when_it_came() -> None:
    times: Times = {name(1, 5): 100, name(1, 9): 200, name(6, 7): 300}
    assert superseded(times) == {name(1, 5): 200, name(6, 7): 300}


def test_the_empty_segment_is_superseded_by_the_first_rows() -> None:
    times: Times = {name(1, 0): 100, name(1, 5): 200, name(6, 700): 300}
    assert superseded(times) == {name(1, 0): 200}


def test_an_older_epoch_is_superseded_by_the_first_file_of_a_later_one() -> None:
    later = EPOCH + 1
    times: Times = {name(1, 5): 100, name(6, 900): 150, name(1, 0, later): 200, name(1, 2, later): 300}
    assert superseded(times) == {name(1, 5): 200, name(6, 900): 200, name(1, 0, later): 300}


def test_an_epoch_that_no_ledger_can_have_is_left_alone_and_supersedes_nothing() -> None:
    stray = name(2, 5, 9 * 10**15)
    times: Times = {name(1, 5): 100, stray: 50, name(1, 6): 9000, name(1, 9, EPOCH - 1): 10}
    assert superseded(times) == {name(1, 5): 9000, stray: INFINITE, name(1, 9, EPOCH - 1): 100}


@st.composite
def published(draw: st.DrawFn) -> Times:
    """Segments in the order in which they were published."""
    ranges = st.tuples(st.integers(1, 8), st.integers(1, 8)).map(sorted)
    made = draw(st.lists(ranges, min_size=1, max_size=12, unique_by=tuple))
    return {name(first, last): 100.0 * place for place, (first, last) in enumerate([[1, 1], *made])}


@given(published())
def test_a_segment_was_in_no_newest_chain_since_it_was_superseded(published_s: Times) -> None:
    listed = Listed(published_s)
    for it, since_s in superseded(published_s).items():
        assert it not in listed.chain
        assert since_s >= published_s[it]
        for now_s in published_s.values():
            if now_s >= since_s:
                assert it not in Listed([other for other, at_s in published_s.items() if at_s <= now_s]).chain


# What expires


@pytest.mark.parametrize(("retain_s", "kept_s"), [(HOUR_S, HOUR_S), (0, NEVER_BEFORE_S), (100, 100)])
def test_superseded_segments_stay_for_the_time_set_and_never_less_than_a_minute(retain_s: float, kept_s: float) -> None:
    times: Times = {name(1, 1): 0, name(1, 2): 1000}
    assert expired(Listed(times), times, retain_s, 1000 + kept_s - 0.001) == []
    assert expired(Listed(times), times, retain_s, 1000 + kept_s) == [name(1, 1)]


def test_of_the_last_hour_200_files_are_kept_but_of_the_last_minute_all() -> None:
    times = growing(301, step_s=1)
    gone = expired(Listed(times), times, HOUR_S, now_s=301 + NEVER_BEFORE_S)
    assert sorted(gone) == sorted(times)[: 300 - MOST_FILES]
    times = growing(301, step_s=0.1)
    assert expired(Listed(times), times, HOUR_S, now_s=31) == []


@given(published(), st.floats(0, 5000), st.integers(0, 1000))
def test_the_newest_chain_never_expires(published_s: Times, now_s: float, retain_s: int) -> None:
    listed = Listed(published_s)
    assert not set(expired(listed, published_s, retain_s, now_s)) & set(listed.chain)


# What is removed


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Files are linked at the time of this clock."""
    clock, times = Clock(), dict[str, float]()
    link, linked_s = os.link, retention.linked_s

    def timed_link(source: str, target: str) -> None:
        link(source, target)
        times[target] = clock.now_s

    monkeypatch.setattr(os, "link", timed_link)

    def told(path: str) -> float | None:
        return times[path] if linked_s(path) else None

    monkeypatch.setattr(retention, "linked_s", told)
    return clock


def rows_there(place: Place) -> list[tuple[int, int]]:
    return [(found.first, found.last) for text in names_in(place.snapshots) if (found := Name.parse(text))]


def publish_after(publisher: Publisher, ledger: MemoryLedger, clock: Clock, pause_s: float) -> None:
    clock.pass_s(pause_s)
    ledger.grow(1)
    publish(publisher, ledger)


@pytest.mark.parametrize("is_warm", [True, False])
def test_publishing_removes_the_files_past_their_time(place: Place, clock: Clock, is_warm: bool) -> None:
    publisher = place.publisher(ledger := MemoryLedger())
    for pause_s in (0, 10, 3000, 601):
        publisher = publisher if is_warm else place.publisher(ledger)
        publish_after(publisher, ledger, clock, pause_s)
    assert rows_there(place) == [(1, 2), (1, 3), (1, 4)]  # the first was superseded 3601 s ago, the second 601 s ago


def test_a_damaged_superseder_keeps_what_it_supersedes(tmp_path: Path, clock: Clock) -> None:
    place = Place(tmp_path, VERIFY_MAX_BYTES="0", RETAIN_S="0")
    ledger = MemoryLedger(300)
    place.publish(ledger)
    clock.pass_s(10)
    ledger.grow(100)
    merged = place.publish(ledger)
    flip_bit(place.path(merged), 8 * 20_000)
    publish_after(place.publisher(ledger), ledger, clock, 100)
    assert (1, 300) in rows_there(place)
    assert (1, 400) not in rows_there(place)  # it is in quarantine
    assert publish(place.publisher(ledger), ledger).bookmark.seq == 401


def test_a_hard_link_of_an_older_epoch_goes_unproven_because_the_file_stays(
    place: Place, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unproven(*_: object) -> bool:
        return False

    monkeypatch.setattr(PublishedSegments, "is_proven_wholly", unproven)
    ledger = MemoryLedger(300)
    place.publish(ledger)
    ledger.branch(EPOCH + 1, 300)
    publisher = place.publisher(ledger)
    for pause_s in (10, 3601):
        publish_after(publisher, ledger, clock, pause_s)
    assert all(it.startswith(f"{EPOCH + 1:016d}") for it in names_in(place.snapshots))
    assert publish(place.publisher(ledger), ledger).bookmark == (EPOCH + 1, 302)


def test_a_publish_asks_about_new_files_only(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    publisher = place.publisher(ledger := MemoryLedger())
    for _ in range(5):
        ledger.grow(1)
        publish(publisher, ledger)
    asked: list[str] = []
    lstat = os.lstat

    def noting(path: str) -> os.stat_result:
        asked.append(os.path.basename(path))
        return lstat(path)

    monkeypatch.setattr(os, "lstat", noting)
    ledger.grow(1)
    before = publish(publisher, ledger).chain
    asked.clear()
    ledger.grow(1)
    newest = publish(publisher, ledger).chain[0]
    assert asked == [*before, newest, newest]  # what is built upon; what was linked; and when


def aged(path: Path, age_s: float) -> None:
    at_s = time.time() - age_s
    os.utime(path, (at_s, at_s), follow_symlinks=False)


@pytest.mark.parametrize(
    ("folder", "kept_s"), [("staging", ORPHAN_AGE_S), ("rebuild", KEEP_ASIDE_S), ("quarantine", KEEP_ASIDE_S)]
)
def test_other_folders_are_swept(place: Place, folder: str, kept_s: float) -> None:
    (place.efs / folder).mkdir()
    for text, age_s in (("old", kept_s + 60), ("young", kept_s - 60)):
        (place.efs / folder / text).touch()
        aged(place.efs / folder / text, age_s)
    place.publish(MemoryLedger(1))
    assert names_in(place.efs / folder) == ["young"]


def test_a_warm_publisher_sweeps_every_15_minutes(place: Place) -> None:
    publisher = place.publisher(ledger := MemoryLedger(1))
    publish(publisher, ledger)
    clock = Clock()
    kept = Retention(publisher.catalog, publisher.published, place.settings, clock)
    for pause_s, expected in ((0, []), (SWEEP_EVERY_S - 1, ["old"]), (1, [])):
        (place.staging / "old").touch()
        aged(place.staging / "old", 3600)
        clock.pass_s(pause_s)
        kept.apply()
        assert names_in(place.staging) == expected


def test_another_schema_versions_files_go_a_week_after_the_last_of_them(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.snapshots.mkdir()
    ages_s = {"old": KEEP_ASIDE_S + 60, "older": 2 * KEEP_ASIDE_S, "gone": KEEP_ASIDE_S + 60}
    ages_s |= {"base of one in use": 2 * KEEP_ASIDE_S, "in use": KEEP_ASIDE_S - 60}
    paths: dict[str, Path] = {}
    for number, text in enumerate(ages_s, 1):
        schema = MODEL.schema_version + (2 if "in use" in text else 1)
        paths[text] = place.snapshots / Name.of(Bookmark(EPOCH, number), 1, "0" * 16, schema)
        paths[text].touch()
    linked_s = retention.linked_s

    def told(path: str) -> float | None:
        text = next((text for text in paths if str(paths[text]) == path), None)
        if text == "gone":
            paths[text].unlink(missing_ok=True)
        found_s = linked_s(path)
        return found_s - ages_s[text] if found_s and text else found_s

    monkeypatch.setattr(retention, "linked_s", told)
    place.publish(MemoryLedger(1))
    assert [text for text in paths if paths[text].exists()] == ["base of one in use", "in use"]


def test_what_cannot_be_removed_keeps_nothing_else(
    place: Place, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    publisher = place.publisher(ledger := MemoryLedger())
    for pause_s in (0, 10, 10):
        publish_after(publisher, ledger, clock, pause_s)
    first = place.snapshots / names_in(place.snapshots)[0]
    first.unlink()
    first.mkdir()
    publish_after(publisher, ledger, clock, 3600)
    assert [it.split("-")[1][-1] for it in names_in(place.snapshots)] == ["1", "3", "4"]
    assert "stays" in caplog.text


# Races with other publishers


def test_a_file_that_another_publisher_removes_meanwhile_is_no_error(
    place: Place, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = MemoryLedger(1)
    first = place.path(place.publish(ledger))
    ledger.grow(1)
    newest = place.publish(ledger)
    catalog = place.catalog()
    catalog.look()
    first.unlink()
    Retention(catalog, PublishedSegments(catalog, 0), place.settings).apply()
    assert names_in(place.snapshots) == list(newest.chain)


def test_where_the_newest_chain_is_not_whole_any_more_nothing_is_removed(tmp_path: Path, clock: Clock) -> None:
    """Another publisher has just moved its file to quarantine: the one before it is needed again."""
    place, ledger = Place(tmp_path, RETAIN_S="0"), MemoryLedger(1)
    place.publish(ledger)
    clock.pass_s(10)
    ledger.grow(1)
    newest = place.path(place.publish(ledger))
    clock.pass_s(100)
    catalog = place.catalog()
    catalog.look()
    newest.unlink()
    Retention(catalog, PublishedSegments(catalog, 0), place.settings).apply()
    assert rows_there(place) == [(1, 1)]


def test_where_nothing_is_reachable_nothing_is_removed(place: Place, clock: Clock) -> None:
    for last in (3, 9):
        (place.efs / "planted").touch()
        place.snapshots.mkdir(exist_ok=True)
        os.link(str(place.efs / "planted"), str(place.snapshots / name(2, last)))
        clock.pass_s(9000)
    catalog = place.catalog()
    catalog.look()
    Retention(catalog, PublishedSegments(catalog, 0), place.settings).apply()
    assert len(names_in(place.snapshots)) == 2


def test_an_orphan_that_its_publisher_removes_meanwhile_keeps_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for text in ("1.tmp", "2.tmp", "3.tmp"):
        (tmp_path / text).touch()
    scandir = os.scandir

    @contextmanager
    def listed_before_it_was_removed(path: str) -> Generator[list[os.DirEntry[str]]]:
        with scandir(path) as entries:
            listed = sorted(entries, key=lambda entry: entry.name)
        (tmp_path / "2.tmp").unlink()
        yield listed

    monkeypatch.setattr(os, "scandir", listed_before_it_was_removed)
    sweep(str(tmp_path), time.time() + 5000)
    assert names_in(tmp_path) == []


def test_an_orphan_that_points_to_nothing_is_swept_too(tmp_path: Path) -> None:
    """Its own age counts, not that of what it points to."""
    for text in ("old.tmp", "fresh.tmp"):
        (tmp_path / text).symlink_to("nowhere")
    aged(tmp_path / "old.tmp", 5000)
    sweep(str(tmp_path), time.time() - 3600)
    assert os.listdir(tmp_path) == ["fresh.tmp"]
