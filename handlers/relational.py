"""The relational function: reads PostgreSQL, and feeds it. It is the only one with a driver of PostgreSQL."""

from __future__ import annotations

import gc
import os
from typing import TYPE_CHECKING

gc.disable()  # as in query.py

from handlers.api.read import DataRoutes, caching_of
from handlers.api.relational_status import RelationalStatus
from handlers.gateway.router import Router
from handlers.postgres.connection import Database
from handlers.postgres.reader import PostgresReader
from handlers.postgres.receipts import DatabaseReceipts
from handlers.routes import POSTGRES, RELATIONAL
from handlers.settings import relational_settings
from handlers.telemetry.log import Log
from handlers.telemetry.runtime import runtime_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from handlers.reads.reader import Reader
    from handlers.settings import Settings


def make_router(database: Database, settings: Settings) -> Router:
    """Put the function together.

    Args:
        database: the connection that all of it shares.
        settings: how often it looks for more, and who may keep answers.
    """
    reader = PostgresReader(database, settings.check_interval_s)
    readers: dict[str, Reader] = {POSTGRES: reader}
    caching = caching_of(settings.read_auth, settings.shared_max_age_s)
    reads = DataRoutes(
        readers, readers.__getitem__, DatabaseReceipts(settings.efs_dir), caching, provider=settings.provider
    )
    operations = {
        "page": reads.page,
        "row": reads.row,
        "stats": reads.stats,
        "health": RelationalStatus(reader, runtime_of(settings)).health,
    }
    return Router(RELATIONAL, operations, Log(settings), provider=settings.provider)


def make_handler(environ: Mapping[str, str]) -> Router:
    """Return the function for an environment. Raises SettingsError."""
    settings = relational_settings(environ)
    return make_router(Database(settings), settings)


handler = make_handler(os.environ)
gc.freeze()  # as in query.py
gc.enable()
