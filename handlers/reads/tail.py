"""The tail: the rows between our newest snapshot and the newest one of the columns that ours replace.

While code of both versions runs, what code before ours appends it publishes alone. Its segments have no place for the
values of our columns, so those rows come out of the ledger: as with `fresh=1`, but only as far as is published, and
they are kept.
"""

from __future__ import annotations

import logging
import os
import time
from typing import TYPE_CHECKING

from handlers.aws.dynamodb import Deadline
from handlers.domain.bookmark import NOTHING, Bookmark
from handlers.domain.problem import Problem, unavailable
from handlers.domain.timestamps import boottime_s
from handlers.ledger.items import OtherColumnsError
from handlers.reads.ddb import ledger_of
from handlers.reads.fresh import rows_beyond, segment_of
from handlers.reads.sqlite_view import SqliteView
from handlers.snapshots.chain import merged_rows
from handlers.snapshots.files import discard, empty_folder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from handlers.reads.sqlite_view import Link
    from handlers.settings import Settings

MOST_ROWS = 50_000  # of a tail: about a second of processor time when it is first read

_log = logging.getLogger(__name__)


class Tail:
    """Continues one reader's snapshot. Its segments are files of the sandbox, so that statements read them too.

    Args:
        settings: the table, and the disk.
        name: of its own folder there.
    """

    def __init__(self, settings: Settings, name: str) -> None:
        self._ledger = ledger_of(settings)
        self._folder = os.path.join(settings.tmp_dir, f"tail-{name}")
        self._files: dict[Link, str] = {}  # newest first
        self._base: SqliteView | None = None
        self._shown: SqliteView | None = None
        self._reached = NOTHING
        self._made = 0

    def over(self, base: SqliteView, upto: Bookmark) -> SqliteView:
        """Return a snapshot, continued up to a point where it is older, or up to what was shown before.

        Raises Problem: 409 where the ledger's rows have other columns; 503 where they cannot be read now, and nothing
        is there to show but what goes back behind that, or no rows at all.
        """
        if self._shown is None or base is not self._base:
            self.close()
            self._base = self._shown = base
        upto, reached = max(upto, self._reached), max(base.bookmark, self._reached)
        least = upto if reached == NOTHING else reached
        try:
            if self._shown.bookmark < upto:
                self._shown = self._continued(self._shown, upto)
        except OtherColumnsError:
            raise
        except Problem as problem:
            if self._shown.bookmark < least:
                raise
            _log.warning("%s is served, the rows up to %s cannot be read now: %s", self._shown.bookmark, upto, problem)
        if self._shown.bookmark < least:
            raise unavailable(f"The ledger does not hold the rows up to {least}, which are published")
        self._reached = self._shown.bookmark
        return self._shown

    def close(self) -> None:
        """Remove its files."""
        self._close(list(self._files))
        self._base = self._shown = None

    def _continued(self, shown: SqliteView, upto: Bookmark) -> SqliteView:
        deadline = Deadline(boottime_s, time.sleep)
        head = self._ledger.head(deadline)
        if head is None or head.epoch != upto.epoch:
            return shown  # what is published there is of another history than the ledger
        last = min(upto.seq, head.seq)
        if head.bookmark <= shown.bookmark:
            return shown
        merged = self._small(last - shown.bookmark.seq)
        before = _without(shown, len(merged))
        rows, kept = rows_beyond(self._ledger, before, head, last=last, most=MOST_ROWS, deadline=deadline)
        path = self._new_path()
        added = segment_of(rows, last - len(rows) + 1, path)
        self._files = {added: path, **self._files}
        self._close([link for link in self._files if link is not added and link not in kept])
        return SqliteView([added, *kept], Bookmark(head.epoch, last))

    def _small(self, added: int) -> list[Link]:
        """Return the newest parts that are put together with so many rows more, as a publish does it."""
        parts = list(self._files)
        count, _ = merged_rows([link.last - link.first + 1 for link in parts], added)
        return parts[:count]

    def _close(self, links: Sequence[Link]) -> None:
        for link in links:
            link.close()
            discard(self._files.pop(link))

    def _new_path(self) -> str:
        if not self._made:
            empty_folder(self._folder)
        self._made += 1
        return os.path.join(self._folder, f"{self._made}.db")


def _without(view: SqliteView, count: int) -> SqliteView:
    """Return a view without its newest so many segments."""
    if not count:
        return view
    links = view.links[count:]
    return SqliteView(links, Bookmark(view.bookmark.epoch, links[0].last) if links else NOTHING)
