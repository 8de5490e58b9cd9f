"""A question: what a read is asked by its path and its query string, parsed and checked.

It holds nothing of the request beside, so the same question asked again is the same object (`api/read.py` keeps them).
"""

from __future__ import annotations

from handlers.domain.bookmark import Bookmark
from handlers.domain.hashes import short_hash
from handlers.domain.problem import field_error
from handlers.reads.reader import check_epoch
from handlers.rows import MODEL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import TypeVar

    from handlers.reads.reader import View

    V = TypeVar("V", bound=View)

    Errors = list[dict[str, str]]

# How long an answer is what its question asks for: always; until more is published; until more is in the ledger, which
# it is asked for; not at all, as the work is what was asked for.
FIXED, PUBLISHED, NEWEST, WORK = "fixed", "published", "newest", "work"


class Asked:
    """The point in history that the parameters ask for.

    Attributes:
        as_of: read exactly this prefix; None: the newest.
        is_fresh: read on beyond the snapshot, in the ledger.
        refresh: copy again.
        bookmarks: those that the prefix has to hold; mostly none.
    """

    __slots__ = ("as_of", "bookmarks", "is_fresh", "refresh")

    def __init__(self, parameters: Mapping[str, str], errors: Errors) -> None:
        """Read them; add to `errors` what is wrong."""
        self.as_of = bookmark_of("as_of", parameters.get("as_of"), errors)
        self.is_fresh = _is_set("fresh", parameters, errors)
        self.refresh = _is_set("refresh", parameters, errors)
        self.bookmarks = [] if self.as_of is None else [self.as_of]

    def at_least(self, other: Bookmark) -> Bookmark:
        """Return the greatest bookmark that the prefix has to hold, another one included."""
        return max((other, *self.bookmarks))

    def view_of(self, view: V, other: Bookmark) -> V:
        """Return the view of the point asked for. Raises Problem (409) for a bookmark of another ledger."""
        for bookmark in (other, *self.bookmarks):  # the reader has looked at the greatest one alone
            check_epoch(bookmark, view.bookmark)
        return view if self.as_of is None else view.at(self.as_of)


class Question:
    """A question, and how its answer is made.

    Args:
        path: that of the URL.
        asked: the point in history.
        key: tells this question from others with the same path.
        members: makes the answer's own members, as JSON text, of a view. It may be called more than once.

    Attributes:
        source: the read path.
        home: the name of the reader that answers: that of the path, or with `?fresh`.
        digest: of the question, for the entity tag.
        lasting: how long its answer is one: FIXED, PUBLISHED, NEWEST or WORK.
    """

    __slots__ = ("asked", "digest", "home", "lasting", "members", "source")

    def __init__(self, path: str, asked: Asked, key: str, members: Callable[[View], str]) -> None:
        self.source = source_of(path)
        self.asked = asked
        self.home = f"{self.source}?fresh" if asked.is_fresh and self.source != "ddb" else self.source
        self.digest = short_hash(f"{MODEL.schema_version} {path} {key}".encode()).hexdigest()
        self.lasting = _lasting(asked, self.home)
        self.members = members


def source_of(path: str) -> str:
    """Return the read path that a data route names."""
    return path.split("/", 2)[1]


def bookmark_of(field: str, text: str | None, errors: Errors) -> Bookmark | None:
    """Return a bookmark, None where none is given; adds to `errors` where it is malformed."""
    if text is None:
        return None
    try:
        return Bookmark.parse(text)
    except ValueError:
        errors.append(field_error(field, text, "<epoch>.<seq>, two integers"))
        return None


def _lasting(asked: Asked, home: str) -> str:
    """Return how long an answer of a home is one; only the snapshots promise no more than what is published."""
    if asked.refresh:
        return WORK
    if asked.as_of is not None:
        return FIXED
    return NEWEST if asked.is_fresh or home == "ddb" else PUBLISHED


def _is_set(name: str, parameters: Mapping[str, str], errors: Errors) -> bool:
    """Tell whether a parameter is 1; adds to `errors` where it is something else."""
    value = parameters.get(name)
    if value not in (None, "1"):
        errors.append(field_error(name, value, "1"))
    return value is not None
