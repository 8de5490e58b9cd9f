"""The API's callers: how each route authorises them, and what browsers on other origins may do."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import pulumi_aws as aws

from handlers.routes import (
    ALL_METHODS,
    OPEN_ROUTES,
    PREFLIGHT,
    QUERY,
    READ_ROUTES,
    REQUEST_HEADERS,
    RESPONSE_HEADERS,
    SQL_ROUTES,
)
from handlers.settings import READ_AUTHS

NONE, IAM, JWT, SESSION = READ_AUTHS
EDGE = "edge"
DEFAULT = "$default"
CORS_MAX_AGE_S = 3600
SIGNATURE_HEADERS = ("x-amz-content-sha256", "x-amz-date", "x-amz-security-token")


@dataclass(frozen=True, kw_only=True)
class Callers:
    """Authorisation of writes (`iam`, `jwt`) and reads (`none`, `iam`, `jwt`, `session`), and who else is let in.

    Args:
        jwt_write_scopes: those of which a token needs at least one to write.
        cors_origins: whose pages may call.
        has_edge: whether an edge stands in front; what is not authorised otherwise then has to come through it.
    """

    write_auth: str = IAM
    read_auth: str = IAM
    jwt_issuer: str = ""
    jwt_audience: Sequence[str] = ()
    jwt_write_scopes: Sequence[str] = ()
    cors_origins: Sequence[str] = ()
    has_edge: bool = False

    def use_sessions(self) -> bool:
        """Return whether reads need a session."""
        return self.read_auth == SESSION

    def use_tokens(self) -> bool:
        """Return whether any caller is known by a token."""
        return JWT in (self.write_auth, self.read_auth)


@dataclass(frozen=True, kw_only=True)
class RouteRule:
    """The function that answers a route, and how its callers are authorised."""

    function: str
    auth: str
    scopes: Sequence[str] = ()


def route_rules(callers: Callers, routes: Mapping[str, str], throttled: Collection[str] = ()) -> dict[str, RouteRule]:
    """Return the rule of each route key; those that are throttled by themselves have to be explicit.

    Explicit routes are authorised as writes, but for those of the relational function, which are reads, and for two
    kinds where reads need a session: statements, for which a session has a scope, and a visitor's own routes, by which
    a session begins and ends.

    Wherever reads are guarded, `$default` would ask a browser's preflight for credentials that it cannot have, the
    edge's key among them; a route of its own lets the gateway answer it. It tells nothing.
    """
    rules = {key: _rule(key, function, callers) for key, function in routes.items()}
    reads = _read(QUERY, callers)
    rules |= {key: reads for key in throttled if key not in rules}
    if callers.cors_origins and reads.auth != NONE:
        rules[PREFLIGHT] = RouteRule(function=QUERY, auth=NONE)
    return {**rules, DEFAULT: reads}


def _rule(key: str, function: str, callers: Callers) -> RouteRule:
    """Return the rule of a route of the handlers' table that is explicit."""
    if key in READ_ROUTES:
        return _read(function, callers)
    if callers.use_sessions() and key in SQL_ROUTES:
        return RouteRule(function=function, auth=SESSION)
    if key in OPEN_ROUTES:
        return RouteRule(function=function, auth=_through_the_edge(NONE, callers))
    scopes = callers.jwt_write_scopes if callers.write_auth == JWT else ()
    return RouteRule(function=function, auth=callers.write_auth, scopes=scopes)


def _read(function: str, callers: Callers) -> RouteRule:
    return RouteRule(function=function, auth=_through_the_edge(callers.read_auth, callers))


def _through_the_edge(auth: str, callers: Callers) -> str:
    """Return how a route is authorised that has this authorisation without an edge."""
    return EDGE if auth == NONE and callers.has_edge else auth


def cors(callers: Callers) -> aws.apigatewayv2.ApiCorsConfigurationArgsDict | None:
    """Return what browsers on other origins may do; nothing where no origin is named.

    Credentials stay off: no cookie of a session ever goes with a request of another origin. Such a page sends its token
    itself.
    """
    if not callers.cors_origins:
        return None
    return {
        "allow_origins": callers.cors_origins,
        "allow_methods": ALL_METHODS,
        "allow_headers": (*REQUEST_HEADERS, *SIGNATURE_HEADERS),
        "expose_headers": RESPONSE_HEADERS,
        "max_age": CORS_MAX_AGE_S,
    }


def part_of(key: str) -> str:
    """Return a route's part of a resource name: "POST /insert" is post-insert."""
    return "-".join(re.findall(r"[a-z0-9]+", key.lower()))


def called_as(key: str) -> str:
    """Return how a route's calls are named in an ARN: whatever stands for a parameter is as good as any other.

    Source: AWS SAM, which writes the permissions of its HTTP APIs in this way.
    """
    return re.sub(r"\{[^}]*\}", "*", key).replace(" ", "")
