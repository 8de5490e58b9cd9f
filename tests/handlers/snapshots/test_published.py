from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

import pytest

from handlers.domain.bookmark import MAX_SEQ, Bookmark
from handlers.snapshots.files import UnprovenError, make_folder
from handlers.snapshots.names import Name
from handlers.snapshots.published import Proof, Published, PublishedSegments
from tests.support.files import EPOCH, Calls, MemoryLedger, Place, count_of, flip_bit, names_in

LARGE = 8 * 20_000  # a bit in the middle of a file, in no header


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def segments_of(place: Place, verify_max_bytes: int = 10**9) -> PublishedSegments:
    segments = PublishedSegments(place.catalog(), verify_max_bytes)
    segments.catalog.look()
    return segments


def three(place: Place) -> Published:
    """A chain of three segments: rows 1 … 2000, 2001 … 2210, 2211 … 2213."""
    ledger = MemoryLedger()
    published: Published | None = None
    for count in (2000, 210, 3):
        ledger.grow(count)
        published = place.publish(ledger)
    assert published
    assert [name.rows for name in published.chain] == [3, 210, 2000]
    return published


# The snapshot


def test_a_snapshots_hash_and_size_are_those_of_its_segments(place: Place) -> None:
    published = three(place)
    sizes = [place.path(name).stat().st_size for name in published.chain]
    assert published.size_bytes == sum(sizes)
    assert published.bookmark == (EPOCH, 2213)
    assert published.hash == MemoryLedger(2213).head(None).hash  # pyright: ignore[reportArgumentType] - not looked at


def test_a_snapshot_is_split_into_what_is_kept_and_what_is_merged(place: Place) -> None:
    published = three(place)
    for count in range(4):
        kept, taken = published.split(count)
        assert (taken.chain if taken else ()) == published.chain[:count]
        assert (kept.chain if kept else ()) == published.chain[count:]
        assert (taken.segments if taken else ()) == published.segments[:count]
        assert (kept.segments if kept else ()) == published.segments[count:]


def test_an_empty_segment_is_neither_kept_nor_merged(place: Place) -> None:
    published = place.publish(MemoryLedger())
    assert published.split(0) == published.split(1) == (None, None)


# What is proven


def test_the_newest_snapshot_is_found_up_to_a_point(place: Place) -> None:
    published = three(place)
    segments = segments_of(place)
    for upto, last in ((MAX_SEQ, 2213), (2213, 2213), (2212, 2210), (2210, 2210), (2209, 2000), (1999, None)):
        found = segments.newest(EPOCH, upto=upto)
        assert (found.bookmark.seq if found else None) == last
    assert segments.newest(EPOCH) == Published(published.chain, segments.newest(EPOCH).segments)  # pyright: ignore[reportOptionalMemberAccess]
    assert segments.newest(EPOCH + 1) is None


def test_the_greatest_epoch_is_of_the_listing_as_it_is_now(place: Place) -> None:
    segments = segments_of(place)
    assert segments.greatest_epoch() == 0
    place.publish(MemoryLedger(1, EPOCH + 7))
    assert segments.greatest_epoch() == EPOCH + 7


def test_what_was_proven_is_not_read_again(place: Place) -> None:
    three(place)
    segments = segments_of(place)
    first = segments.newest(EPOCH)
    with Calls(place.efs) as calls:
        assert segments.newest(EPOCH) == first
    assert calls.seen == ["lstat"] * 3
    with Calls(place.efs) as calls:
        assert segments.newest(EPOCH, proof=Proof.REMEMBERED) == first
    assert calls.seen == []


def test_what_has_changed_since_it_was_proven_has_to_prove_all_its_bytes(place: Place) -> None:
    published = three(place)
    oldest = published.chain[-1]
    segments = segments_of(place, 0)
    assert segments.newest(EPOCH)
    flip_bit(place.path(oldest), LARGE)
    assert segments.newest(EPOCH, proof=Proof.REMEMBERED)
    assert segments.newest(EPOCH) is None
    assert [name.partition(".db")[0] + ".db" for name in names_in(place.quarantine)] == [oldest]


def test_proof_of_a_name_is_no_proof_of_another_file_that_gets_it(place: Place) -> None:
    published = three(place)
    segments = segments_of(place)
    segments.newest(EPOCH)
    path = place.path(published)
    content = path.read_bytes()
    (place.efs / "other").write_bytes(b"x" * len(content))
    os.replace(place.efs / "other", path)
    segments.catalog.look()
    found = segments.newest(EPOCH)
    assert found
    assert found.bookmark.seq == 2210


@pytest.mark.parametrize(("which", "last"), [(0, 2210), (1, 2000), (2, None)])
def test_a_damaged_segment_goes_to_quarantine_and_the_next_reachable_point_is_taken(
    place: Place, which: int, last: int | None, caplog: pytest.LogCaptureFixture
) -> None:
    damaged = three(place).chain[which]
    flip_bit(place.path(damaged), LARGE)
    found = segments_of(place).newest(EPOCH)
    assert (found.bookmark.seq if found else None) == last
    assert [text.rpartition(".")[0] for text in names_in(place.quarantine)] == [damaged]
    assert not place.path(damaged).exists()
    assert "goes to quarantine" in caplog.text


