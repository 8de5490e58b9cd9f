from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.domain.hashes import content_hash
from handlers.domain.stats import Stats
from handlers.model.model import Row
from handlers.rows import MODEL
from handlers.snapshots.build import IN_MEMORY, SegmentBuilder
from handlers.snapshots.segment import Segment
from tests.support.drafts import value_of
from tests.support.files import contents, make_row, make_rows


def built(path: Path | str, batches: Sequence[Sequence[Row]], first: int = 1) -> Segment:
    """A closed segment of these rows."""
    builder = SegmentBuilder(str(path), first)
    for batch in batches:
        builder.add(batch)
    segment = builder.finish()
    builder.close()
    return segment


def hash_of(rows: Sequence[Row]) -> int:
    return content_hash(0, [row[0] for row in rows], [MODEL.json_text(row) for row in rows])


def stats_of(rows: Sequence[Row]) -> str:
    return Stats().plus([value_of(row) for row in rows], [row[-1] for row in rows]).to_text()


def test_a_segment_holds_its_rows_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "a#b?c%d.db"
    rows = make_rows(5, first=8)
    segment = built(path, [rows[:3], [], rows[3:]], first=8)
    found, meta = contents(path)
    assert found == [(*row, MODEL.json_text(row)) for row in rows]
    hash_text = f"{hash_of(rows):032x}"
    assert meta == [(8, 12, 5, hash_text, MODEL.schema_version, stats_of(rows), "id-00000008", "id-00000012")]
    assert (segment.first, segment.last, segment.hash, segment.stats.to_text()) == (
        8,
        12,
        hash_of(rows),
        stats_of(rows),
    )


def test_a_segment_without_rows_says_so(tmp_path: Path) -> None:
    segment = built(tmp_path / "empty.db", [])
    assert (segment.first, segment.last, segment.hash, segment.stats.count) == (1, 0, 0, 0)
    assert (segment.least_id, segment.greatest_id) == ("", "")


@given(st.lists(st.tuples(st.integers(1, 30), st.booleans()), min_size=1, max_size=4))
def test_a_segment_is_the_same_however_its_rows_came_together(parts: list[tuple[int, bool]]) -> None:
    """Some parts are taken from segments, the others are new."""
    with tempfile.TemporaryDirectory() as folder:
        builder = SegmentBuilder(IN_MEMORY, 1)
        for count, is_taken in parts:
            part = make_rows(count, builder.next)
            if is_taken:
                path = Path(folder) / f"{builder.next}.db"
                builder.take(str(path), built(path, [part], builder.next))
            else:
                builder.add(part)
        segment = builder.finish()
        rows = make_rows(sum(count for count, _ in parts))
        found = builder.connection.execute(f"SELECT * FROM {MODEL.sql_table} ORDER BY seq").fetchall()
        assert found == [(*row, MODEL.json_text(row)) for row in rows]
        assert (segment.hash, segment.stats.to_text()) == (hash_of(rows), stats_of(rows))
        builder.close()


@pytest.mark.parametrize(
    "batch", [make_rows(1, 2), make_rows(1, 5), make_rows(2, 3) + make_rows(1, 6), make_rows(2, 3)[::-1]]
)
def test_rows_that_do_not_follow_are_refused(batch: list[Row]) -> None:
    builder = SegmentBuilder(IN_MEMORY, 3)
    with pytest.raises(ValueError, match="do not begin at 3"):
        builder.add(batch)
    assert (builder.next, builder.hash, builder.stats.count) == (3, 0, 0)
    builder.close()


def test_rows_are_taken_from_proven_segments_and_from_the_ledger_alike(tmp_path: Path) -> None:
    rows = make_rows(9)
    one, other = tmp_path / "one?.db", tmp_path / "other.db"
    segments = built(one, [rows[:4]]), built(other, [rows[4:6]], first=5)
    builder = SegmentBuilder(str(tmp_path / "merged.db"), 1)
    builder.take(str(one), segments[0])
    builder.take(str(other), segments[1])
    builder.add(rows[6:])
    merged = builder.finish()
    builder.close()
    whole = built(tmp_path / "whole.db", [rows])
    assert (merged.hash, merged.stats.to_text()) == (whole.hash, whole.stats.to_text())
    assert (tmp_path / "merged.db").read_bytes() == (tmp_path / "whole.db").read_bytes()


def test_a_segment_that_does_not_follow_is_refused(tmp_path: Path) -> None:
    segment = built(tmp_path / "one.db", [make_rows(4, 3)], first=3)
    builder = SegmentBuilder(IN_MEMORY, 2)
    with pytest.raises(ValueError, match="the rows 3 to 6 do not begin at 2"):
        builder.take(str(tmp_path / "one.db"), segment)
    builder.close()


def test_a_segment_with_fewer_rows_than_it_says_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "one.db"
    segment = built(path, [make_rows(4)])
    connection = sqlite3.connect(path)
    connection.execute(f"DELETE FROM {MODEL.sql_table} WHERE seq = 2")
    connection.commit()
    connection.close()
    builder = SegmentBuilder(IN_MEMORY, 1)
    with pytest.raises(ValueError, match="3 rows are not 1 to 4"):
        builder.take(str(path), segment)
    builder.close()


def test_two_rows_with_one_id_are_found_when_the_segment_is_finished() -> None:
    builder = SegmentBuilder(IN_MEMORY, 1)
    builder.add([make_row(1), (2, *make_row(1)[1:])])
    with pytest.raises(sqlite3.IntegrityError):
        builder.finish()
    builder.close()


def test_a_finished_segment_has_the_indexes(tmp_path: Path) -> None:
    built(tmp_path / "one.db", [make_rows(5)])
    connection = sqlite3.connect(tmp_path / "one.db")
    names = [name for _, name, *_ in connection.execute(f"PRAGMA index_list({MODEL.sql_table})")]
    assert len(names) >= 2
    for name in names:
        assert connection.execute(
            f"SELECT count(*) FROM {MODEL.sql_table} INDEXED BY {name} WHERE id > '' OR 1"
        ).fetchone() == (5,)
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()


def test_a_disk_that_is_full_fails_the_build() -> None:
    builder = SegmentBuilder(IN_MEMORY, 1)
    builder.connection.execute("PRAGMA max_page_count=10")
    with pytest.raises(sqlite3.OperationalError, match="full"):
        builder.add(make_rows(5000))
    builder.close()


def test_closing_leaves_the_file(tmp_path: Path) -> None:
    builder = SegmentBuilder(str(tmp_path / "one.db"), 1)
    builder.close()
    builder.close()
    assert (tmp_path / "one.db").exists()
