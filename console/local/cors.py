"""The rights of pages of other origins, as the gateway in AWS grants them where its `corsOrigins` name them.

Here they are the pages of this machine: any other page that a developer happens to look at must not read the rows.
Source: API Gateway developer guide, "Configure CORS for HTTP APIs": it answers preflights itself, adds its headers to
what functions answer, and ignores theirs.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from handlers.routes import ALL_METHODS, REQUEST_HEADERS, RESPONSE_HEADERS

Headers = Sequence[tuple[str, str]]

LOCAL_ORIGIN = r"https?://(localhost|127\.0\.0\.1|\[::1\])(:[0-9]{1,5})?"
MAX_AGE_S = 3600


def is_preflight(method: str, headers: Headers) -> bool:
    """Tell whether a browser asks what it may do."""
    return method == "OPTIONS" and {"origin", "access-control-request-method"} <= dict(headers).keys()


def preflight_headers(headers: Headers) -> dict[str, str]:
    """Return the headers that answer a preflight; none for a page from elsewhere."""
    allowed = allow_origin(headers)
    if allowed:
        allowed |= {
            "access-control-allow-methods": ",".join(ALL_METHODS),
            "access-control-allow-headers": ",".join(REQUEST_HEADERS),
            "access-control-max-age": str(MAX_AGE_S),
        }
    return allowed


def with_cors(asked: Headers, answered: Headers) -> Headers:
    """Return an answer's headers with those that let the page that asked read it."""
    own = [header for header in answered if not header[0].startswith("access-control-")]
    allowed = allow_origin(asked)
    if allowed:
        allowed["access-control-expose-headers"] = ",".join(RESPONSE_HEADERS)
    return [*own, *allowed.items()]


def allow_origin(headers: Headers) -> dict[str, str]:
    """Return the headers that let a page of this machine read an answer; none for others."""
    origin = dict(headers).get("origin", "")
    if not re.fullmatch(LOCAL_ORIGIN, origin):
        return {}
    return {"access-control-allow-origin": origin, "vary": "origin"}