def test_bytes_are_proven_of_files_up_to_a_size_or_where_asked_for(place: Place) -> None:
    published = three(place)
    oldest = published.chain[-1]
    flip_bit(place.path(oldest), LARGE)
    segments = segments_of(place, place.path(oldest).stat().st_size - 1)
    assert segments.newest(EPOCH)
    assert not names_in(place.quarantine)
    assert segments.newest(EPOCH, proof=Proof.WHOLLY) is None
    assert len(names_in(place.quarantine)) == 1


def test_where_all_bytes_were_proven_once_retention_does_not_ask_again(place: Place) -> None:
    published = three(place)
    oldest = published.chain[-1]
    segments = segments_of(place, 0)
    assert segments.is_proven_wholly(oldest)
    with Calls(place.efs) as calls:
        assert segments.is_proven_wholly(oldest)
    assert calls.seen == []
    flip_bit(place.path(oldest), LARGE)
    assert not segments_of(place, 0).is_proven_wholly(oldest)


def test_the_maker_of_a_segment_needs_no_proof_of_its_bytes(place: Place) -> None:
    (name, *_), (segment, *_) = (published := three(place)).chain, published.segments
    segments = segments_of(place, 0)
    segments.add(name, segment)
    with Calls(place.efs) as calls:
        assert segments.prove(name, Proof.REMEMBERED) is segment
        assert segments.is_proven_wholly(name)
    assert calls.seen == []


def test_what_its_maker_cannot_look_at_has_to_prove_itself(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    (name, *_), (segment, *_) = (published := three(place)).chain, published.segments
    segments = segments_of(place)
    away = place.path(published).rename(place.efs / "away")
    segments.add(name, segment)
    (said,) = caplog.messages
    assert said.startswith(f"segment {name} cannot be looked at now: ")
    away.rename(place.path(published))
    with Calls(place.efs) as calls:
        assert segments.is_proven_wholly(name)
    assert calls.seen != []


def test_what_is_not_listed_any_more_is_forgotten(place: Place) -> None:
    published = three(place)
    segments = segments_of(place)
    segments.newest(EPOCH)
    place.path(published).unlink()
    segments.catalog.look()
    place.publish(MemoryLedger(2214))
    segments.catalog.look()
    segments.newest(EPOCH)
    assert published.chain[0] not in {name for name, *_ in segments._proven}  # pyright: ignore[reportPrivateUsage]
    assert published.chain[0] not in segments._identities  # pyright: ignore[reportPrivateUsage]


# What is away


def test_a_file_that_vanishes_between_the_look_and_the_proof_is_not_there_and_nothing_is_wrong(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    published = three(place)
    segments = segments_of(place)
    place.path(published).unlink()
    found = segments.newest(EPOCH)
    assert found
    assert found.bookmark.seq == 2210
    assert caplog.messages == []
    assert names_in(place.quarantine) == []


def deny(monkeypatch: pytest.MonkeyPatch, *paths: Path) -> None:
    """Opening these files fails, as with another owner; root would not be refused."""
    really_open = os.open

    def refuse(file: str, flags: int, mode: int = 0o777) -> int:
        if file in map(str, paths):
            raise PermissionError(errno.EACCES, "Permission denied", file)
        return really_open(file, flags, mode)

    monkeypatch.setattr(os, "open", refuse)


def test_what_cannot_be_read_now_is_passed_over_where_there_is_a_way_around_it(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    published = three(place)
    deny(monkeypatch, place.path(published))
    found = segments_of(place).newest(EPOCH)
    assert found
    assert found.bookmark.seq == 2210
    assert place.path(published).exists()
    deny(monkeypatch, place.path(published.chain[-1]))
    with pytest.raises(PermissionError):
        segments_of(place).newest(EPOCH)
    assert names_in(place.quarantine) == []


# Quarantine


def test_quarantine_leaves_the_good_file_that_took_the_bad_ones_place(place: Place) -> None:
    published = place.publish(MemoryLedger(3))
    (name,) = published.chain
    segments = segments_of(place)
    path = place.path(published)
    shutil.copy(path, place.tmp / "good")
    keeps_inode = path.open("rb")
    path.unlink()
    shutil.copy(place.tmp / "good", path)
    segments.quarantine(name, UnprovenError("it was damaged"))
    keeps_inode.close()
    assert count_of(place.on_efs()) == 3
    segments.catalog.look()
    segments.quarantine(name, UnprovenError("it is"))
    assert len(names_in(place.quarantine)) == 1
    assert not path.exists()


def test_what_another_publisher_has_moved_already_is_no_error(place: Place) -> None:
    published = place.publish(MemoryLedger(3))
    segments = segments_of(place)
    place.path(published).unlink()
    segments.quarantine(published.chain[0], UnprovenError("it was damaged"))
    assert names_in(place.quarantine) == []


def test_a_name_of_what_is_no_file_at_all_goes_to_quarantine(place: Place) -> None:
    place.publish(MemoryLedger(3))
    directory = place.snapshots / Name.of(Bookmark(EPOCH, 4), 4, "0" * 16)
    directory.mkdir()
    found = segments_of(place).newest(EPOCH)
    assert found
    assert found.bookmark.seq == 3
    assert len(names_in(place.quarantine)) == 1


def test_a_folder_that_another_publisher_makes_meanwhile_is_as_good(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = place.efs / "folder"
    isdir = os.path.isdir

    def asked_too_early(path: str) -> bool:
        monkeypatch.setattr(os.path, "isdir", isdir)
        folder.mkdir()
        return False

    monkeypatch.setattr(os.path, "isdir", asked_too_early)
    make_folder(str(folder))
    assert folder.exists()
