"""The rule of what is kept in `snapshots/`, and what is swept from other folders.

A segment is superseded once the newest chain does not use it. Superseded ones stay for an hour, up to 200 files, and
never less than a minute, since a reader may just be opening one or a publisher building upon it. Age counts from when
it was superseded, which the names and the file system's own times tell: a segment is superseded by the first one that
holds its rows and more. Before anything is removed, all bytes of what supersedes it are proven.
"""

from __future__ import annotations

import contextlib
import logging
import os
from typing import TYPE_CHECKING

from handlers.domain.timestamps import boottime_s
from handlers.snapshots.files import remove

if TYPE_CHECKING:
    from collections.abc import Callable

    from handlers.settings import Settings
    from handlers.snapshots.catalog import Catalog
    from handlers.snapshots.chain import Listed
    from handlers.snapshots.names import Name
    from handlers.snapshots.published import PublishedSegments

NEVER_BEFORE_S = 60
MOST_FILES = 200
ORPHAN_AGE_S = 15 * 60  # no function runs longer, so nobody is still writing it
KEEP_ASIDE_S = 7 * 24 * 3600  # in quarantine, of a rebuild, and what code of another schema version has left
SWEEP_EVERY_S = 15 * 60

_log = logging.getLogger(__name__)


class Retention:
    """Removes superseded segments and orphans. Remembers when each was published: a publish asks only about new files.

    Args:
        settings: the folders, and how long superseded segments stay.
        clock: the clock for the time between two sweeps, in seconds.
    """

    def __init__(
        self,
        catalog: Catalog,
        published: PublishedSegments,
        settings: Settings,
        clock: Callable[[], float] = boottime_s,
    ) -> None:
        self._catalog = catalog
        self._published = published
        self._settings = settings
        self._clock = clock
        self._swept_s: float | None = None
        self._published_s: dict[Name, float] = {}

    def apply(self) -> None:
        """Remove what is past its time, as of the newest file's time. Raises OSError."""
        listed = self._catalog.listed
        known = self._published_s
        self._published_s = {name: known.get(name) or self._linked_s(name) for name in listed.names}
        now_s = max(self._published_s.values(), default=0.0)
        for name in expired(listed, self._published_s, self._settings.retain_s, now_s):
            if self._is_replaced(name, listed):
                _try_to_remove(self._catalog.path(name))
        if self._swept_s is None or self._clock() - self._swept_s >= SWEEP_EVERY_S:
            self._swept_s = self._clock()
            self._sweep(now_s)

    def _sweep(self, now_s: float) -> None:
        for name in self._catalog.foreign:
            if self._linked_s(name) < now_s - KEEP_ASIDE_S:
                _try_to_remove(self._catalog.path(name))
        for folder, age_s in (("staging", ORPHAN_AGE_S), ("rebuild", KEEP_ASIDE_S), ("quarantine", KEEP_ASIDE_S)):
            sweep(os.path.join(self._settings.efs_dir, folder), now_s - age_s)

    def _is_replaced(self, name: Name, listed: Listed) -> bool:
        """Prove all bytes of the segments that hold this one's rows now."""
        holders = [held for held in listed.chain if held.first <= name.last and held.last >= name.first]
        return all(held.digest == name.digest or self._published.is_proven_wholly(held) for held in holders)

    def _linked_s(self, name: Name) -> float:
        """Return when a file got its newest name: that changes no bytes, so its modification time does not tell."""
        try:
            return os.lstat(self._catalog.path(name)).st_ctime
        except FileNotFoundError:  # another publisher removed it just now
            return 0.0


def expired(listed: Listed, published_s: dict[Name, float], retain_s: float, now_s: float) -> list[Name]:
    """Return which segments to remove, given when each was published."""
    superseded_s = {name: superseded_at_s(name, listed, published_s) for name in listed.names.difference(listed.chain)}
    newest_first = sorted(superseded_s, key=lambda name: (superseded_s[name], name), reverse=True)
    kept_s = max(retain_s, NEVER_BEFORE_S)
    return [
        name
        for place, name in enumerate(newest_first)
        if now_s - superseded_s[name] >= (kept_s if place < MOST_FILES else NEVER_BEFORE_S)
    ]


def superseded_at_s(name: Name, listed: Listed, published_s: dict[Name, float]) -> float:
    """Return when a segment that is not in the newest chain was superseded."""
    if name.epoch != listed.epoch:
        later = [published_s[other] for other in listed.names if other.epoch > name.epoch]
        return max(published_s[name], min(later, default=float("inf")))
    wider = [
        published_s[other]
        for other in listed.names
        if other != name and other.epoch == name.epoch and other.first <= name.first and other.last >= name.last
    ]
    holders = [published_s[held] for held in listed.chain if held.first <= name.last and held.last >= name.first]
    return max(published_s[name], min([*wider, max(holders, default=float("inf"))]))


def sweep(folder: str, before_s: float) -> None:
    """Remove from a folder, if it is there, what was last changed before a time. Raises OSError."""
    with contextlib.suppress(FileNotFoundError), os.scandir(folder) as entries:
        for entry in entries:
            with contextlib.suppress(FileNotFoundError):  # its publisher has just removed it
                if entry.stat(follow_symlinks=False).st_mtime < before_s:
                    _try_to_remove(entry.path)


def _try_to_remove(path: str) -> None:
    """Remove a file, if that can be: what cannot (a directory that somebody made) must not keep the rest."""
    try:
        remove(path)
    except OSError as error:
        _log.warning("%s stays: %s", path, error)
