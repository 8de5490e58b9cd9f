from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from handlers.reads.sqlite_efs import SqliteReader
from handlers.telemetry.meter import METERS, Meters
from tests.support.files import EPOCH, MemoryLedger, Place, page

CHUNK_BYTES = 1024 * 1024


def used_by_a_page(reader: SqliteReader) -> tuple[int, ...]:
    before = METERS.efs
    page(reader)
    return tuple(now - then for now, then in zip(METERS.efs, before, strict=True))


def test_units_of_reads_in_many_threads_are_all_added_up() -> None:
    meters = Meters()
    with ThreadPoolExecutor(8) as pool:
        for _ in range(400):
            pool.submit(meters.dynamodb_read, 0.5)
            pool.submit(meters.dynamodb_read, None)
    assert (meters.read_units, meters.unmetered_reads) == (200.0, 400)


def test_a_listing_an_open_and_the_proof_are_counted(tmp_path: Path) -> None:
    place = Place(tmp_path)
    published = place.publish(MemoryLedger(300))
    assert used_by_a_page(place.on_efs()) == (2, 1, published.size_bytes)


def test_of_a_file_too_large_to_hash_the_header_alone_is_read(tmp_path: Path) -> None:
    place = Place(tmp_path, VERIFY_MAX_BYTES="1000")
    place.publish(MemoryLedger(300))
    assert used_by_a_page(place.on_efs()) == (2, 1, 100)


def test_a_copy_is_read_once_from_efs_in_steps_of_a_mebibyte_and_written_once(tmp_path: Path) -> None:
    place = Place(tmp_path)
    published = place.publish(MemoryLedger(8000))
    before = METERS.copied_bytes
    assert used_by_a_page(place.in_tmp()) == (3, -(-published.size_bytes // CHUNK_BYTES), published.size_bytes)
    assert published.size_bytes > CHUNK_BYTES
    assert METERS.copied_bytes - before == published.size_bytes


def test_a_warm_reader_looks_at_the_directory_and_at_nothing_else(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.publish(MemoryLedger(3, EPOCH))
    for reader in (place.on_efs(), place.in_tmp()):
        page(reader)
        assert used_by_a_page(reader) == (1, 0, 0)
