"""The settings of the edge: what stands in front of the API, for how long it may keep answers, and under which name."""

from __future__ import annotations

from dataclasses import dataclass

from handlers.settings import CLOUDFRONT, EDGES
from infra.edge.distribution import EdgeDomain
from infra.gateway.callers import IAM, JWT, NONE
from infra.settings.api_settings import HOST, ApiSettings
from infra.typed_config import TypedConfig

CERTIFICATE = r"arn:aws[\w-]*:acm:us-east-1:[0-9]{12}:certificate/\S+"
MOST_AGE_S = 60
RATES = (10, 2_000_000_000)  # what WAF takes
MOST_LOG_DAYS = 3653


@dataclass(frozen=True, kw_only=True)
class EdgeSettings:
    """An edge, if there is one, and its parts.

    Args:
        is_there: whether CloudFront stands in front of the API.
        has_key: whether the API asks for the edge's key; with tokens no route does, as each asks for the token.
        is_closed: whether the API answers nobody without authorization.
        max_age_s: how long it may give away an answer that may change.
        firewall: whether WAF looks at each request.
        rate_limit: requests of an address in five minutes that WAF lets through.
        log_days: how long access logs are kept; 0 = there are none.
        domain: its own host name, if it has one.
    """

    is_there: bool
    has_key: bool
    is_closed: bool
    max_age_s: int
    firewall: bool
    rate_limit: int
    log_days: int
    domain: EdgeDomain | None

    def environment(self) -> dict[str, str]:
        """Return what the functions have to know of it."""
        if not self.is_there:
            return {}
        return {"EDGE": CLOUDFRONT, "SHARED_MAX_AGE_S": str(self.max_age_s)}


def read_edge(config: TypedConfig, api: ApiSettings) -> EdgeSettings:
    """Return the settings of the edge. Raises ConfigError for the first that cannot be used."""
    is_there = config.choice("edge", *EDGES) == CLOUDFRONT
    edge = EdgeSettings(
        is_there=is_there,
        has_key=is_there and api.callers.read_auth != JWT,
        is_closed=is_there and api.callers.read_auth != NONE,
        max_age_s=config.integer("edgeMaxAgeS", 0, MOST_AGE_S),
        firewall=config.flag("edgeFirewall"),
        rate_limit=config.integer("edgeRateLimit", *RATES),
        log_days=config.integer("edgeLogDays", 0, MOST_LOG_DAYS),
        domain=_domain(config, api),
    )
    if edge.is_there and api.callers.read_auth == IAM:
        allowed = "none with readAuth iam: a signature is of the API's own host, and CloudFront speaks to another"
        raise config.fail("edge", CLOUDFRONT, allowed)
    if not edge.is_there:
        _refuse_what_needs_it(config, edge)
    return edge


def _refuse_what_needs_it(config: TypedConfig, edge: EdgeSettings) -> None:
    if edge.firewall:
        raise config.fail("edgeFirewall", "true", "false without edge cloudfront: WAF cannot guard an HTTP API itself")
    if edge.log_days:
        raise config.fail("edgeLogDays", edge.log_days, "0 without edge cloudfront")
    if edge.domain:
        raise config.fail("edgeDomain", edge.domain.name, "nothing without edge cloudfront")


def _domain(config: TypedConfig, api: ApiSettings) -> EdgeDomain | None:
    name = config.matching("edgeDomain", HOST, "a host name such as data.example.com")
    certificate_arn = config.matching(
        "edgeCertificateArn", CERTIFICATE, "the ARN of a certificate in us-east-1, where CloudFront looks for it"
    )
    if bool(name) != bool(certificate_arn):
        allowed = "a certificate for edgeDomain; neither without the other"
        raise config.fail("edgeCertificateArn", certificate_arn, allowed)
    if name and api.domain and name == api.domain.name:
        raise config.fail("edgeDomain", name, "another name than domain, which is the API's behind the edge")
    return EdgeDomain(name=name, certificate_arn=certificate_arn) if name else None
