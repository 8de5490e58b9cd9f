"""The rule of what is kept in `snapshots/`, and what is swept from `staging/` and `quarantine/`.

The newest few are kept, and what was superseded less than an hour ago, up to 200 files; nothing that was superseded
less than a minute ago is ever removed, since a reader may just be opening it. Age counts from when a newer snapshot was
published, never from when the file was made. Times are the file system's own, so no sandbox's clock matters.
"""

from __future__ import annotations

import contextlib
import logging
import os
from typing import TYPE_CHECKING

from handlers.snapshots.files import remove

if TYPE_CHECKING:
    from handlers.snapshots.catalog import Catalog, Name

KEEP_SUPERSEDED_S = 3600
NEVER_BEFORE_S = 60
MOST_FILES = 200
ORPHAN_AGE_S = 15 * 60  # no function runs longer, so nobody is still writing it
KEEP_ASIDE_S = 7 * 24 * 3600  # in quarantine, and what code of another schema version has left

_log = logging.getLogger(__name__)


class Retention:
    """Removes old snapshots and orphans. Remembers when each was published: a publish asks only about new files."""

    def __init__(self, catalog: Catalog, staging: str, retain: int) -> None:
        self._catalog = catalog
        self._staging = staging
        self._retain = retain
        self._published_s: dict[Name, float] = {}

    def apply(self, published: Name) -> None:
        """Remove what is past its time, right after this snapshot was published: its file's time is now.

        Raises OSError.
        """
        names = self._catalog.names(now=True)
        known = self._published_s
        self._published_s = {name: known.get(name) or self._modified_s(name) for name in names}
        now_s = self._published_s.get(published, 0.0)
        for name in expired(self._published_s, self._retain, now_s):
            _try_to_remove(self._catalog.path(name))
        for name in self._catalog.foreign:
            if self._modified_s(name) < now_s - KEEP_ASIDE_S:
                _try_to_remove(self._catalog.path(name))
        sweep(self._staging, now_s - ORPHAN_AGE_S)
        if os.path.isdir(self._catalog.quarantine):
            sweep(self._catalog.quarantine, now_s - KEEP_ASIDE_S)

    def _modified_s(self, name: Name) -> float:
        try:
            return os.lstat(self._catalog.path(name)).st_mtime
        except FileNotFoundError:  # another publisher removed it just now
            return 0.0


def expired(published_s: dict[Name, float], retain: int, now_s: float) -> list[Name]:
    """Return which of these snapshots to remove, given when each was published."""
    removed: list[Name] = []
    superseded_s = float("inf")
    for place, name in enumerate(sorted(published_s, reverse=True)):
        age_s = now_s - max(superseded_s, published_s[name])
        superseded_s = min(superseded_s, published_s[name])
        is_recent = age_s < NEVER_BEFORE_S or (age_s < KEEP_SUPERSEDED_S and place < MOST_FILES)
        if place >= retain and not is_recent:
            removed.append(name)
    return removed


def sweep(folder: str, before_s: float) -> None:
    """Remove from a folder what was last changed before a time. Raises OSError."""
    with os.scandir(folder) as entries:
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
