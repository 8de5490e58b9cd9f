"""The gateway's authorizers: what it asks, and whom, before it calls a function.

One that asks a function keeps the answer for a minute, by the headers that the function looks at. A request that lacks
one of them is 401, and the function is not asked. Source: Amazon API Gateway developer guide, "Control access to HTTP
APIs with AWS Lambda authorizers".
"""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

from handlers.settings import EDGE_KEY_HEADER
from infra.gateway.callers import EDGE, JWT, Callers
from infra.gateway.target import Target

CACHE_S = 60
TOKEN = "$request.header.Authorization"  # noqa: S105 - a place, and no token
EDGE_KEY = f"$request.header.{EDGE_KEY_HEADER}"
ROUTE = "$context.routeKey"  # what a session may do is asked by route


def make_authorizer(
    name: str,
    kind: str,
    api: aws.apigatewayv2.Api,
    *,
    callers: Callers,
    target: Target | None,
    opts: pulumi.ResourceOptions,
) -> aws.apigatewayv2.Authorizer:
    """Make the authorizer of a kind of callers, for the API called `name`.

    Args:
        target: the function that is asked for sessions, and for the edge's key.

    Raises:
        ValueError: a function would have to be asked, and there is none.
    """
    if kind == JWT:
        return _tokens(name, api, callers, opts)
    if target is None:
        raise ValueError(f"authorizer: got nothing, allowed: a function, needed by {kind}")
    authorizer = aws.apigatewayv2.Authorizer(
        f"{name}-{kind}",
        name=kind,
        api_id=api.id,
        authorizer_type="REQUEST",
        authorizer_uri=target.invoke_arn,
        authorizer_payload_format_version="2.0",
        enable_simple_responses=True,
        identity_sources=_sources(kind, callers),
        authorizer_result_ttl_in_seconds=CACHE_S,
        opts=opts,
    )
    aws.lambda_.Permission(
        f"{name}-{kind}",
        action="lambda:InvokeFunction",
        function=target.function_name,
        qualifier=target.alias_name,
        principal="apigateway.amazonaws.com",
        source_arn=pulumi.Output.concat(api.execution_arn, "/authorizers/", authorizer.id),
        opts=opts,
    )
    return authorizer


def _sources(kind: str, callers: Callers) -> Sequence[str]:
    """Return what a request needs, and what an answer is kept by."""
    edge = [EDGE_KEY] if callers.has_edge else []
    return edge if kind == EDGE else [TOKEN, ROUTE, *edge]


def _tokens(
    name: str, api: aws.apigatewayv2.Api, callers: Callers, opts: pulumi.ResourceOptions
) -> aws.apigatewayv2.Authorizer:
    return aws.apigatewayv2.Authorizer(
        f"{name}-jwt",
        name="jwt",
        api_id=api.id,
        authorizer_type="JWT",
        identity_sources=[TOKEN],
        jwt_configuration={"issuer": callers.jwt_issuer, "audiences": callers.jwt_audience},
        opts=opts,
    )
