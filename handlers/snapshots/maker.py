"""The making of one segment, of published ones that are merged and of rows of the ledger, and its way to EFS.

A finished file is copied to `staging/` and made durable before it gets its name. A crash at any point leaves at most an
orphan there, which is swept later.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ulid import ULID

from handlers.aws.dynamodb import Deadline
from handlers.aws.table import PAGE_ROWS
from handlers.domain.timestamps import boottime_s
from handlers.ledger.ledger import Ledger, Range
from handlers.snapshots.build import SegmentBuilder
from handlers.snapshots.files import copy_durably, copy_proven, discard, empty_folder, make_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from handlers.ledger.head import Head
    from handlers.snapshots.catalog import Catalog
    from handlers.snapshots.published import Published
    from handlers.snapshots.segment import Segment
    from handlers.telemetry.usage import Usage

BATCH_ROWS = 8 * PAGE_ROWS  # read in parallel, applied together
FILE_MODE = 0o640  # the readers are in the group
COMPACTED_ROWS = 500_000  # the most that compaction merges into one segment, in the time that a link may take
RANGE_ROWS = 250_000  # the most new rows of one segment
INDEXES_S = 3.0  # a segment's indexes are made when its rows are in
LAST_BATCH_S = 4.0  # for a batch begun at the limit: append, build and copy end before the gateway gives up


@dataclass(frozen=True)
class Plan:
    """The next step of a publish."""

    head: Head  # up to where
    base: Published | None  # what is built upon
    merged: int  # how many of its newest segments are merged
    listed_s: float  # when it was listed
    is_due: bool  # whether there is anything to do


class Staging:
    """The folder `staging/`. All methods raise OSError."""

    def __init__(self, efs_dir: str) -> None:
        self.folder = os.path.join(efs_dir, "staging")

    @contextmanager
    def staged(self, path: str) -> Generator[tuple[str, int, str]]:
        """Copy a file, durably; the copy is gone afterwards. Yields its path, its size in bytes and its digest."""
        make_folder(self.folder)
        temporary = os.path.join(self.folder, f"{ULID()}.tmp")
        try:
            yield temporary, *copy_durably(path, temporary, FILE_MODE)
        finally:
            discard(temporary)


class SegmentMaker:
    """Makes segments on the sandbox's own disk.

    Args:
        ledger: where new rows come from.
        tmp_dir: the disk.
        clock: the clock for limits, in seconds.
    """

    def __init__(self, ledger: Ledger, tmp_dir: str, clock: Callable[[], float] = boottime_s) -> None:
        self._ledger = ledger
        self._folder = os.path.join(tmp_dir, "build")
        self._has_folder = False
        self._clock = clock

    @contextmanager
    def made(
        self,
        catalog: Catalog,
        merged: Published | None,
        first: int,
        head: Head,
        *,
        end_s: float,
        usage: Usage,
        most_rows: int | None = None,
    ) -> Generator[tuple[Segment, str]]:
        """Make a segment. Yields what it says of itself, and its file, which is gone afterwards.

        Args:
            merged: the segments it begins with; None: none.
            first: the first row after them.
            head: of the ledger's history; the segment reaches up to it, as far as `most_rows` and the time allow.
            end_s: when it has to be done, by the clock; at least one batch is read.
            usage: gets the phases ledger and build.
            most_rows: the most new rows; None: `RANGE_ROWS`.

        Raises:
            Problem: 503, the ledger is away.
            UnprovenError, FileNotFoundError: a segment to be merged is damaged, or gone.
            OSError, sqlite3.Error: the disk is full or fails.
        """
        path = self.new_path()
        builder = SegmentBuilder(path, merged.chain[-1].first if merged else first, self._ledger.model)
        try:
            for name, segment in reversed(list(zip(merged.chain, merged.segments, strict=True)) if merged else []):
                copy = f"{path}.{name.last}"
                try:
                    copy_proven(catalog.path(name), copy, name)
                    builder.take(copy, segment)
                finally:
                    discard(copy)
            usage.lap("build")
            last = min(head.seq, first + (most_rows or RANGE_ROWS) - 1)
            self._add_rows(builder, head, last, end_s - INDEXES_S, usage)
            segment = builder.finish()
            segment.close()
            usage.lap("build")
            yield segment, path
        finally:
            builder.close()
            discard(path)

    def new_path(self) -> str:
        """Return the path of a new file; the folder is freed from what processes that died in this sandbox left."""
        if not self._has_folder:
            empty_folder(self._folder)
            self._has_folder = True
        return os.path.join(self._folder, f"{ULID()}.db")

    def most_rows(self, base: Published) -> int:
        """Return how many rows compaction may merge: their copies and the new file fit the disk. Raises OSError."""
        row_bytes = base.size_bytes / max(1, base.bookmark.seq)
        return min(COMPACTED_ROWS, int(self.free_bytes() / (2.2 * row_bytes + 1)))

    def free_bytes(self) -> int:
        """Return how much room the disk has. Raises OSError."""
        disk = os.statvfs(os.path.dirname(self._folder))
        return disk.f_bavail * disk.f_frsize

    def _add_rows(self, builder: SegmentBuilder, head: Head, last: int, end_s: float, usage: Usage) -> None:
        """Append the ledger's rows up to `last`, or as many as the time allows; at least a batch."""
        has_time = True
        while builder.next <= last and has_time:
            span = Range(head.roots, builder.next, min(last, builder.next + BATCH_ROWS - 1))
            deadline = Deadline(limit_s=max(LAST_BATCH_S, min(Deadline.LIMIT_S, end_s - self._clock())))
            batch = [row for page in self._ledger.rows(span, deadline) for row in page]
            usage.lap("ledger")
            builder.add(batch)
            usage.lap("build")
            has_time = self._clock() < end_s
