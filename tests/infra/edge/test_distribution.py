"""The distribution: who answers which path, by what key, over which TLS; and nothing that CloudFront would refuse."""

from __future__ import annotations

from functools import cache

import pytest

from handlers.settings import EDGE_KEY_HEADER
from infra.edge.caching import ERRORS, FORWARDED_HEADERS, KEY_HEADERS
from tests.infra.graph import Graph, Node
from tests.infra.program import EVERYTHING, graph, run

# Source: Amazon CloudFront developer guide, "Add custom headers to origin requests".
NEVER_ADDED = ("x-amz-", "x-edge-")
MOST_HEADERS = 10  # of a policy; source: ibid., "Quotas"
HEADERS_ALONE_IN_KEYS = {"Authorization"}  # source: AWS re:Post, "Forward the Authorization header to the origin"
NO_KEYS = {"CloudFront-Viewer-Address"}  # source: developer guide, "Add CloudFront request headers"

TOKENS = {"readAuth": "jwt", "jwtIssuer": "https://issuer.example.com/", "jwtAudience": ["readers"]}


@cache
def dev() -> Graph:
    return run("dev", {"edge": "cloudfront"})


def distribution(seen: Graph) -> Node:
    return seen.one("Distribution")


def test_the_api_and_the_page_are_two_origins_under_one_name() -> None:
    page, api = distribution(dev()).at("origins")
    assert page["originAccessControlId"] == "edge-page-access-id"
    assert page["domainName"] == "edge-page-bucket.s3.us-east-1.amazonaws.com"
    assert api["domainName"] == "api-gateway.example.com"
    assert distribution(dev()).at("defaultCacheBehavior.targetOriginId") == page["originId"]
    behaviors = distribution(dev()).at("orderedCacheBehaviors")
    assert [behavior["pathPattern"] for behavior in behaviors] == ["/api/sessions*", "/api/*"]
    assert {behavior["targetOriginId"] for behavior in behaviors} == {api["originId"]}


def test_the_api_is_asked_over_tls_and_with_the_edges_key_which_no_state_shows() -> None:
    api = distribution(dev()).at("origins.1")
    assert api["customHeaders"] == [{"name": EDGE_KEY_HEADER, "value": {"secret": "current"}}]
    assert not EDGE_KEY_HEADER.startswith(NEVER_ADDED)
    connection = api["customOriginConfig"]
    assert (connection["originProtocolPolicy"], connection["originSslProtocols"]) == ("https-only", ["TLSv1.2"])


def test_the_gateways_own_answer_comes_before_cloudfront_gives_up() -> None:
    waits_ms = {node.at("timeoutMilliseconds") for node in dev().of("Integration")}
    assert distribution(dev()).at("origins.1.customOriginConfig.originReadTimeout") * 1000 > max(waits_ms)


def test_an_api_with_no_other_address_is_asked_under_its_own_name() -> None:
    assert distribution(graph(EVERYTHING)).at("origins.1.domainName") == "api.example.com"


def test_a_page_without_tls_is_led_to_it_and_a_call_refused() -> None:
    assert distribution(dev()).at("defaultCacheBehavior.viewerProtocolPolicy") == "redirect-to-https"
    for behavior in distribution(dev()).at("orderedCacheBehaviors"):
        assert behavior["viewerProtocolPolicy"] == "https-only"


def test_an_own_name_takes_tls_1_2_and_newer_and_cloudfronts_takes_what_it_takes() -> None:
    assert distribution(dev()).at("viewerCertificate") == {"cloudfrontDefaultCertificate": True}
    assert "aliases" not in distribution(dev()).inputs or distribution(dev()).at("aliases") == []
    own = distribution(graph(EVERYTHING))
    assert own.at("viewerCertificate.minimumProtocolVersion") == "TLSv1.2_2021"
    assert own.at("viewerCertificate.sslSupportMethod") == "sni-only"


def test_http_3_ipv6_and_compression_are_on() -> None:
    seen = distribution(dev())
    assert (seen.at("httpVersion"), seen.at("isIpv6Enabled"), seen.at("enabled")) == ("http2and3", True, True)
    assert seen.at("defaultCacheBehavior.compress") is True
    assert all(behavior["compress"] for behavior in seen.at("orderedCacheBehaviors"))


def test_no_error_is_kept() -> None:
    kept = {rule["errorCode"]: rule["errorCachingMinTtl"] for rule in distribution(dev()).at("customErrorResponses")}
    assert kept == dict.fromkeys(ERRORS, 0)
    assert not any("responsePagePath" in rule for rule in distribution(dev()).at("customErrorResponses"))


def test_answers_are_kept_for_as_long_as_they_say_and_no_longer() -> None:
    policies = {policy.name: policy for policy in dev().of("CachePolicy")}
    for policy in policies.values():
        assert (policy.at("minTtl"), policy.at("defaultTtl")) == (0, 0)
    most_s = {name: policy.at("maxTtl") for name, policy in policies.items()}
    year_s = 365 * 24 * 3600
    # With 0 CloudFront would take no headers into the key, and forward no Authorization.
    assert most_s == {"edge-page-key": year_s, "edge-api-key": year_s, "edge-sessions-key": 1}


@pytest.mark.parametrize("policy", ["edge-api-key", "edge-sessions-key"])
def test_an_answer_is_kept_for_whoever_asked_from_there_on_and_for_all_of_the_query(policy: str) -> None:
    key = dev().one("CachePolicy", policy).at("parametersInCacheKeyAndForwardedToOrigin")
    assert {*key["headersConfig"]["headers"]["items"]} == {"Authorization", "Min-Bookmark", "Origin"}
    assert key["queryStringsConfig"] == {"queryStringBehavior": "all"}
    assert key["cookiesConfig"] == {"cookieBehavior": "none"}
    assert key["enableAcceptEncodingGzip"] is key["enableAcceptEncodingBrotli"] is True


