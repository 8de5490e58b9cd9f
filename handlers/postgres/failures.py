"""PostgreSQL's complaints in words for the caller: what can pass is 503, and names its cause without secrets.

An error of a statement has a code of five characters; one of connecting has words alone, the server's or libpq's.
Source: PostgreSQL's documentation, appendix A.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import psycopg

from handlers.domain.problem import unavailable

if TYPE_CHECKING:
    from handlers.domain.problem import Problem

STARTING = "PostgreSQL is starting up or shutting down"
CROWDED = "PostgreSQL has no connection left"
REFUSED = "PostgreSQL refuses the log-in: its user, or a token that is not or no longer valid"
UNTRUSTED = "The TLS of PostgreSQL's server cannot be trusted"
UNREACHABLE = "PostgreSQL cannot be reached"
SILENT = "PostgreSQL does not answer"
LOST = "The connection to PostgreSQL was lost, twice"
NOT_SET_UP = "PostgreSQL is not set up yet: `console migrate schema` does that"
# By the beginning of an error's code; the longest goes first.
BY_CODE = {
    "57P05": LOST,
    "57P": STARTING,
    "57014": "The statement took longer than PostgreSQL is allowed to",
    "55P03": "PostgreSQL was locked for too long",
    "53300": CROWDED,
    "53": "PostgreSQL is out of disk or memory",
    "42501": NOT_SET_UP,
    "42P01": NOT_SET_UP,
    "3": NOT_SET_UP,
    "28": REFUSED,
    "25006": "PostgreSQL takes no changes now",
    "40": "PostgreSQL has taken the transaction back for another one's sake",
    "08": UNREACHABLE,
}
# By words in lower case; the first goes. Those of RDS Proxy are in its guide, "Troubleshooting for RDS Proxy".
BY_WORDS = {
    "waiting to acquire database connection": CROWDED,
    "no credentials for the role": REFUSED,
    "ssl connection has been closed": LOST,
    "ssl syscall error": LOST,
    "certificate": UNTRUSTED,
    "ssl": UNTRUSTED,
    "authentication failed": REFUSED,
    "no pg_hba.conf entry": REFUSED,
    "does not exist": NOT_SET_UP,
    "too many": CROWDED,
    "connection slots": CROWDED,
    "starting up": STARTING,
    "shutting down": STARTING,
    "accepting connections": STARTING,
    "recovery mode": STARTING,
    "timeout": SILENT,
    "timed out": SILENT,
}

_log = logging.getLogger(__name__)


def problem_of(error: psycopg.Error) -> Problem | None:
    """Return the answer to an error of PostgreSQL's; None where it is a defect of ours."""
    cause = _cause(error)
    if cause is None:
        return None
    _log.warning("%s: %s", cause, error)
    return unavailable(cause)


def _cause(error: psycopg.Error) -> str | None:
    code = error.sqlstate
    if code is not None:
        return next((BY_CODE[code[:length]] for length in (5, 3, 2, 1) if code[:length] in BY_CODE), None)
    if not isinstance(error, psycopg.OperationalError):
        return None
    said = str(error).lower()
    return next((cause for words, cause in BY_WORDS.items() if words in said), UNREACHABLE)
