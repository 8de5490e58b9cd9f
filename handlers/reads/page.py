"""A page: the parameters that ask for it, the range of rows that it is, and the cursor that continues it.

A cursor names the bookmark of the page it came from, so the reader that continues it must know at least that
history, and the rest of the query, so it cannot be used with another one.
"""

from __future__ import annotations

from handlers.domain.bookmark import NOTHING, Bookmark
from handlers.domain.hashes import short_hash
from handlers.domain.paging import DEFAULT_LIMIT, LIMIT_ALLOWED, limit_of
from handlers.domain.problem import field_error, invalid
from handlers.rows import MODEL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import TypeVar

    from handlers.model.filters import Condition

    T = TypeVar("T")

# A filtered page first looks at so many rows for each row wanted, and without an index at so many in all: 110 read
# units of `ddb` with this project's rows; in SQLite an index costs less further away.
NEARBY_ROWS = 32
MOST_SCANNED_ROWS = 4000
MOST_PAGE_BYTES = 5_000_000  # of rows' texts; a page ends early rather than grow larger: Lambda's answers end at 6 MB
CHARACTER_BYTES = 4  # of any character there, in UTF-8 or with a backslash: at most
POINT_PARAMETERS = ("as_of", "fresh")  # of rows and statistics too
FILTERING = frozenset((*MODEL.filters, "from", "to"))
PAGE_PARAMETERS = ("limit", "cursor", "order", *MODEL.filters, "from", "to", *POINT_PARAMETERS)


class PageQuery:
    """One page: which rows, in which order, how many, and after which position.

    Attributes:
        conditions: what every row fulfils: a column, how it is compared, and with what.
        after: the seq of the row before the page's first one in its order, or None at the start.
        at_least: the bookmark of the page that this one continues.
    """

    __slots__ = ("_digest", "after", "at_least", "conditions", "limit", "newest_first")

    def __init__(self, parameters: Mapping[str, str], wrong: Sequence[dict[str, str]] = ()) -> None:
        """Read the query's parameters.

        Args:
            parameters: those that are well-formed.
            wrong: what is wrong with others.

        Raises:
            Problem: 400 that names every wrong one, `wrong` included.
        """
        errors = [*wrong]
        read = Reading(parameters, errors)
        self.limit = read("limit", limit_of, LIMIT_ALLOWED) or DEFAULT_LIMIT
        self.newest_first = read("order", _order, "asc or desc") is not False
        self.conditions: list[Condition] = []
        if not FILTERING.isdisjoint(parameters):
            from handlers.reads.conditions import conditions_of  # noqa: PLC0415 - nothing that a start should pay for

            self.conditions = conditions_of(read, parameters, errors)
        self._digest = short_hash(self.key().encode()).hexdigest()
        self.after: int | None = None
        self.at_least: Bookmark = NOTHING
        if "cursor" in parameters and not any(error["field"] in PAGE_PARAMETERS for error in errors):
            read("cursor", self._continue_after, "a cursor from `next`, with the query it came from")
        if errors:
            raise invalid("malformed-request", errors)

    @property
    def is_filtered(self) -> bool:
        """Tell whether rows are left out by a column or by time."""
        return bool(self.conditions)

    def key(self) -> str:
        """Return everything that decides which rows are in the whole walk, as text."""
        return f"{self.newest_first} {self.conditions}"

    def cursor(self, bookmark: str, last_seq: int) -> str:
        """Return the cursor that goes on after the row `last_seq` of a page at `bookmark`."""
        return f"{bookmark}.{last_seq}.{self._digest}"

    def _continue_after(self, cursor: str) -> None:
        epoch, seq, after, digest = cursor.split(".")
        self.at_least = Bookmark.parse(f"{epoch}.{seq}")
        position = Bookmark.parse(f"0.{after}").seq
        if digest != self._digest or not 1 <= position <= self.at_least.seq:
            raise ValueError(cursor)
        self.after = position


class Reading:
    """Reads one parameter after another and collects what is wrong with them: `read(name, parse, allowed)`."""

    def __init__(self, parameters: Mapping[str, str], errors: list[dict[str, str]]) -> None:
        self._parameters = parameters
        self._errors = errors

    def __call__(self, name: str, parse: Callable[[str], T], allowed: str) -> T | None:
        text = self._parameters.get(name)
        if text is None:
            return None
        try:
            return parse(text)
        except (ValueError, OverflowError):  # OverflowError: a time outside the years 1 to 9999
            self._errors.append(field_error(name, text, allowed))
            return None


def remaining_range(query: PageQuery, newest: int) -> tuple[int, int]:
    """Return first and last seq of all rows after the query's position, of a prefix that ends at `newest`."""
    if query.newest_first:
        return 1, newest if query.after is None else min(query.after - 1, newest)
    return 1 if query.after is None else query.after + 1, newest


def page_range(query: PageQuery, newest: int) -> tuple[int, int]:
    """Return first and last seq of a page without a filter; empty if first > last."""
    first, last = remaining_range(query, newest)
    if query.newest_first:
        return max(first, last - query.limit + 1), last
    return first, min(last, first + query.limit - 1)


def range_end(query: PageQuery, first: int, last: int, newest: int) -> int | None:
    """Return the seq of the last row of such a page, if more rows follow it."""
    if query.newest_first:
        return first if first > 1 else None
    return last if last < newest else None


def fitting(texts: list[str]) -> int:
    """Return how many rows, from the first on, a page can hold: one at least."""
    if sum(map(len, texts)) <= MOST_PAGE_BYTES // CHARACTER_BYTES - len(texts):
        return len(texts)
    size_bytes = 0
    for count, text in enumerate(texts):
        size_bytes += answer_bytes(text) + 1
        if size_bytes > MOST_PAGE_BYTES and count:
            return count
    return len(texts)


def answer_bytes(text: str) -> int:
    """Return how large a text is in a function's answer, which is JSON: quotation marks and backslashes count twice."""
    return len(text.encode()) + text.count('"') + text.count("\\")


def _order(text: str) -> bool:
    return bool(("asc", "desc").index(text))
