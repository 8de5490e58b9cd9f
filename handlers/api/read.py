"""The data routes: a page, one row, statistics, on every read path; with entity tags, receipts and bookmarks."""

from __future__ import annotations

from handlers.domain.bookmark import NOTHING, Bookmark
from handlers.domain.problem import Problem, invalid
from handlers.gateway.response import measured_response
from handlers.reads.page import PAGE_PARAMETERS, POINT_PARAMETERS, PageQuery
from handlers.reads.question import FIXED, NEWEST, PUBLISHED, WORK, Asked, Question, bookmark_of, source_of
from handlers.routes import ROWS
from handlers.rows import MODEL
from handlers.settings import OPEN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from handlers.gateway.request import Request
    from handlers.gateway.response import Response
    from handlers.reads.question import Errors
    from handlers.reads.reader import Reader, View
    from handlers.reads.sqlite_tmp import CopyingReader
    from handlers.telemetry.usage import Receipts

    Parse = Callable[[str, Mapping[str, str], Errors], Question]

YEAR_S = 31_536_000
VARY = "accept-encoding, min-bookmark"  # an answer is at least as new as was asked: for others it may be too old
MAX_ID_CHARACTERS = 100  # more than any row's id has, and less than DynamoDB refuses as a key
MAX_KEPT_QUESTIONS = 128
ANY_HOME = f"/{ROWS}"


class DataRoutes:
    """The operations of the data routes.

    A page's question that was asked before is not parsed and checked again: that is 7 % of the newest page's time under
    Lambda's runtime client. Ids are hardly ever asked for twice in a row, so questions for a row are not kept.

    Args:
        readers: the read paths that are loaded, by the name that they have in the API.
        load: makes the reader that is not loaded yet: of a path, or of a SQLite path with `?fresh`.
        receipts: makes each answer's receipt.
        caching: the values of Cache-Control, as `caching_of` makes them.
        provider: the home that answers `/rows`.
        copying: the path whose copy `refresh=1` makes again; None: it is not here.
    """

    def __init__(
        self,
        readers: dict[str, Reader],
        load: Callable[[str], Reader],
        receipts: Receipts,
        caching: dict[bool, dict[str, str]],
        *,
        provider: str,
        copying: CopyingReader | None = None,
    ) -> None:
        self._readers = readers
        self._load = load
        self._receipts = receipts
        self._caching = caching
        self._provider = provider
        self._copying = copying
        self._questions: dict[tuple[str, str], Question] = {}

    def page(self, request: Request) -> Response:
        """GET /<path>: rows by page."""
        return self._answer(request, PAGE_PARAMETERS, page_question)

    def row(self, request: Request) -> Response:
        """GET /<path>/{id}: one row."""
        return self._answer(request, POINT_PARAMETERS, row_question)

    def stats(self, request: Request) -> Response:
        """GET /<path>/stats: statistics of all rows."""
        return self._answer(request, POINT_PARAMETERS, stats_question)

    def _answer(self, request: Request, allowed: tuple[str, ...], parse: Parse) -> Response:
        """Answer a data route, or 304 where the client has that already."""
        errors: Errors = []
        at_least = min_bookmark(request, errors)
        question = self._question(request, allowed, parse, errors)
        usage = self._receipts.begin()
        reader = self._readers.get(question.home) or self._load(question.home)
        asked = question.asked
        if asked.refresh and self._copying is not None:
            self._copying.refresh()
            usage.lap("close")
        known = None if asked.refresh else request.headers.get("if-none-match")
        wanted = asked.at_least(at_least) if asked.bookmarks else at_least
        bookmark, members = reader.read(wanted, usage, lambda view: found_in(view, question, at_least, known))
        usage.lap("query")
        headers = {
            "cache-control": self._caching[request.is_authorized][question.lasting],
            "etag": tag_of(bookmark, question.digest),
            "vary": VARY,
        }
        return measured_response((question.source, bookmark), members, headers, usage, self._receipts)

    def _question(self, request: Request, allowed: tuple[str, ...], parse: Parse, errors: Errors) -> Question:
        """Return what a request asks. Raises Problem (400) that names all that is wrong, `errors` included."""
        key = request.path, request.query
        question = None if errors else self._questions.get(key)
        if question is None:
            if source_of(request.path) == "sqlite-tmp":
                allowed = (*allowed, "refresh")
            parameters, others = request.checked_parameters(allowed)
            question = parse(self._path_of(request.path), parameters, errors + others)
            if parse is not row_question:
                self._keep(key, question)
        return question

    def _path_of(self, path: str) -> str:
        """Return the path at which the home itself answers what is asked: `/rows` is one of them by another name."""
        return f"/{self._provider}{path.removeprefix(ANY_HOME)}" if source_of(path) == ROWS else path

    def _keep(self, key: tuple[str, str], question: Question) -> None:
        if len(self._questions) == MAX_KEPT_QUESTIONS:
            self._questions.clear()
        self._questions[key] = question


