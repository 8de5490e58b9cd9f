"""CloudFront's rules: the answers that it keeps, the key of each, and the part of a request that it hands on.

The answers themselves say for how long they may be kept (`Cache-Control`); the policies add nothing to it. With a least
time of 0, `no-cache`, `no-store` and `private` are obeyed, and with a usual time of 0 an answer that says nothing is
asked for again (source: Amazon CloudFront developer guide, "Manage how long content stays in the cache").

Errors are not kept: CloudFront would keep 404, 405, 414 and 5xx for 10 seconds whatever their headers say, so each has
a time of 0 (source: ibid., "Control how long CloudFront caches errors"). Where an answer is there that has expired and
the API answers with 5xx, CloudFront gives it away all the same, unless it says `stale-if-error=0` (source: ibid., "How
CloudFront processes HTTP 4xx and 5xx status codes from your origin").

What has expired is asked for again by its ETag, but not where cookies are forwarded: there CloudFront asks for all of
it (source: ibid., "Cache content based on cookies"). So a visitor's own routes, whose answers say `no-store`, have
rules of their own, and the rest of the API gets no cookie.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.naming import Naming

YEAR_S = 365 * 24 * 3600
# The least longest time of a policy with headers in its key: CloudFront refuses them where all times are 0 (source:
# aws-cdk, issue 13441), and so would not hand on Authorization. Nothing is kept where answers say `no-store`.
LEAST_S = 1
API_PATHS = "/api/*"
SESSION_PATHS = "/api/sessions*"  # a visitor's own routes, by which a session begins, shows and ends
# Who asks, from which point on, and a page of which origin: answers differ by these. Authorization reaches the API as
# part of the key alone (source: AWS re:Post knowledge center, "Forward the Authorization header to the origin").
KEY_HEADERS = ("Authorization", "Min-Bookmark", "Origin")
# What else the API reads; ten are the most (source: Amazon CloudFront developer guide, "Quotas"). Not If-None-Match: a
# visitor's is not in the key, and CloudFront adds its own.
FORWARDED_HEADERS = (
    "Accept",
    "Access-Control-Request-Headers",
    "Access-Control-Request-Method",
    "CloudFront-Viewer-Address",
    "Content-Type",
    "Idempotency-Key",
    "Prefer",
)
# Where no cookie is forwarded, CloudFront takes Set-Cookie off the answers too (source: ibid., "Cache content based on
# cookies"), and nobody could begin a session. To the visitor's own routes alone.
FORWARDED_COOKIES = ("__Host-session",)
ERRORS = (400, 403, 404, 405, 414, 500, 501, 502, 503, 504)  # those that may have a time of their own

NONE: aws.cloudfront.CachePolicyParametersInCacheKeyAndForwardedToOriginCookiesConfigArgsDict = {
    "cookie_behavior": "none"
}


@dataclass(frozen=True, kw_only=True)
class Caching:
    """The policies' ids: the keys of page, API and sessions, and what the latter two are told beside their key."""

    page: pulumi.Output[str]
    api: pulumi.Output[str]
    api_request: pulumi.Output[str]
    sessions: pulumi.Output[str]
    sessions_request: pulumi.Output[str]


def make_caching(name: str, naming: Naming, opts: pulumi.ResourceOptions) -> Caching:
    """Make the policies; `name` is the component's, whose resources they are."""
    return Caching(
        page=_cache_policy(f"{name}-page-key", naming.name("page"), [], YEAR_S, opts).id,
        api=_cache_policy(f"{name}-api-key", naming.name("api"), KEY_HEADERS, YEAR_S, opts).id,
        api_request=_request_policy(f"{name}-api-request", naming.name("api"), [], opts).id,
        sessions=_cache_policy(f"{name}-sessions-key", naming.name("sessions"), KEY_HEADERS, LEAST_S, opts).id,
        sessions_request=_request_policy(
            f"{name}-sessions-request", naming.name("sessions"), FORWARDED_COOKIES, opts
        ).id,
    )


def _cache_policy(
    name: str, policy_name: str, headers: Sequence[str], most_s: int, opts: pulumi.ResourceOptions
) -> aws.cloudfront.CachePolicy:
    """Make a policy whose key is the path, these headers and, where there are any, all of the query."""
    return aws.cloudfront.CachePolicy(
        name,
        name=policy_name,
        comment="As long as the answer says",
        min_ttl=0,
        default_ttl=0,
        max_ttl=most_s,
        parameters_in_cache_key_and_forwarded_to_origin={
            "cookies_config": NONE,
            "headers_config": {"header_behavior": "whitelist", "headers": {"items": [*headers]}}
            if headers
            else {"header_behavior": "none"},
            "query_strings_config": {"query_string_behavior": "all" if headers else "none"},
            "enable_accept_encoding_gzip": True,
            "enable_accept_encoding_brotli": True,
        },
        opts=opts,
    )


def _request_policy(
    name: str, policy_name: str, cookies: Sequence[str], opts: pulumi.ResourceOptions
) -> aws.cloudfront.OriginRequestPolicy:
    return aws.cloudfront.OriginRequestPolicy(
        name,
        name=policy_name,
        comment="What the API reads beside the key",
        headers_config={"header_behavior": "whitelist", "headers": {"items": [*FORWARDED_HEADERS]}},
        cookies_config={"cookie_behavior": "whitelist", "cookies": {"items": [*cookies]}}
        if cookies
        else {"cookie_behavior": "none"},
        query_strings_config={"query_string_behavior": "all"},
        opts=opts,
    )


def uncached_errors() -> list[aws.cloudfront.DistributionCustomErrorResponseArgsDict]:
    """Return what keeps each error for no time at all, and leaves it as it is."""
    return [{"error_code": code, "error_caching_min_ttl": 0} for code in ERRORS]
