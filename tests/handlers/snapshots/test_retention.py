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
from handlers.snapshots.catalog import Name
from handlers.snapshots.retention import KEEP_SUPERSEDED_S, MOST_FILES, NEVER_BEFORE_S, Retention, expired, sweep
from tests.support.files import MemoryLedger, Place, names_in, publish

NOW_S = 1_000_000.0


def names(count: int) -> list[Name]:
    """Newest first."""
    return [Name.of(Bookmark(1, seq), "0" * 16) for seq in range(count, 0, -1)]


def ages(*published_ago_s: float) -> dict[Name, float]:
    """Snapshots published so long ago, newest first."""
    made = names(len(published_ago_s))
    return {name: NOW_S - ago_s for name, ago_s in zip(made, published_ago_s, strict=True)}


def superseded_ago_s(published_s: dict[Name, float], name: Name) -> float:
    """Since when a newer snapshot has been there beside this one; the model is the definition, word for word."""
    since_s = min((at_s for other, at_s in published_s.items() if other > name), default=float("inf"))
    return NOW_S - max(since_s, published_s[name])


@given(st.lists(st.floats(-100, 9000), max_size=250), st.integers(1, 8))
def test_what_expires_follows_from_place_and_time_since_superseded(published_ago_s: list[float], retain: int) -> None:
    published_s = ages(*published_ago_s)
    removed = expired(published_s, retain, NOW_S)
    ordered = sorted(published_s, reverse=True)
    assert not set(removed) & set(ordered[:retain])
    for place, name in enumerate(ordered):
        age_s = superseded_ago_s(published_s, name)
        if age_s < NEVER_BEFORE_S:
            assert name not in removed
        elif place >= max(retain, MOST_FILES) or (place >= retain and age_s >= KEEP_SUPERSEDED_S):
            assert name in removed
        else:
            assert name not in removed


def test_age_counts_from_when_it_was_superseded_and_not_from_when_it_was_made() -> None:
    old = 10 * KEEP_SUPERSEDED_S
    assert expired(ages(0, old, old), 1, NOW_S) == names(3)[2:]
    assert expired(ages(KEEP_SUPERSEDED_S - 1, old), 1, NOW_S) == []
    assert expired(ages(KEEP_SUPERSEDED_S, old), 1, NOW_S) == names(2)[1:]


def test_a_snapshot_published_late_under_an_older_name_is_not_removed_at_once() -> None:
    assert expired(ages(2 * KEEP_SUPERSEDED_S, 10), 1, NOW_S) == []


def test_of_the_last_hour_200_files_are_kept_but_of_the_last_minute_all() -> None:
    assert expired(ages(*range(100, 400)), 5, NOW_S) == names(300)[MOST_FILES:]
    assert expired(ages(*(place / 10 for place in range(300))), 5, NOW_S) == []


def test_nothing_there_nothing_expires() -> None:
    assert expired({}, 5, NOW_S) == []


def aged(path: Path, age_s: float) -> None:
    at_s = time.time() - age_s
    os.utime(path, (at_s, at_s))


def test_publishing_removes_the_files_past_their_time(tmp_path: Path) -> None:
    place = Place(tmp_path, RETAIN_SNAPSHOTS="2")
    ledger = MemoryLedger()
    for age_s in (20_000, 10_000, 5000, 3700, 5):
        ledger.grow(1)
        aged(place.path(place.publish(ledger)), age_s)
    ledger.grow(1)
    place.publish(ledger)
    left = [Name(name).bookmark.seq for name in names_in(place.snapshots)]
    assert left == [4, 5, 6]  # 4 was superseded 5 s ago


def test_a_file_from_the_future_moves_nobodys_clock(tmp_path: Path) -> None:
    place = Place(tmp_path, RETAIN_SNAPSHOTS="1")
    publisher = place.publisher(ledger := MemoryLedger(1))
    aged(place.path(publish(publisher, ledger)), -1_000_000)
    for _ in range(3):
        ledger.grow(1)
        publish(publisher, ledger)
    (place.staging / "another's.tmp").touch()
    ledger.grow(1)
    place.publish(ledger)
    assert len(names_in(place.snapshots)) == 5
    assert names_in(place.staging) == ["another's.tmp"]


def test_orphans_are_swept_when_nobody_can_be_writing_them_any_more(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.publish(MemoryLedger(1))
    for name, age_s in (("old.tmp", 901), ("fresh.tmp", 600), ("young.tmp", 0)):
        (place.staging / name).touch()
        aged(place.staging / name, age_s)
    place.publish(MemoryLedger(2))
    assert names_in(place.staging) == ["fresh.tmp", "young.tmp"]


def test_what_cannot_be_removed_keeps_nothing_else(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    place, ledger = Place(tmp_path, RETAIN_SNAPSHOTS="9"), MemoryLedger()
    for age_s in (9000, 8000, 7000, 6000):
        ledger.grow(1)
        aged(place.path(place.publish(ledger)), age_s)
    middle = place.snapshots / names_in(place.snapshots)[1]
    middle.unlink()
    middle.mkdir()
    for name in ("directory", "old.tmp"):
        (place.staging / name).mkdir() if name == "directory" else (place.staging / name).touch()
        aged(place.staging / name, 5000)
    aged(middle, 8000)
    ledger.grow(1)
    Place(tmp_path, RETAIN_SNAPSHOTS="1").publish(ledger)
    assert middle.name in names_in(place.snapshots)
    assert not any(name < middle.name for name in names_in(place.snapshots))
    assert names_in(place.staging) == ["directory"]
    assert "stays" in caplog.text


def test_a_file_that_another_publisher_removes_meanwhile_is_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Place(tmp_path)
    first = place.path(place.publish(MemoryLedger(1)))
    second = place.publish(MemoryLedger(2))
    retention = Retention(place.catalog(), str(place.staging), 1)
    lstat = os.lstat

    def gone(path: str) -> os.stat_result:
        first.unlink(missing_ok=True)
        return lstat(path)

    monkeypatch.setattr(os, "lstat", gone)
    retention.apply(second.name)
    assert names_in(place.snapshots) == [second.name]


def test_an_orphan_that_its_publisher_removes_meanwhile_keeps_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("1.tmp", "2.tmp", "3.tmp"):
        (tmp_path / name).touch()
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
    for name in ("old.tmp", "fresh.tmp"):
        (tmp_path / name).symlink_to("nowhere")
    os.utime(tmp_path / "old.tmp", (0, 0), follow_symlinks=False)
    sweep(str(tmp_path), time.time() - 3600)
    assert os.listdir(tmp_path) == ["fresh.tmp"]


def test_a_publish_asks_about_new_files_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = Place(tmp_path)
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
    newest = publish(publisher, ledger).name
    assert asked[-1] == newest
    assert len(set(asked)) <= 2
