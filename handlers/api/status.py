"""The query function's health (`/health`, `/query/health`), and what is published (`GET /snapshots`)."""

from __future__ import annotations

import json
import logging
import os

from handlers.domain.hashes import HASH_MODULUS, hash_text
from handlers.domain.problem import unavailable
from handlers.domain.timestamps import utc_text
from handlers.gateway.response import health_of, json_response, json_text_response
from handlers.snapshots.files import UnprovenError
from handlers.snapshots.segment import open_segment

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from handlers.domain.bookmark import Bookmark
    from handlers.gateway.request import Request
    from handlers.gateway.response import Response
    from handlers.reads.sqlite_efs import SqliteReader
    from handlers.snapshots.catalog import Catalog
    from handlers.snapshots.chain import Chain, Listed
    from handlers.snapshots.names import Name
    from handlers.snapshots.segment import Segment

MOST_LISTED = 20
MOST_OPENED = 20  # files a request; what it does not come to, the next one does

_log = logging.getLogger(__name__)


class QueryStatus:
    """The query function's own operations.

    Args:
        build: `runtime_of` the function.
        readers: those that count what they had to read again.
    """

    def __init__(self, catalog: Catalog, build: dict[str, object], readers: Sequence[SqliteReader]) -> None:
        self._catalog = catalog
        self._build = build
        self._readers = readers
        self._segments: dict[Name, Segment] = {}  # what is known of them; closed
        self._opened = 0
        self._told: tuple[Listed, int] | None = None
        self._told_text = ""

    def snapshots(self, request: Request) -> Response:
        """GET /snapshots: the newest that are published, newest first."""
        request.parameters(())
        listed = self._look(now=True)
        self._segments = {name: segment for name, segment in self._segments.items() if name in listed.names}
        self._opened = 0
        entries: list[dict[str, object]] = []
        for bookmark in listed.points():
            if len(entries) == MOST_LISTED or self._opened >= MOST_OPENED:
                break
            if entry := self._entry(bookmark, listed.chain_of(bookmark.epoch, bookmark.seq)):
                entries.append(entry)
        return json_response(200, {"snapshots": entries})

    def health(self, request: Request) -> Response:
        """GET /health: the function, its runtime, and the newest snapshot's bookmark."""
        request.parameters(())
        listed, retries = told = self._look(), sum([reader.retries for reader in self._readers])
        if told != self._told:  # most say what the one before them did
            content = health_of("query", listed.bookmark, self._build) | {"retries": retries}
            self._told, self._told_text = told, json.dumps(content)
        return json_text_response(200, self._told_text)

    def _look(self, now: bool = False) -> Listed:
        try:
            return self._catalog.look(now)
        except OSError as error:
            raise unavailable("The snapshots cannot be listed now") from error

    def _entry(self, bookmark: Bookmark, chain: Chain) -> dict[str, object] | None:
        """Return a list's entry; None where a file of it is no segment, or cannot be read."""
        try:
            segments = [self._described(name) for name in chain]
            published_at = utc_text(os.stat(self._catalog.path(chain[0])).st_ctime)
        except (UnprovenError, OSError) as error:
            _log.warning("snapshot %s is left out: %s", bookmark, error)
            return None
        return {
            "bookmark": str(bookmark),
            "rows": bookmark.seq,
            "bytes": sum(segment.size_bytes for segment in segments),
            "hash": hash_text(sum(segment.hash for segment in segments) % HASH_MODULUS),
            "published_at": published_at,
            "segments": [
                {"first": name.first, "last": name.last, "bytes": segment.size_bytes, "digest": name.digest}
                for name, segment in zip(chain, segments, strict=True)
            ],
        }

    def _described(self, name: Name) -> Segment:
        """Return what a segment says of itself, kept, since files never change; its bytes are not read."""
        if name not in self._segments:
            self._opened += 1
            segment = open_segment(self._catalog.path(name), name, 0)
            segment.close()
            self._segments[name] = segment
        return self._segments[name]
