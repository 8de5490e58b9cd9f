"""Requests that failed, said so that one can do something about it: nobody answered, or the answer is a refusal."""

from __future__ import annotations

import json
import socket
import ssl
from typing import cast

import httpx

from console.client.retry import retry_after_s
from console.client.signing import LOOPBACK
from console.errors import ConsoleError, NotDoneError
from console.paths import PROGRAM
from handlers.domain.problem import TYPE_PREFIX
from handlers.gateway.response import PROBLEM_TYPE

FORBIDDEN = 403
UNAUTHORIZED_HINT = (
    f"set API_TOKEN to a token that the API takes: `{PROGRAM} access enter` gives one for an access code"
)
EDGE_HINT = (
    ". An API behind an edge takes the edge's key from its owner: `pulumi stack select` its stack; or go by the edge,"
    " with `pulumi stack output edge_url` and /api as --url"
)
ENDED_HINT = (
    "the session of API_TOKEN has ended, or its code was not made for this (SQL needs the scope sql): "
    f"`{PROGRAM} access enter` gives a new token for an access code"
)
REFUSED_HINTS = {
    401: UNAUTHORIZED_HINT,
    403: "have AWS credentials whose user may call this API; `seed --direct` writes to the table itself",
    404: "check --url: it is the API's address without a path behind it",
    503: "try again; GET /health and GET /command/health say which part is away",
}
NAMED_HINT = "change what the message names"
JOBS_HINT = "`pulumi config set jobs true` and `pulumi up` switch them on; `import` without --via-s3 needs none"
FORBIDDEN_HINTS = {"/imports": JOBS_HINT}  # by path, where the API itself refuses
COLUMNS_HINT = "deploy the code with the ledger's columns, or restore a point with the new ones: docs/your-data.md"
SQL_HINT = "`.schema` at the prompt of `sql` shows the table, its names quoted as SQL's own words have to be"
PROBLEM_HINTS = {"other-columns": COLUMNS_HINT, "wrong-sql": SQL_HINT}  # where the status alone does not tell
LOCAL_HINT = "start the local stack with `make serve`, name another API with --url, or set LOCAL_DIR to its folder"
REMOTE_HINT = "check this machine's network, and the address: `pulumi stack output api_url` prints the stack's"
# By what lies behind the failure, the first that fits.
HINTS: tuple[tuple[type[Exception], str], ...] = (
    (ssl.SSLCertVerificationError, "check the host in --url; SSL_CERT_FILE names other certificates to trust"),
    (ssl.SSLError, "check --url: on that port nobody speaks TLS; is it http:// instead?"),
    (socket.gaierror, "check the host's name in --url: `pulumi stack output api_url` prints the stack's"),
)


def unreachable(url: str, error: httpx.TransportError, *, is_doubtful: bool = True) -> ConsoleError:
    """Make the error for an API that does not answer.

    Args:
        is_doubtful: what was asked may have been done.
    """
    reason = str(error) or type(error).__name__
    is_here = httpx.URL(url).host in LOOPBACK
    causes = _causes(error)
    known = (hint for kind, hint in HINTS if any(isinstance(cause, kind) for cause in causes))
    hint = next(known, LOCAL_HINT if is_here else REMOTE_HINT)
    return _kind(is_doubtful)(f"{url} does not answer: {reason}", hint)


def refused(response: httpx.Response, *, is_doubtful: bool = True) -> ConsoleError:
    """Make the error for an answer that refuses what was asked; arguments as of `unreachable`."""
    asked = f"{response.request.method} {response.request.url}"
    is_forbidden_here = response.status_code == FORBIDDEN and response.headers.get("content-type") == PROBLEM_TYPE
    # The gateway lets those through who may call.
    hints = (
        {FORBIDDEN: FORBIDDEN_HINTS.get(response.request.url.path, NAMED_HINT)} if is_forbidden_here else REFUSED_HINTS
    )
    by_status = hints.get(response.status_code, NAMED_HINT)
    hint = PROBLEM_HINTS.get(_problem_kind(response), by_status)
    if hint == REFUSED_HINTS[FORBIDDEN] and response.request.headers.get("authorization", "").startswith("Bearer "):
        hint = ENDED_HINT
    if hint == UNAUTHORIZED_HINT and response.request.url.host not in LOOPBACK:
        hint += EDGE_HINT
    error = _kind(is_doubtful)(f"{asked} was answered with {response.status_code}: {_detail(response)}", hint)
    error.status = response.status_code
    error.problem = _problem_kind(response)
    error.retry_after_s = retry_after_s(response)
    return error


def unexpected(response: httpx.Response, what: str) -> ConsoleError:
    """Make the error for an answer that this API does not give."""
    asked = f"{response.request.method} {response.request.url}"
    return ConsoleError(f"{asked} gave an unexpected answer: {what}", "check --url: is it the address of this API?")


def _kind(is_doubtful: bool) -> type[ConsoleError]:
    return ConsoleError if is_doubtful else NotDoneError


def _causes(error: BaseException | None) -> list[BaseException]:
    """Return an error and all that led to it."""
    found: list[BaseException] = []
    while error is not None:
        found.append(error)
        error = error.__cause__ or error.__context__
    return found


def _detail(response: httpx.Response) -> str:
    """Return what the problem object says, or the gateway's own message, or the text as it is."""
    problem = _problem(response)
    said = problem.get("detail") or problem.get("message")
    return str(said) if said else response.text[:200].strip() or response.reason_phrase


def _problem_kind(response: httpx.Response) -> str:
    """Return the problem's kind; empty where the answer is no problem of this API."""
    return str(_problem(response).get("type", "")).removeprefix(TYPE_PREFIX)


def _problem(response: httpx.Response) -> dict[str, object]:
    """Return the members of the problem object; none where the answer is something else."""
    try:
        content: object = json.loads(response.text)
    except ValueError:
        return {}
    return cast("dict[str, object]", content) if isinstance(content, dict) else {}
