"""The rule of what is kept in `snapshots/`, and what is swept from other folders.

A segment is superseded once the newest chain does not use it. Superseded ones stay for an hour, up to 200 files, and
never less than a minute, since a reader may just be opening one or a publisher building upon it. Age counts from when
it was superseded, which the names and the file system's own times tell: a chain with this segment reaches so far, and
since then the newest one reaches further. Before anything is removed, all bytes of what supersedes it are proven.
"""

from __future__ import annotations

import contextlib
import logging
import math
import os
from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING

from handlers.domain.timestamps import boottime_s
from handlers.snapshots.files import discard

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from handlers.settings import Settings
    from handlers.snapshots.catalog import Catalog
    from handlers.snapshots.chain import Listed
    from handlers.snapshots.names import Name
    from handlers.snapshots.published import PublishedSegments

NEVER_BEFORE_S = 60
MOST_FILES = 200
ORPHAN_AGE_S = 15 * 60  # no function runs longer, so nobody is still writing it
KEEP_ASIDE_S = 7 * 24 * 3600  # in quarantine, of a rebuild, and after another schema version's last publish
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
        """Remove what is past its time, as of the newest file's time; what cannot be removed is left for the next."""
        try:
            self._remove()
        except OSError as error:  # takes nothing from what was published
            _log.warning("tidying up: %s", error)

    def _remove(self) -> None:
        listed = self._catalog.listed
        self._published_s = self._published_at(listed)
        now_s = max(self._published_s.values(), default=0.0)
        if listed.chain and self._published_s.keys() >= set(listed.chain):
            for name in expired(listed, self._published_s, self._settings.retain_s, now_s):
                if self._is_replaced(name, listed):
                    discard(self._catalog.path(name))
        if self._swept_s is None or self._clock() - self._swept_s >= SWEEP_EVERY_S:
            self._swept_s = self._clock()
            self._sweep(now_s)

    def _published_at(self, listed: Listed) -> dict[Name, float]:
        """Return when each segment was published, without those that another publisher has removed just now."""
        known = self._published_s
        times_s = {name: known.get(name) or linked_s(self._catalog.path(name)) for name in sorted(listed.names)}
        return {name: at_s for name, at_s in times_s.items() if at_s is not None}

    def _sweep(self, now_s: float) -> None:
        for names in abandoned(self._catalog, now_s - KEEP_ASIDE_S):
            for name in names:
                discard(self._catalog.path(name))
        for folder, age_s in (("staging", ORPHAN_AGE_S), ("rebuild", KEEP_ASIDE_S), ("quarantine", KEEP_ASIDE_S)):
            sweep(os.path.join(self._settings.efs_dir, folder), now_s - age_s)

    def _is_replaced(self, name: Name, listed: Listed) -> bool:
        """Prove all bytes of the segments that hold this one's rows now."""
        holders = [held for held in listed.chain if held.first <= name.last and held.last >= name.first]
        return all(held.digest == name.digest or self._published.is_proven_wholly(held) for held in holders)


def abandoned(catalog: Catalog, before_s: float) -> list[list[Name]]:
    """Return the segments of each other schema version that has published nothing since a time. Raises OSError.

    One that still publishes reads all of its chain, however old the files are.
    """
    by_schema: dict[int, list[Name]] = {}
    for name in catalog.foreign:
        by_schema.setdefault(name.schema, []).append(name)
    newest_s = {
        schema: max(linked_s(catalog.path(name)) or 0.0 for name in names) for schema, names in by_schema.items()
    }
    return [names for schema, names in by_schema.items() if newest_s[schema] < before_s]


def linked_s(path: str) -> float | None:
    """Return when a file got its newest name: that changes no bytes, so its modification time does not tell.

    None where it is gone. Raises OSError.
    """
    try:
        return os.lstat(path).st_ctime
    except FileNotFoundError:
        return None


def expired(listed: Listed, published_s: dict[Name, float], retain_s: float, now_s: float) -> list[Name]:
    """Return which segments to remove, given when each was published, those of the newest chain included."""
    since_s = superseded_s(listed, published_s)
    newest_first = sorted(since_s, key=lambda name: (since_s[name], name), reverse=True)
    kept_s = max(retain_s, NEVER_BEFORE_S)
    return [
        name
        for place, name in enumerate(newest_first)
        if now_s - since_s[name] >= (kept_s if place < MOST_FILES else NEVER_BEFORE_S)
    ]


def superseded_s(listed: Listed, published_s: dict[Name, float]) -> dict[Name, float]:
    """Return since when each segment that is not in the newest chain has not been in it."""
    times_s = [published_s[name] for name in listed.chain[::-1]]
    whole_s = dict(zip((name.last for name in listed.chain[::-1]), accumulate(times_s, max), strict=True))
    left_s = overtaken_s([name for name in published_s if name.epoch == listed.epoch], published_s, whole_s)
    begun_s: dict[int, float] = {}
    for name, at_s in published_s.items():
        begun_s[name.epoch] = min(at_s, begun_s.get(name.epoch, at_s))
    since_s: dict[Name, float] = {}
    for name in published_s.keys() - set(listed.chain):
        later = (at_s for epoch, at_s in begun_s.items() if name.epoch < epoch <= listed.epoch)
        at_s = left_s[name] if name.epoch == listed.epoch else min(later, default=math.inf)
        since_s[name] = max(published_s[name], at_s)
    return since_s


def overtaken_s(
    names: Collection[Name], published_s: dict[Name, float], whole_s: dict[int, float]
) -> dict[Name, float]:
    """Return since when no newest chain has a segment that is not in the present one, unless it is built upon later.

    A chain with it ends, and a point beyond is reachable since then; or it comes to a point of the present chain, which
    is whole up to there since then.

    Args:
        names: of one epoch.
        whole_s: by each point of the present chain, since when it reaches so far.
    """
    reached_s = {0: 0.0}  # by each point
    for name in sorted(names):
        if name.first - 1 in reached_s:
            at_s = max(published_s[name], reached_s[name.first - 1])
            reached_s[name.last] = min(at_s, reached_s.get(name.last, at_s))
    points = sorted(reached_s)
    passed_s = [*accumulate([reached_s[point] for point in reversed(points)], min)][::-1]  # it or a later one
    passed_s.append(max(whole_s.values()))  # for what ends beyond them all, and is not reachable
    left_s: dict[int, float] = {}  # by each point, for all chains that go on from there
    since_s: dict[Name, float] = {}
    for name in sorted(names, key=lambda name: (name.first, name.last), reverse=True):
        beyond_s = passed_s[bisect_right(points, name.last)]
        since_s[name] = whole_s.get(name.last, left_s.get(name.last, beyond_s)) if name.last else beyond_s
        left_s[name.first - 1] = max(since_s[name], left_s.get(name.first - 1, 0.0))
    return since_s


def sweep(folder: str, before_s: float) -> None:
    """Remove from a folder, if it is there, what was last changed before a time. Raises OSError."""
    with contextlib.suppress(FileNotFoundError), os.scandir(folder) as entries:
        for entry in entries:
            with contextlib.suppress(FileNotFoundError):  # its publisher has just removed it
                if entry.stat(follow_symlinks=False).st_mtime < before_s:
                    discard(entry.path)  # what cannot be (a directory that somebody made) must not keep the rest
