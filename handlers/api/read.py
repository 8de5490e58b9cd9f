"""The data routes: a page, one row, statistics, on every read path; with entity tags, receipts and bookmarks."""

from __future__ import annotations

import json

from handlers.api.response import JSON_TYPE, Response
from handlers.domain.bookmark import NOTHING, Bookmark
from handlers.domain.hashes import short_hash
from handlers.domain.problem import Problem, field_error, invalid
from handlers.reads.page import PAGE_PARAMETERS, POINT_PARAMETERS, PageQuery
from handlers.reads.reader import check_epoch
from handlers.rows import MODEL
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
    V = TypeVar("V", bound=View)

NO_CACHE = "no-cache"
# What was asked as of a bookmark never changes; where reads are authorised, only the client itself may keep it.
FOR_EVER = {False: "public, max-age=31536000, immutable", True: "private, max-age=31536000, immutable"}
MAX_ID_CHARACTERS = 100  # more than any row's id has, and less than DynamoDB refuses as a key


class DataRoutes:
    """The operations of the data routes.

    Args:
        readers: the read paths that are loaded, by the name that they have in the API.
        load: makes the reader that is not loaded yet: of a path, or of a SQLite path with `?fresh`.
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
        for error in errors:
            if error["field"] in MODEL.names and error["field"] not in MODEL.filters:
                error["allowed"] = f"{error['field']} has no filter; {error['allowed']}"
        asked = Asked(request, parameters, errors)
        query = PageQuery(parameters, errors)
        asked.bookmarks.append(query.at_least)

        def find(view: View) -> tuple[Page, int | None]:
            return view.page(query), view.scanned_rows

        def render(found: tuple[Page, int | None], bookmark: str) -> str:
            (text, count, last_seq), scanned_rows = found
            cursor = f'"{query.cursor(bookmark, last_seq)}"' if last_seq else "null"
            scanned = "" if scanned_rows is None else f'"scanned_rows":{scanned_rows},'
            return f'{scanned}"count":{count},"data":[{text}],"next":{cursor}'

        return self._read(request, asked, f"{query.key()} {query.limit} {query.after}", find, render)

    def row(self, request: Request) -> Response:
        """GET /<path>/{id}: one row."""
        asked = _without_query(request)
        row_id = request.path_parameters["id"]
        if len(row_id) > MAX_ID_CHARACTERS or not row_id.isascii():
            raise Problem("not-found", f"No row has the id {row_id[:MAX_ID_CHARACTERS]}")

        def find(view: View) -> str:
            text = view.row(row_id)
            if text is None:
                raise Problem("not-found", f"No row has the id {row_id} at the bookmark {view.bookmark}")
            return text

        return self._read(request, asked, row_id, find, lambda text, _: f'"data":{text}')

    def stats(self, request: Request) -> Response:
        """GET /<path>/stats: statistics of all rows."""
        asked = _without_query(request)

        def find(view: View) -> dict[str, object]:
            return view.stats()

        return self._read(request, asked, "stats", find, lambda stats, _: f'"stats":{json.dumps(stats)}')

    def _read(
        self,
        request: Request,
        asked: Asked,
        key: str,
        find: Callable[[View], T],
        render: Callable[[T, str], str],
    ) -> Response:
        """Answer a data route, or 304 where the client has that already.

        Args:
            key: tells this question from others on the same path.
            find: reads a view; may be called twice.
            render: makes the answer's members of what was found and the bookmark's text.
        """
        usage = self._receipts.begin()
        source = source_of(request)
        at_least = max(asked.bookmarks)
        home = f"{source}?fresh" if asked.is_fresh and source != "ddb" else source
        reader = self._readers.get(home) or self._load(home)
        if asked.refresh:
            self._copying.refresh()
        digest = short_hash(f"{MODEL.schema_version} {request.path} {key}".encode()).hexdigest()
        known = None if asked.refresh else request.headers.get("if-none-match")

        def use(view: View) -> tuple[str, list[T]]:
            view = asked.view_of(view)
            # "*" says nothing of what the client has: whether there is anything, the query has to tell.
            if known is not None and known != "*" and is_known(known, tag_of(view.bookmark_text, digest)):
                return view.bookmark_text, []
            found = find(view)
            return view.bookmark_text, [found]

        bookmark, found = reader.read(at_least, usage, use)
        members = render(found[0], bookmark) if found and known != "*" else None
        usage.lap("query")
        caching = NO_CACHE if asked.as_of is None else FOR_EVER[request.is_authorized]
        return self._answer(source, (bookmark, digest, caching), members, usage)

    def _answer(self, source: str, place: tuple[str, str, str], members: str | None, usage: Usage) -> Response:
        """Return 200 with these members, or 304 where there are none to send.

        Args:
            place: the bookmark, the digest of the question, and how long the answer holds.
        """
        bookmark, digest, caching = place
        all_ms = usage.all_ms()
        consumed, consumed_header = self._receipts.end(usage, all_ms["total"])
        headers = {
            "cache-control": caching,
            "etag": tag_of(bookmark, digest),
            "snapshot-bookmark": bookmark,
            "server-timing": server_timing(all_ms),
            "consumed": consumed_header,
        }
        if usage.lag is not None:
            headers |= usage.lag.header()
        if members is None:
            return Response(304, "", headers)
        headers["content-type"] = JSON_TYPE
        copy = f',"copy":{json.dumps(usage.copy)}' if source == "sqlite-tmp" else ""
        measured = f'"timings_ms":{timings_text(all_ms)},"consumed":{consumed}{copy}'
        return Response(200, f'{{"source":"{source}","bookmark":"{bookmark}",{members},{measured}}}', headers)


class Asked:
    """The point in history that a request asks for, by parameters and headers.

    Attributes:
        as_of: read exactly this prefix; None: the newest.
        is_fresh: read on beyond the snapshot, in the ledger.
        refresh: copy again.
        bookmarks: what the prefix has to hold; 0.0 for nothing.
    """

    __slots__ = ("as_of", "bookmarks", "is_fresh", "refresh")

    def __init__(self, request: Request, parameters: dict[str, str], errors: list[dict[str, str]]) -> None:
        """Read them; add to `errors` what is wrong."""
        self.as_of = _bookmark("as_of", parameters.get("as_of"), errors)
        self.is_fresh = _is_set("fresh", parameters, errors)
        self.refresh = _is_set("refresh", parameters, errors)
        self.bookmarks = [min_bookmark(request, errors), self.as_of or NOTHING]

    def view_of(self, view: V) -> V:
        """Return the view of the point asked for. Raises Problem (409) for a bookmark of another ledger."""
        for bookmark in self.bookmarks:  # the reader has looked at the greatest one alone
            if bookmark != NOTHING:
                check_epoch(bookmark, view.bookmark)
        return view if self.as_of is None else view.at(self.as_of)


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
    return _bookmark("Min-Bookmark", request.headers.get("min-bookmark"), errors) or NOTHING


def _bookmark(field: str, text: str | None, errors: list[dict[str, str]]) -> Bookmark | None:
    if text is None:
        return None
    try:
        return Bookmark.parse(text)
    except ValueError:
        errors.append(field_error(field, text, "<epoch>.<seq>, two integers"))
        return None


def _without_query(request: Request) -> Asked:
    """Return all that a row and statistics can be asked with. Raises Problem (400)."""
    parameters, errors = _parameters(request, POINT_PARAMETERS)
    asked = Asked(request, parameters, errors)
    if errors:
        raise invalid("malformed-request", errors)
    return asked


def _parameters(request: Request, allowed: tuple[str, ...]) -> tuple[dict[str, str], list[dict[str, str]]]:
    """Return the parameters, and what is wrong with others; `refresh` is one on sqlite-tmp alone."""
    return request.checked_parameters((*allowed, "refresh") if source_of(request) == "sqlite-tmp" else allowed)


def _is_set(name: str, parameters: dict[str, str], errors: list[dict[str, str]]) -> bool:
    """Tell whether a parameter is 1; adds to `errors` where it is something else."""
    value = parameters.get(name)
    if value not in (None, "1"):
        errors.append(field_error(name, value, "1"))
    return value is not None
