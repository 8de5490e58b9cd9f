"""The query function: every read, on all paths. Read-only on EFS and on the table.

It loads neither boto3 nor python-ulid; the path `ddb` loads boto3 when it is first used.
"""

from __future__ import annotations

import gc
import os

gc.disable()  # until all is loaded: there is no garbage yet, and to look for it takes 2 % of a start, 13 % with boto3

from handlers.api.read import DataRoutes, caching_of
from handlers.api.status import QueryStatus
from handlers.domain.problem import Problem
from handlers.gateway.loading import loaded_later
from handlers.gateway.response import json_response
from handlers.gateway.router import Router
from handlers.reads.sqlite_efs import SqliteReader
from handlers.reads.sqlite_tmp import CopyingReader
from handlers.routes import BENCHMARK_OPERATIONS, JOB_OPERATIONS, QUERY, RELATIONAL, SESSIONS
from handlers.settings import SESSION, Settings
from handlers.snapshots.catalog import Catalog
from handlers.snapshots.names import snapshots_dir
from handlers.telemetry.log import Log
from handlers.telemetry.runtime import runtime_of
from handlers.telemetry.usage import Receipts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Mapping
    from typing import Any

    from handlers.api.sql import Statements
    from handlers.gateway.request import Request
    from handlers.gateway.response import Response
    from handlers.gateway.router import Operation
    from handlers.reads.reader import Reader
    from handlers.upkeep.warmth import Warmth


def make_handler(environ: Mapping[str, str]) -> Router:
    """Return the function for an environment. Raises SettingsError."""
    settings = Settings(environ)
    catalog = Catalog(snapshots_dir(settings.efs_dir), settings.check_interval_s)
    on_efs, in_tmp = SqliteReader(catalog, settings), CopyingReader(catalog, settings)
    readers: dict[str, Reader] = {"sqlite-efs": on_efs, "sqlite-tmp": in_tmp}
    statements: list[Statements] = []
    warmth: list[Warmth] = []
    receipts = Receipts(settings.efs_dir)
    absent: dict[str, Operation] = {}
    if settings.read_auth != SESSION:
        absent[SESSIONS] = say_no_sessions
    if not settings.has_postgres:
        absent[RELATIONAL] = say_no_postgres

    def load_reader(source: str) -> Reader:
        """Make the readers of the ledger, of `ddb` and for `fresh`: they are loaded when first asked for."""
        gc.disable()  # as above, while boto3 is loaded
        try:
            from handlers.reads.ddb import LedgerReader, ledger_of  # noqa: PLC0415 - boto3 comes with it
            from handlers.reads.fresh import FreshReader  # noqa: PLC0415

            ledger = ledger_of(settings)
        finally:
            gc.freeze()
            gc.enable()
        readers["ddb"] = LedgerReader(ledger)
        readers["sqlite-efs?fresh"], readers["sqlite-tmp?fresh"] = (
            FreshReader(on_efs, ledger),
            FreshReader(in_tmp, ledger),
        )
        return readers[source]

    def load_benchmarks() -> Mapping[str, Operation]:
        from handlers.benchmark.operations import Benchmarks  # noqa: PLC0415 - nothing that a read should pay for

        return Benchmarks.from_settings(settings, router).operations()

    def load_jobs() -> Mapping[str, Operation]:
        from handlers.api.jobs import Jobs  # noqa: PLC0415 - as above

        return Jobs.from_settings(settings).operations()

    def run_sql(request: Request) -> Response:
        """Answer a statement of the caller's own; its code is loaded with the first."""
        if not statements:
            from handlers.api.sql import Statements  # noqa: PLC0415 - as above

            statements.append(Statements({"sqlite-efs": on_efs, "sqlite-tmp": in_tmp}, settings, receipts))
        return statements[0].run(request)

    def warm(event: Mapping[str, Any]) -> dict[str, object]:
        """Answer the event that keeps a sandbox warm."""
        if not warmth:
            from handlers.upkeep.warmth import Warmth  # noqa: PLC0415 - as above

            warmth.append(Warmth((on_efs, in_tmp)))
        return warmth[0](event)

    caching = caching_of(settings.read_auth, settings.shared_max_age_s)
    reads = DataRoutes(readers, load_reader, receipts, caching, provider=settings.provider, copying=in_tmp)
    status = QueryStatus(catalog, runtime_of(settings), (on_efs, in_tmp))
    router = Router(
        QUERY,
        {
            "page": reads.page,
            "row": reads.row,
            "stats": reads.stats,
            "sql": run_sql,
            "snapshots": status.snapshots,
            "health": status.health,
            "index": lambda request: show_index(request, absent),
            "openapi": lambda request: describe_api(request, absent),
            **loaded_later(BENCHMARK_OPERATIONS, load_benchmarks),
            **loaded_later(JOB_OPERATIONS, load_jobs),
        },
        Log(settings),
        warm,
        absent,
        provider=settings.provider,
    )
    return router


def say_no_sessions(_: Request) -> Response:
    """Answer the routes of codes and sessions where there are none. Raises Problem (404)."""
    raise Problem("not-found", "Reads need no session here: the stack's setting readAuth is another one")


def say_no_postgres(_: Request) -> Response:
    """Answer the routes of PostgreSQL where there is none. Raises Problem (404)."""
    raise Problem("not-found", "There is no PostgreSQL here: the stack's setting postgres is none")


def show_index(request: Request, absent: Container[str]) -> Response:
    """GET /: what there is."""
    request.parameters(())
    from handlers.openapi.index import index_response  # noqa: PLC0415 - as below

    return index_response(request.headers.get("accept", ""), absent)


def describe_api(request: Request, absent: Container[str]) -> Response:
    """GET /openapi.json: the API's description; it leaves PostgreSQL out where there is none."""
    request.parameters(())
    from handlers.openapi.description import description  # noqa: PLC0415 - nothing that a read should pay for

    return json_response(200, description(has_postgres=RELATIONAL not in absent))


handler = make_handler(os.environ)
# glibc gives what is freed in blocks of 128 KiB or more back to the system, until it has seen one that is larger: from
# then on it keeps up to that size. A page of 1,000 rows otherwise faults in all its memory again: a sixth of its time.
bytes(512 * 1024)
gc.freeze()  # what is there now stays: the collector need not go through it again in the middle of a request
gc.enable()
