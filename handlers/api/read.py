"""The data routes: a page, one row, statistics, on every read path; with entity tags, receipts and bookmarks."""

from __future__ import annotations

import json

from handlers.api.response import JSON_TYPE, Response
from handlers.domain.bookmark import NOTHING, Bookmark
from handlers.domain.hashes import short_hash
from handlers.domain.problem import Problem, field_error, invalid
from handlers.reads.page import PAGE_PARAMETERS, PageQuery
from handlers.reads.reader import check_epoch
from handlers.rows import SCHEMA_VERSION
from handlers.telemetry.usage import server_timing, timings_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from handlers.api.request import Request
    from handlers.reads.reader import Page, Reader, View
    from handlers.reads.sqlite_tmp import CopyingReader
    from handlers.telemetry.usage import Receipts, Usage

    T = TypeVar("T")

MAX_ID_CHARACTERS = 100  # more than any row's id has, and less than DynamoDB refuses as a key


class DataRoutes:
    """The operations of the data routes.

    Args:
        readers: the read paths that are loaded, by the name that they have in the API.
        load: makes the reader of a path that is not loaded yet.
        copying: the path whose copy `refresh=1` makes again.
        receipts: makes each answer's receipt.
    """

    def __init__(
        self, readers: dict[str, Reader], load: Callable[[str], Reader], copying: CopyingReader, receipts: Receipts
    ) -> None:
        self._readers = readers
        self._load = load
        self._copying = copying
        self._receipts = receipts

    def page(self, request: Request) -> Response:
        """GET /<path>: rows by page."""
        parameters, errors = _parameters(request, PAGE_PARAMETERS)
        refresh, asked = _refreshes(parameters, errors), min_bookmark(request, errors)
        query = PageQuery(parameters, errors)

        def find(view: View) -> tuple[Page, int | None]:
            page = view.page(query)
            for bookmark in {query.at_least, asked} - {NOTHING}:  # the reader has looked at the greater one alone
                check_epoch(bookmark, view.bookmark)
            return page, view.scanned_rows

        def render(found: tuple[Page, int | None], bookmark: str) -> str:
            (text, count, last_seq), scanned_rows = found
            cursor = f'"{query.cursor(bookmark, last_seq)}"' if last_seq else "null"
            scanned = "" if scanned_rows is None else f'"scanned_rows":{scanned_rows},'
            return f'{scanned}"count":{count},"data":[{text}],"next":{cursor}'

        key = f"{query.key()} {query.limit} {query.after}"
        return self._read(request, max(query.at_least, asked), key, find, render, refresh=refresh)

    def row(self, request: Request) -> Response:
        """GET /<path>/{id}: one row."""
        refresh, asked = _without_query(request)
        row_id = request.path_parameters["id"]
        if len(row_id) > MAX_ID_CHARACTERS or not row_id.isascii():
            raise Problem("not-found", f"No row has the id {row_id[:MAX_ID_CHARACTERS]}")

        def find(view: View) -> str:
            text = view.row(row_id)
            if text is None:
                raise Problem("not-found", f"No row has the id {row_id} at the bookmark {view.bookmark}")
            return text

        return self._read(request, asked, row_id, find, lambda text, _: f'"data":{text}', refresh=refresh)

    def stats(self, request: Request) -> Response:
        """GET /<path>/stats: statistics of all rows."""
        refresh, asked = _without_query(request)

        def find(view: View) -> dict[str, object]:
            return view.stats()

        return self._read(
            request, asked, "stats", find, lambda stats, _: f'"stats":{json.dumps(stats)}', refresh=refresh
        )

    def _read(
        self,
        request: Request,
        at_least: Bookmark,
        key: str,
        find: Callable[[View], T],
        render: Callable[[T, str], str],
        *,
        refresh: bool,
    ) -> Response:
        """Answer a data route, or 304 where the client has that already.

        Args:
            key: tells this question from others on the same path.
            find: reads a view; may be called twice.
            render: makes the answer's members of what was found and the bookmark's text.
        """
        usage = self._receipts.begin()
        source = source_of(request)
        reader = self._readers.get(source) or self._load(source)
        if refresh:
            self._copying.refresh(usage)
        digest = short_hash(f"{SCHEMA_VERSION} {request.path} {key}".encode()).hexdigest()
        known = None if refresh else request.headers.get("if-none-match")

        def use(view: View) -> tuple[str, list[T]]:
            # "*" says nothing of what the client has: whether there is anything, the query has to tell.
            if known is not None and known != "*" and is_known(known, tag_of(view.bookmark_text, digest)):
                return view.bookmark_text, []
            found = find(view)
            return view.bookmark_text, [found]

        bookmark, found = reader.read(at_least, usage, use)
        members = render(found[0], bookmark) if found and known != "*" else None
        usage.lap("query")
        return self._answer(source, bookmark, digest, members, usage)

    def _answer(self, source: str, bookmark: str, digest: str, members: str | None, usage: Usage) -> Response:
        """Return 200 with these members, or 304 where there are none to send."""
        all_ms = usage.all_ms()
        consumed, consumed_header = self._receipts.end(usage, all_ms["total"])
        headers = {
            "cache-control": "no-cache",
            "etag": tag_of(bookmark, digest),
            "snapshot-bookmark": bookmark,
            "server-timing": server_timing(all_ms),
            "consumed": consumed_header,
        }
        if members is None:
            return Response(304, "", headers)
        headers["content-type"] = JSON_TYPE
        copy = f',"copy":{json.dumps(usage.copy)}' if source == "sqlite-tmp" else ""
        measured = f'"timings_ms":{timings_text(all_ms)},"consumed":{consumed}{copy}'
        return Response(200, f'{{"source":"{source}","bookmark":"{bookmark}",{members},{measured}}}', headers)


