"""The command function: appends to the ledger and publishes snapshots."""

from __future__ import annotations

import gc
import os
import time
from typing import TYPE_CHECKING

gc.disable()  # as in query.py

from handlers.api.command_status import CommandStatus
from handlers.api.insert import Inserting
from handlers.api.publish import Publishing
from handlers.aws.dynamodb import Deadline, make_client
from handlers.events.announcing import make_publisher
from handlers.gateway.loading import loaded_later
from handlers.gateway.router import Router
from handlers.jobs.job_table import JobTable
from handlers.jobs.rebuild_order import order_rebuild
from handlers.ledger.ledger import Ledger
from handlers.routes import COMMAND, IMPORT_OPERATIONS
from handlers.settings import STREAM, table_settings
from handlers.snapshots.new_ledger import begin_epoch, make_appender
from handlers.snapshots.rebuild import Rebuild
from handlers.telemetry.log import Log
from handlers.telemetry.runtime import runtime_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from handlers.gateway.router import Operation
    from handlers.settings import Settings


def make_router(
    ledger: Ledger,
    settings: Settings,
    now: Callable[[], float] = time.time,
    make_deadline: Callable[[], Deadline] = Deadline,
) -> Router:
    """Put the function together.

    Args:
        ledger: reads of the table.
        settings: the folders.
        now: the time in seconds since 1970.
        make_deadline: gives each request the limit of its work on the ledger.
    """
    publisher, jobs = make_publisher(ledger, settings, now), JobTable(ledger.client, ledger.table_name, now)
    appender = make_appender(ledger, publisher, now)
    publishing = Publishing(
        appender,
        publisher,
        Rebuild(publisher, settings),
        lambda deadline: begin_epoch(ledger, publisher, now, deadline),
        order_rebuild=(lambda deadline: order_rebuild(jobs, now(), deadline)) if settings.jobs_bucket else None,
        make_deadline=make_deadline,
    )

    def load_imports() -> Mapping[str, Operation]:
        from handlers.api.imports import Imports  # noqa: PLC0415 - nothing that an insert should pay for

        return Imports(ledger, appender, settings, make_deadline, now).operations()

    operations = {
        **loaded_later(IMPORT_OPERATIONS, load_imports),
        "insert": Inserting(appender, None if settings.projection == STREAM else publisher, make_deadline).insert,
        "publish": publishing.publish,
        "health": CommandStatus(ledger, publisher.catalog, runtime_of(settings), make_deadline, now).health,
    }
    return Router(COMMAND, operations, Log(settings))


def make_handler(environ: Mapping[str, str]) -> Router:
    """Return the function for an environment. Raises SettingsError."""
    settings = table_settings(environ)
    return make_router(Ledger(make_client(settings.region), settings.table_name), settings)


handler = make_handler(os.environ)
gc.freeze()  # as in query.py
gc.enable()
