"""The relational function: reads PostgreSQL, and feeds it. It is the only one with a driver of PostgreSQL.

Its events are requests, batches of the table's stream, and tasks (`handlers/feed/tasks.py`).
"""

from __future__ import annotations

import gc
import os
from functools import cached_property
from typing import TYPE_CHECKING, Any

gc.disable()  # as in query.py

from handlers.api.read import DataRoutes, caching_of
from handlers.api.relational_status import RelationalStatus
from handlers.gateway.router import Router
from handlers.postgres.connection import Database
from handlers.postgres.reader import CatchingUpReader, FedReader, PostgresReader
from handlers.postgres.receipts import DatabaseReceipts
from handlers.routes import POSTGRES, RELATIONAL
from handlers.settings import relational_settings
from handlers.telemetry.log import Log
from handlers.telemetry.runtime import runtime_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from handlers.domain.bookmark import Bookmark
    from handlers.feed.tasks import FeedTasks
    from handlers.reads.reader import Reader
    from handlers.settings import Settings
    from handlers.telemetry.runtime import LambdaContext

FRESH = f"{POSTGRES}?fresh"


class Relational:
    """The function.

    Args:
        database: the connection that all of it shares.
        settings: the table, the database, and who may keep answers.
    """

    def __init__(self, database: Database, settings: Settings) -> None:
        self._settings = settings
        self._database = database
        self._log = Log(settings)
        self._router = self._make_router()

    def __call__(self, event: Mapping[str, Any], context: LambdaContext) -> dict[str, object]:
        """Answer a request; or do what an event asks for, and raise what keeps that from being done."""
        if "rawPath" in event:
            return self._router(event, context)
        return self._tasks(event, context)

    def _make_router(self) -> Router:
        settings = self._settings
        reader = PostgresReader(self._database, settings.check_interval_s)

        def feed() -> Bookmark:
            """Feed, by what is loaded when it is first needed."""
            return self._tasks.refresh()

        readers: dict[str, Reader] = {POSTGRES: CatchingUpReader(reader, feed)}

        def load(name: str) -> Reader:
            """Make the reader for `fresh`: the ledger's client is loaded when first asked for."""
            readers[FRESH] = FedReader(reader, feed)
            return readers[name]

        caching = caching_of(settings.read_auth, settings.shared_max_age_s)
        reads = DataRoutes(readers, load, DatabaseReceipts(settings.efs_dir), caching, provider=settings.provider)
        operations = {
            "page": reads.page,
            "row": reads.row,
            "stats": reads.stats,
            "health": RelationalStatus(reader, runtime_of(settings)).health,
        }
        return Router(RELATIONAL, operations, self._log, provider=settings.provider)

    @cached_property
    def _tasks(self) -> FeedTasks:
        from handlers.aws.dynamodb import make_client  # noqa: PLC0415 - for those alone who feed
        from handlers.feed.tasks import FeedTasks  # noqa: PLC0415
        from handlers.ledger.ledger import Ledger  # noqa: PLC0415

        settings = self._settings
        ledger = Ledger(make_client(settings.region), settings.table_name)
        return FeedTasks(ledger, self._database, settings, self._log)


def make_handler(environ: Mapping[str, str]) -> Relational:
    """Return the function for an environment. Raises SettingsError."""
    settings = relational_settings(environ)
    return Relational(Database(settings), settings)


handler = make_handler(os.environ)
gc.freeze()  # as in query.py
gc.enable()