def test_the_page_is_kept_by_its_path_alone() -> None:
    key = dev().one("CachePolicy", "edge-page-key").at("parametersInCacheKeyAndForwardedToOrigin")
    assert key["headersConfig"] == {"headerBehavior": "none"}
    assert key["queryStringsConfig"] == {"queryStringBehavior": "none"}


def test_the_api_gets_what_it_reads() -> None:
    for policy in dev().of("OriginRequestPolicy"):
        assert {*policy.at("headersConfig.headers.items")} == {*FORWARDED_HEADERS}
    assert "If-None-Match" not in FORWARDED_HEADERS  # it is not in the key: CloudFront sends its own
    for behavior in distribution(dev()).at("orderedCacheBehaviors"):
        assert {"POST", "DELETE", "OPTIONS"} < {*behavior["allowedMethods"]}
        assert {*behavior["cachedMethods"]} == {"GET", "HEAD"}


def test_a_session_can_begin_where_cookies_are_forwarded() -> None:
    """CloudFront takes Set-Cookie off the answers where it forwards no cookie."""
    first = distribution(dev()).at("orderedCacheBehaviors.0")
    assert first["originRequestPolicyId"] == "edge-sessions-request-id"
    policy = dev().one("OriginRequestPolicy", "edge-sessions-request")
    assert policy.at("cookiesConfig.cookies.items") == ["__Host-session"]


@pytest.mark.parametrize("stack", ["dev", EVERYTHING])
def test_what_is_kept_is_asked_for_by_its_etag_as_no_cookie_goes_with_it(stack: str) -> None:
    """CloudFront asks for all of an expired answer again where a behaviour forwards cookies."""
    seen = dev() if stack == "dev" else graph(stack)
    policies = {f"{node.name}-id": node for node in seen.of("CachePolicy", "OriginRequestPolicy")}
    node = distribution(seen)
    behaviors = [node.at("defaultCacheBehavior"), *node.at("orderedCacheBehaviors")]
    kept = [each for each in behaviors if policies[each["cachePolicyId"]].at("maxTtl") > 1]
    assert len(kept) == 2
    for behavior in kept:
        key = policies[behavior["cachePolicyId"]].at("parametersInCacheKeyAndForwardedToOrigin")
        assert key["cookiesConfig"] == {"cookieBehavior": "none"}
        if request := behavior.get("originRequestPolicyId"):
            assert policies[request].at("cookiesConfig") == {"cookieBehavior": "none"}


def test_with_tokens_no_route_asks_for_the_edges_key_and_there_is_none() -> None:
    seen = run("dev", {"edge": "cloudfront", **TOKENS, "corsOrigins": ["https://app.example.com"]})
    assert not distribution(seen).inputs["origins"][1].get("customHeaders")
    assert seen.of("Secret") == []
    assert {node.at("name") for node in seen.of("Authorizer")} == {"jwt"}
    assert "edge_url" in seen.outputs
    assert not {"edge_key_arn", "authorizer_function"} & {*seen.outputs}


def test_no_policy_names_what_cloudfront_refuses_there() -> None:
    assert len(KEY_HEADERS) <= MOST_HEADERS
    assert len(FORWARDED_HEADERS) <= MOST_HEADERS
    assert not {*FORWARDED_HEADERS} & HEADERS_ALONE_IN_KEYS
    assert not {*KEY_HEADERS} & NO_KEYS


@pytest.mark.parametrize("part", ["page", "api"])
def test_browsers_are_told_what_they_may_do(part: str) -> None:
    policy = dev().one("ResponseHeadersPolicy", f"edge-{part}-headers").at("securityHeadersConfig")
    assert "frame-ancestors 'none'" in policy["contentSecurityPolicy"]["contentSecurityPolicy"]
    assert "unsafe" not in policy["contentSecurityPolicy"]["contentSecurityPolicy"]
    assert policy["strictTransportSecurity"]["accessControlMaxAgeSec"] >= 365 * 24 * 3600
    assert policy["frameOptions"]["frameOption"] == "DENY"
    assert policy["referrerPolicy"]["referrerPolicy"] == "no-referrer"
    assert all(header["override"] for header in policy.values())
    seen = distribution(dev())
    behaviors = [seen.at("defaultCacheBehavior")] if part == "page" else seen.at("orderedCacheBehaviors")
    assert {behavior["responseHeadersPolicyId"] for behavior in behaviors} == {f"edge-{part}-headers-id"}


def test_without_an_edge_there_is_nothing_of_it() -> None:
    kinds = ("Distribution", "ViewerFunction", "Secret", "WebAcl", "LogDelivery", "BucketObjectv2")
    assert graph("dev").of(*kinds) == []
    assert not [name for name in graph("dev").outputs if "edge" in name or name == "distribution_id"]


def test_outputs_say_where_the_edge_is() -> None:
    outputs = dev().outputs
    assert outputs["edge_url"] == "https://edge-distribution.cloudfront.net"
    assert outputs["dashboard_bucket"] == "lambda-sqlite-dev-dashboard-123456789012"
    assert outputs["edge_key_arn"].endswith(":edge-key-secret")
    assert "edge_domain_target" not in outputs
    everything = graph(EVERYTHING).outputs
    assert everything["edge_url"] == "https://data.example.com"
    assert everything["edge_domain_target"] == "edge-distribution.cloudfront.net"
