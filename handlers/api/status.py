"""Health of each function, and what is published: `/health`, `/command/health`, `/query/health`, `GET /snapshots`."""

from __future__ import annotations

import logging

from handlers.api.response import health_response, json_response
from handlers.domain.bookmark import NOTHING
from handlers.domain.problem import unavailable
from handlers.snapshots.files import UnprovenError
from handlers.snapshots.snapshot import describe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from handlers.api.request import Request
    from handlers.api.response import Response
    from handlers.aws.dynamodb import Deadline
    from handlers.domain.bookmark import Bookmark
    from handlers.ledger.ledger import Ledger
    from handlers.reads.sqlite_efs import SqliteReader
    from handlers.snapshots.catalog import Catalog, Name

MOST_LISTED = 20  # each entry that is new to a sandbox takes an open file

_log = logging.getLogger(__name__)


class CommandStatus:
    """The command function's own operation.

    Args:
        build: `runtime_of` the function.
        make_deadline: gives each request the limit of its work on the ledger.
    """

    def __init__(self, ledger: Ledger, build: dict[str, object], make_deadline: Callable[[], Deadline]) -> None:
        self._ledger = ledger
        self._build = build
        self._make_deadline = make_deadline

    def health(self, request: Request) -> Response:
        """GET /command/health: the function, its runtime, and the ledger's newest bookmark; makes no ledger."""
        request.parameters(())
        return health_response("command", self._ledger.head(self._make_deadline()) or NOTHING, self._build)


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
        self._descriptions: dict[Name, dict[str, object]] = {}

    def snapshots(self, request: Request) -> Response:
        """GET /snapshots: the newest that are published, newest first, each bookmark once."""
        request.parameters(())
        by_bookmark: dict[Bookmark, dict[str, object]] = {}
        for name in self._names(now=True):
            if len(by_bookmark) == MOST_LISTED:
                break
            if name.bookmark not in by_bookmark and (entry := self._described(name)):
                by_bookmark[name.bookmark] = entry
        return json_response(200, {"snapshots": list(by_bookmark.values())})

    def health(self, request: Request) -> Response:
        """GET /health: the function, its runtime, and the newest snapshot's bookmark."""
        request.parameters(())
        names = self._names()
        newest = next((name for name in names if self._described(name)), None)
        retries = sum(reader.retries for reader in self._readers)
        bookmark = newest.bookmark if newest else NOTHING
        return health_response("query", bookmark, self._build, {"retries": retries})

    def _names(self, now: bool = False) -> list[Name]:
        try:
            names = self._catalog.names(now)
        except OSError as error:
            raise unavailable("The snapshots cannot be listed now") from error
        if len(self._descriptions) > len(names):
            self._descriptions = {name: self._descriptions[name] for name in names if name in self._descriptions}
        return names

    def _described(self, name: Name) -> dict[str, object] | None:
        """Return a list's entry, kept, since files never change; None for a file that is no snapshot, or unreadable."""
        try:
            self._descriptions[name] = self._descriptions.get(name) or describe(self._catalog.path(name), name)
        except (UnprovenError, OSError) as error:
            _log.warning("snapshot %s is left out: %s", name, error)
            return None
        return self._descriptions[name]
