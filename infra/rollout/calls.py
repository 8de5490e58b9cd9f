"""The calls that a new version has to answer before it gets any traffic, and again while it has some. Pure.

Reads are asked for with HEAD: the function does all the work of the GET, and no row gets into the state machine's
history.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from handlers.routes import COMMAND, PROJECTOR, QUERY, SOURCES
from infra.edge.event import gateway_event

Call = Mapping[str, object]


def calls_of() -> dict[str, Sequence[Call]]:
    """Return the calls that test each function; none of them changes any row."""
    health = gateway_event("/health", method="HEAD")
    pages = [gateway_event(f"/{source}", "limit=1", "HEAD") for source in SOURCES]
    stats = [gateway_event(f"/{source}/stats", method="HEAD") for source in SOURCES]
    return {
        COMMAND: [gateway_event("/command/health", method="HEAD")],
        QUERY: [health, *pages, *stats],
        PROJECTOR: [{"task": "verify", "level": "quick"}],
    }