def caching_of(read_auth: str, shared_max_age_s: int) -> dict[bool, dict[str, str]]:
    """Return the values of Cache-Control, by whether the caller is somebody, and by how long an answer is one.

    Args:
        read_auth: who may read, one of `READ_AUTHS`.
        shared_max_age_s: for how many seconds a cache that many share may give away what was published.

    `public` and `s-maxage` let a cache share even what was asked with Authorization, so that neither stands in what is
    somebody's, nor anywhere where not everybody may read, whatever the gateway says of the caller. What is somebody's
    is asked for again each time, so that a browser shows nothing after its session or its token is over; the entity tag
    saves the transfer. `must-revalidate` forbids what has expired, `stale-if-error` also to those who give it away
    while the origin fails. Sources: RFC 9111, sections 3.5 and 5.2.2; RFC 5861, section 4.
    """
    somebodys = {**dict.fromkeys((FIXED, PUBLISHED, NEWEST), "private, no-cache"), WORK: "no-store"}
    shared = f"public, max-age=0, s-maxage={shared_max_age_s}, must-revalidate, stale-if-error=0"
    anybodys = {
        FIXED: f"public, max-age={YEAR_S}, immutable",
        PUBLISHED: shared if shared_max_age_s else "no-cache",
        NEWEST: "no-cache",
        WORK: "no-store",
    }
    return {False: anybodys if read_auth == OPEN else somebodys, True: somebodys}


def found_in(view: View, question: Question, at_least: Bookmark, known: str | None) -> tuple[str, str | None]:
    """Return the bookmark of what a view shows, and the answer's members; None where the client has them already.

    Args:
        at_least: the bookmark that the request's header asks for.
        known: If-None-Match.
    """
    if at_least is not NOTHING or question.asked.bookmarks:
        view = question.asked.view_of(view, at_least)
    # "*" says nothing of what the client has: whether there is anything, the query has to tell.
    if known is not None and known != "*" and is_known(known, tag_of(view.bookmark_text, question.digest)):
        return view.bookmark_text, None
    members = question.members(view)
    return view.bookmark_text, None if known == "*" else members


def page_question(path: str, parameters: Mapping[str, str], errors: Errors) -> Question:
    """Return the question for a page of rows.

    Args:
        parameters: those that are well-formed.
        errors: what is wrong with others.

    Raises Problem: 400 that names all that is wrong.
    """
    for error in errors:
        if error["field"] in MODEL.names and error["field"] not in MODEL.filters:
            error["allowed"] = f"{error['field']} has no filter; {error['allowed']}"
    asked = Asked(parameters, errors)
    query = PageQuery(parameters, errors)
    if query.at_least != NOTHING:
        asked.bookmarks.append(query.at_least)

    def members(view: View) -> str:
        text, count, last_seq = view.page(query)
        cursor = f'"{query.cursor(view.bookmark_text, last_seq)}"' if last_seq else "null"
        scanned = "" if view.scanned_rows is None else f'"scanned_rows":{view.scanned_rows},'
        return f'{scanned}"count":{count},"data":[{text}],"next":{cursor}'

    return Question(path, asked, f"{query.key()} {query.limit} {query.after}", members)


def row_question(path: str, parameters: Mapping[str, str], errors: Errors) -> Question:
    """Return the question for the row with the id in the path. Raises Problem: 400 as above, 404 for no such id."""
    asked = _asked(parameters, errors)
    row_id = path.rpartition("/")[2]
    if len(row_id) > MAX_ID_CHARACTERS or not row_id.isascii():
        raise Problem("not-found", f"No row has the id {row_id[:MAX_ID_CHARACTERS]}")

    def members(view: View) -> str:
        text = view.row(row_id)
        if text is None:
            raise Problem("not-found", f"No row has the id {row_id} at the bookmark {view.bookmark}")
        return f'"data":{text}'

    return Question(path, asked, row_id, members)


def stats_question(path: str, parameters: Mapping[str, str], errors: Errors) -> Question:
    """Return the question for the statistics of all rows. Raises Problem: 400 as above."""
    return Question(path, _asked(parameters, errors), "stats", lambda view: f'"stats":{view.stats_text()}')


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
    return NOTHING if text is None else bookmark_of("Min-Bookmark", text, errors) or NOTHING


def _asked(parameters: Mapping[str, str], errors: Errors) -> Asked:
    """Return all that a row and statistics can be asked with."""
    asked = Asked(parameters, errors)
    if errors:
        raise invalid("malformed-request", errors)
    return asked
