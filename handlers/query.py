"""The query function: every read, on all three paths. Read-only on EFS and on the table.

It loads neither boto3 nor python-ulid; the path `ddb` loads boto3 when it is first used.
"""

from __future__ import annotations

import gc
import json
import logging
import os

from handlers.api.request import Response
from handlers.api.response import JSON_TYPE, build_of, health_response, json_response
from handlers.api.router import Router
from handlers.domain.bookmark import NOTHING
from handlers.domain.hashes import short_digest
from handlers.domain.problem import Problem, field_error, invalid, unavailable
from handlers.reads.page import PAGE_PARAMETERS, PageQuery, min_bookmark
from handlers.reads.sqlite_efs import SqliteReader, check_epoch
from handlers.reads.sqlite_tmp import CopyingReader
from handlers.routes import BENCHMARK_OPERATIONS, QUERY
from handlers.rows import SCHEMA_VERSION
from handlers.settings import Settings
from handlers.snapshots.catalog import Catalog, snapshots_dir
from handlers.snapshots.files import UnprovenError
from handlers.snapshots.snapshot import describe
from handlers.telemetry.receipt import Receipts
from handlers.telemetry.timings import Timings, server_timing, timings_text

TYPE_CHECKING = False  # the typing module would cost 1.3 ms of a cold start
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from handlers.api.request import Request
    from handlers.api.router import Operation
    from handlers.domain.bookmark import Bookmark
    from handlers.reads.sqlite_efs import Reader, View
    from handlers.snapshots.catalog import Name

MAX_ID_CHARACTERS = 100  # more than any row's id has, and less than DynamoDB refuses as a key

_log = logging.getLogger(__name__)


class Query:
    """The query function's operations."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._build = build_of(settings)
        self._catalog = Catalog(snapshots_dir(settings.efs_dir), settings.check_interval_s)
        self._on_efs = SqliteReader(self._catalog, settings)
        self._in_tmp = CopyingReader(self._catalog, settings)
        self._ledger: Reader | None = None
        self._descriptions: dict[Name, dict[str, object]] = {}
        self._receipts = Receipts(settings.efs_dir)

    def page(self, request: Request) -> Response:
        """GET /<path>: rows by page."""
        parameters, refresh = _refreshes(request, PAGE_PARAMETERS)
        query = PageQuery(parameters)
        asked = min_bookmark(request)

        def render(view: View) -> str:
            text, count, last_seq = view.page(query)
            check_epoch(query.at_least, view.bookmark)
            check_epoch(asked, view.bookmark)
            cursor = f'"{query.cursor(view.bookmark, last_seq)}"' if last_seq else "null"
            return f'"count":{count},"data":[{text}],"next":{cursor}'

        key = f"{query.key()} {query.limit} {query.after}"
        return self._read(request, max(query.at_least, asked), key, render, refresh=refresh)

    def row(self, request: Request) -> Response:
        """GET /<path>/{id}: one row."""
        _, refresh = _refreshes(request)
        row_id = request.path_parameters["id"]
        if len(row_id) > MAX_ID_CHARACTERS or not row_id.isascii():
            raise Problem("not-found", f"No row has the id {row_id[:MAX_ID_CHARACTERS]}")

        def render(view: View) -> str:
            text = view.row(row_id)
            if text is None:
                raise Problem("not-found", f"No row has the id {row_id} at the bookmark {view.bookmark}")
            return f'"data":{text}'

        return self._read(request, min_bookmark(request), row_id, render, refresh=refresh)

    def stats(self, request: Request) -> Response:
        """GET /<path>/stats: statistics of all rows."""
        _, refresh = _refreshes(request)

        def render(view: View) -> str:
            return f'"stats":{json.dumps(view.stats())}'

        return self._read(request, min_bookmark(request), "stats", render, refresh=refresh)

    def snapshots(self, request: Request) -> Response:
        """GET /snapshots: what is published, newest first."""
        request.parameters(())
        try:
            published = {name: self._described(name) for name in self._catalog.names(now=True)}
        except OSError as error:
            raise unavailable("The snapshots cannot be listed now") from error
        self._descriptions = {name: entry for name, entry in published.items() if entry}
        return json_response(200, {"snapshots": list(self._descriptions.values())})

    def health(self, request: Request) -> Response:
        """GET /health: the function, its build, and the newest snapshot's bookmark."""
        request.parameters(())
        try:
            names = self._catalog.names()
        except OSError as error:
            raise unavailable("The snapshots cannot be listed now") from error
        newest = next((name for name in names if self._described(name)), None)
        if len(self._descriptions) > len(names):
            self._descriptions = {name: self._descriptions[name] for name in names if name in self._descriptions}
        retries = self._on_efs.retries + self._in_tmp.retries
        bookmark = newest.bookmark if newest else NOTHING
        return health_response("query", bookmark, self._build, {"retries": retries})

    def openapi(self, request: Request) -> Response:
        """GET /openapi.json: the API's description."""
        request.parameters(())
        from handlers.openapi.description import description  # noqa: PLC0415 - nothing that a read should pay for

        return json_response(200, description())

    def _read(
        self, request: Request, at_least: Bookmark, key: str, render: Callable[[View], str], *, refresh: bool
    ) -> Response:
        """Answer a data route with what `render` makes of a view, or 304 where the client has that already."""
        timings = Timings()
        self._receipts.begin()
        source = source_of(request)
        self._in_tmp.take_copy()  # of an earlier request that did not come to an answer
        if refresh:
            self._in_tmp.refresh(timings)

        def use(view: View) -> Response:
            has_it = known is not None and not refresh and is_known(known, tag(str(view.bookmark)))
            # "*" says nothing of what the client has: whether there is anything, the query has to tell.
            members = "" if has_it and known != "*" else render(view)
            timings.lap("query")
            bookmark, all_ms = str(view.bookmark), timings.all_ms()
            consumed, consumed_header = self._receipts.end(all_ms["total"])
            headers = {
                "cache-control": "no-cache",
                "etag": tag(bookmark),
                "snapshot-bookmark": bookmark,
                "server-timing": server_timing(all_ms),
                "consumed": consumed_header,
            }
            if has_it:
                return Response(304, "", headers)
            headers["content-type"] = JSON_TYPE
            copy = f',"copy":{json.dumps(self._in_tmp.take_copy())}' if source == "sqlite-tmp" else ""
            measured = f'"timings_ms":{timings_text(all_ms)},"consumed":{consumed}{copy}'
            return Response(200, f'{{"source":"{source}","bookmark":"{bookmark}",{members},{measured}}}', headers)

        def tag(bookmark: str) -> str:
            return f'W/"{bookmark}-{digest}"'

        known = request.headers.get("if-none-match")
        digest = short_digest(f"{SCHEMA_VERSION} {request.path} {key}")
        return self._reader(source).read(at_least, timings, use)

    def _reader(self, source: str) -> Reader:
        if source == "sqlite-efs":
            return self._on_efs
        if source == "sqlite-tmp":
            return self._in_tmp
        if self._ledger is None:
            from handlers.reads.ddb import LedgerReader  # noqa: PLC0415 - boto3 comes with it

            self._ledger = LedgerReader.of_settings(self._settings)
            gc.freeze()
        return self._ledger

    def _described(self, name: Name) -> dict[str, object] | None:
        """One entry of the list, kept, since files never change; None for a file that is no snapshot, or unreadable."""
        try:
            self._descriptions[name] = self._descriptions.get(name) or describe(self._catalog.path(name), name)
        except (UnprovenError, OSError) as error:
            _log.warning("snapshot %s is left out: %s", name, error)
            return None
        return self._descriptions[name]