def source_of(request: Request) -> str:
    """Return the read path that a data route names."""
    return request.path.split("/", 2)[1]


def tag_of(bookmark: str, digest: str) -> str:
    """Return the entity tag of an answer: of the prefix that it shows, and of what was asked."""
    return f'W/"{bookmark}-{digest}"'


def is_known(if_none_match: str, etag: str) -> bool:
    """Tell whether the client has this already. Source: RFC 9110, sections 8.8.3.2 (weak comparison) and 13.1.2."""
    known = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
    return known == ["*"] or etag.removeprefix("W/") in known


def min_bookmark(request: Request, errors: list[dict[str, str]]) -> Bookmark:
    """Return the header Min-Bookmark, or 0.0 without it; adds to `errors` where it is malformed."""
    text = request.headers.get("min-bookmark")
    if text is None:
        return NOTHING
    try:
        return Bookmark.parse(text)
    except ValueError:
        errors.append(field_error("Min-Bookmark", text, "<epoch>.<seq>, two integers"))
        return NOTHING


def _without_query(request: Request) -> tuple[bool, Bookmark]:
    """Return `refresh` and Min-Bookmark, all that a row and statistics can be asked with. Raises Problem (400)."""
    parameters, errors = _parameters(request)
    refresh, asked = _refreshes(parameters, errors), min_bookmark(request, errors)
    if errors:
        raise invalid("malformed-request", errors)
    return refresh, asked


def _parameters(request: Request, allowed: tuple[str, ...] = ()) -> tuple[dict[str, str], list[dict[str, str]]]:
    """Return the parameters, and what is wrong with others; `refresh` is one on sqlite-tmp alone."""
    return request.checked_parameters((*allowed, "refresh") if source_of(request) == "sqlite-tmp" else allowed)


def _refreshes(parameters: dict[str, str], errors: list[dict[str, str]]) -> bool:
    """Tell whether the copy is to be made again: `refresh=1`; adds to `errors` where it is something else."""
    refresh = parameters.get("refresh")
    if refresh not in (None, "1"):
        errors.append(field_error("refresh", refresh, "1"))
    return refresh is not None
