"""The calls that a new version has to answer before it gets any traffic, and again while it has some. Pure.

Reads are asked for with HEAD: the function does all the work of the GET, and no row gets into the state machine's
history. What would write, or run a statement, is asked for with a body that is refused: its code is loaded and runs, up
to the point where it says what is wrong.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from handlers.routes import COMMAND, POSTGRES, PROJECTOR, QUERY, RELATIONAL, SOURCES, SQL_SOURCES
from infra.gateway.event import gateway_event

WELL, REFUSED_INSERT = (200,), (422,)
REFUSED_SQL = (400, 403)  # as it is malformed or, with `sql: off`, at once


@dataclass(frozen=True, kw_only=True)
class TrialCall:
    """An event for the function, and the statuses of which its answer has one; an answer without any has 200."""

    event: Mapping[str, object]
    statuses: Sequence[int] = WELL

    def to_item(self) -> dict[str, object]:
        """Return it as the state machine knows it."""
        return {"event": dict(self.event), "statuses": [*self.statuses]}


# Code with another form of the rows has a home of its own, which nobody feeds before it is live: it is fed by this.
CATCH_UP = TrialCall(event={"task": "verify", "level": "quick"})


def calls_of() -> dict[str, Sequence[TrialCall]]:
    """Return the calls that test each function; none of them changes any row."""
    pages = [_look(f"/{source}", "limit=1") for source in SOURCES]
    stats = [_look(f"/{source}/stats") for source in SOURCES]
    statements = [_offend(f"/{source}/sql", {}, REFUSED_SQL) for source in SQL_SOURCES]
    pages_of_postgres = [_look(f"/{POSTGRES}", "limit=1"), _look(f"/{POSTGRES}/stats")]
    return {
        COMMAND: [_look("/command/health"), _offend("/insert", {"items": []}, REFUSED_INSERT)],
        QUERY: [_look("/health"), *pages, *stats, *statements],
        PROJECTOR: [CATCH_UP],
        RELATIONAL: [CATCH_UP, _look("/relational/health"), *pages_of_postgres],
    }


def _look(path: str, query: str = "") -> TrialCall:
    return TrialCall(event=gateway_event(path, query, "HEAD"))


def _offend(path: str, content: object, statuses: Sequence[int]) -> TrialCall:
    """Return a call whose body is refused with one of these statuses."""
    return TrialCall(event=gateway_event(path, method="POST", content=content), statuses=statuses)