def source_of(request: Request) -> str:
    """The read path that a data route names."""
    return request.path.split("/", 2)[1]


def is_known(if_none_match: str, etag: str) -> bool:
    """Whether the client has this already. Source: RFC 9110, sections 8.8.3.2 (weak comparison) and 13.1.2."""
    known = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
    return known == ["*"] or etag.removeprefix("W/") in known


def make_handler(environ: Mapping[str, str]) -> Router:
    """The function for an environment; its operations stand in the route table. Raises SettingsError."""
    settings = Settings(environ)
    query = Query(settings)
    benchmarks: dict[str, Operation] = {}

    def of_benchmarks(name: str) -> Operation:
        """An operation whose code is loaded with the first of its kind: nothing that a read should pay for."""

        def operation(request: Request) -> Response:
            if not benchmarks:
                from handlers.api.benchmarks import Benchmarks  # noqa: PLC0415

                benchmarks.update(Benchmarks.of_settings(settings, router).operations())
            return benchmarks[name](request)

        return operation

    router = Router(
        QUERY,
        {
            "page": query.page,
            "row": query.row,
            "stats": query.stats,
            "snapshots": query.snapshots,
            "health": query.health,
            "openapi": query.openapi,
            **{name: of_benchmarks(name) for name in BENCHMARK_OPERATIONS},
        },
    )
    return router


def _refreshes(request: Request, allowed: tuple[str, ...] = ()) -> tuple[dict[str, str], bool]:
    """The parameters, and whether the copy is to be made again: `refresh=1`, on sqlite-tmp alone."""
    is_copying = source_of(request) == "sqlite-tmp"
    parameters = request.parameters((*allowed, "refresh") if is_copying else allowed)
    refresh = parameters.get("refresh")
    if refresh not in (None, "1"):
        raise invalid("malformed-request", [field_error("refresh", refresh, "1")])
    return parameters, refresh is not None


handler = make_handler(os.environ)
gc.freeze()  # what is there now stays: the collector need not go through it again in the middle of a request
