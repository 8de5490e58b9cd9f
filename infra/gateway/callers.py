"""The API's callers: how each route authorises them, and what browsers on other origins may do."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import pulumi_aws as aws

from handlers.routes import QUERY, gateway_routes

NONE, IAM, JWT = "none", "iam", "jwt"
DEFAULT, PREFLIGHT = "$default", "OPTIONS /{proxy+}"
CORS_MAX_AGE_S = 3600
CORS_METHODS = ("GET", "HEAD", "POST")
SIGNATURE_HEADERS = ("x-amz-content-sha256", "x-amz-date", "x-amz-security-token")
REQUEST_HEADERS = ("authorization", "content-type", "idempotency-key", "if-none-match", "min-bookmark", "prefer")
RESPONSE_HEADERS = (
    "consumed",
    "etag",
    "idempotent-replayed",
    "location",
    "retry-after",
    "server-timing",
    "snapshot-bookmark",
)


@dataclass(frozen=True, kw_only=True)
class Callers:
    """Authorisation of writes (`iam`, `jwt`) and reads (`none`, `iam`, `jwt`) and the origins whose pages may call.

    `jwt_write_scopes` are those of which a token needs at least one to write.
    """

    write_auth: str = IAM
    read_auth: str = IAM
    jwt_issuer: str = ""
    jwt_audience: Sequence[str] = ()
    jwt_write_scopes: Sequence[str] = ()
    cors_origins: Sequence[str] = ()

    def use_tokens(self) -> bool:
        """Return whether any caller is known by a token."""
        return JWT in (self.write_auth, self.read_auth)


@dataclass(frozen=True, kw_only=True)
class RouteRule:
    """The function that answers a route, and how its callers are authorised."""

    function: str
    auth: str
    scopes: Sequence[str] = ()


def route_rules(callers: Callers, throttled: Collection[str] = ()) -> dict[str, RouteRule]:
    """Return the rule of each route key; those that are throttled by themselves have to be explicit.

    Where reads are authorised, `$default` would ask a browser's preflight for credentials that it cannot have; a
    route of its own lets the gateway answer it.
    """
    scopes = callers.jwt_write_scopes if callers.write_auth == JWT else ()
    rules = {
        key: RouteRule(function=function, auth=callers.write_auth, scopes=scopes)
        for key, function in gateway_routes().items()
    }
    reads = RouteRule(function=QUERY, auth=callers.read_auth)
    rules |= {key: reads for key in throttled if key not in rules}
    if callers.cors_origins and callers.read_auth != NONE:
        rules[PREFLIGHT] = RouteRule(function=QUERY, auth=NONE)
    return {**rules, DEFAULT: reads}


def cors(callers: Callers) -> aws.apigatewayv2.ApiCorsConfigurationArgsDict | None:
    """Return what browsers on other origins may do; nothing where no origin is named."""
    if not callers.cors_origins:
        return None
    return {
        "allow_origins": callers.cors_origins,
        "allow_methods": CORS_METHODS,
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
