"""CloudFront in front of page and API: one name, and so one origin for browsers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pulumi
import pulumi_aws as aws

from handlers.settings import EDGE_KEY_HEADER
from infra.account import account_of
from infra.edge.access_logs import make_access_logs
from infra.edge.caching import API_PATHS, SESSION_PATHS, Caching, make_caching, uncached_errors
from infra.edge.firewall import REGION, Firewall, make_firewall
from infra.edge.headers import API_SECURITY_POLICY, CONTENT_SECURITY_POLICY
from infra.edge.page import PageOrigin, let_distribution_read, make_page
from infra.edge.response_headers import make_response_headers
from infra.edge.viewer import make_viewer_function
from infra.naming import Naming

PAGE, API = "page", "api"
PRICE_CLASS = "PriceClass_100"  # North America and Europe, the cheapest; the rest of the world is served from there
# A little more than the gateway waits for a function, so that its own answer comes through.
READ_TIMEOUT_S, CONNECT_TIMEOUT_S, CONNECT_ATTEMPTS, KEEPALIVE_S = 35, 5, 2, 60
READS = ("GET", "HEAD")
METHODS = (*READS, "DELETE", "OPTIONS", "PATCH", "POST", "PUT")  # CloudFront takes these three sets, and no other


@dataclass(frozen=True, kw_only=True)
class EdgeDomain:
    """A host name, and its certificate in us-east-1, the only region where CloudFront looks for one."""

    name: pulumi.Input[str]
    certificate_arn: pulumi.Input[str]


@dataclass(frozen=True, kw_only=True)
class EdgeArgs:
    """The API behind the edge, and what else stands there.

    Args:
        api_url: where the API answers.
        edge_key: what is sent to it with each request; nothing where nobody there asks for it.
        is_closed: whether the API answers nobody without authorization, so that neither may the cache.
        files: the page's, by their names in its bucket.
        domain: an own host name.
        rate_limit: requests of an address in five minutes that a firewall lets through; without it, there is none.
        firewall_log_days, log_days: how long the firewall's log and access logs are kept; without the latter, there
            are none of these.
        key_arn: encrypts page and logs; without it AWS manages the keys.
    """

    naming: Naming
    api_url: pulumi.Input[str]
    edge_key: pulumi.Input[str] | None
    files: Mapping[str, Path]
    is_closed: bool = False
    domain: EdgeDomain | None = None
    rate_limit: int | None = None
    firewall_log_days: int = 14
    log_days: int | None = None
    key_arn: pulumi.Input[str] | None = None


class EdgeComponent(pulumi.ComponentResource):
    """The distribution with the page's bucket, its policies and, where they are asked for, firewall and access logs."""

    page: PageOrigin
    firewall: aws.wafv2.WebAcl | None
    distribution: aws.cloudfront.Distribution
    logs: aws.s3.Bucket | None
    url: pulumi.Output[str]

    def __init__(self, name: str, args: EdgeArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("lambdasqlite:index:EdgeComponent", name, None, opts)
        self._name, self._args = name, args
        self._account = account_of(self)
        self._child = pulumi.ResourceOptions(parent=self)
        self.page = make_page(
            name,
            args.naming,
            args.files,
            account_id=self._account.account_id,
            key_arn=args.key_arn,
            opts=self._child,
        )
        self.firewall = self._firewall(args.rate_limit) if args.rate_limit else None
        self.distribution = self._distribution()
        let_distribution_read(name, args.naming, self.page, self.distribution.arn, self._child)
        self.logs = self._logs(args.log_days) if args.log_days else None
        host = args.domain.name if args.domain else self.distribution.domain_name
        self.url = pulumi.Output.concat("https://", host)
        self.register_outputs({"url": self.url})

    def _firewall(self, rate_limit: int) -> aws.wafv2.WebAcl:
        args = self._args
        key_arn = args.key_arn if self._account.region == REGION else None
        firewall = Firewall(rate_limit=rate_limit, log_days=args.firewall_log_days, key_arn=key_arn)
        return make_firewall(self._name, args.naming, firewall, self._child)

    def _logs(self, days: int) -> aws.s3.Bucket:
        return make_access_logs(
            self._name,
            self._args.naming,
            account=self._account,
            distribution_arn=self.distribution.arn,
            days=days,
            key_arn=self._args.key_arn,
            opts=self._child,
        )

    def _distribution(self) -> aws.cloudfront.Distribution:
        args = self._args
        caching = make_caching(self._name, args.naming, self._child)
        viewer = make_viewer_function(self._name, args.naming, is_closed=args.is_closed, opts=self._child)
        return aws.cloudfront.Distribution(
            f"{self._name}-distribution",
            comment=args.naming.name("edge"),
            enabled=True,
            is_ipv6_enabled=True,
            http_version="http2and3",
            price_class=PRICE_CLASS,
            aliases=[args.domain.name] if args.domain else [],
            viewer_certificate=self._certificate(),
            origins=[self._page_origin(), self._api_origin()],
            default_cache_behavior=self._of_page(caching, viewer.arn),
            ordered_cache_behaviors=self._of_api(caching, viewer.arn),
            default_root_object="index.html",  # for whoever looks for one: the function leads elsewhere before
            custom_error_responses=uncached_errors(),
            restrictions={"geo_restriction": {"restriction_type": "none"}},
            web_acl_id=self.firewall.arn if self.firewall else None,
            tags=args.naming.tags("edge"),
            opts=self._child,
        )

    def _certificate(self) -> aws.cloudfront.DistributionViewerCertificateArgsDict:
        """Return the certificate. Under CloudFront's own name the oldest TLS that it takes is CloudFront's choice."""
        if not (domain := self._args.domain):
            return {"cloudfront_default_certificate": True}
        return {
            "acm_certificate_arn": domain.certificate_arn,
            "ssl_support_method": "sni-only",
            "minimum_protocol_version": "TLSv1.2_2021",
        }

    def _page_origin(self) -> aws.cloudfront.DistributionOriginArgsDict:
        return {
            "origin_id": PAGE,
            "domain_name": self.page.bucket.bucket_regional_domain_name,
            "origin_access_control_id": self.page.access.id,
        }

    def _api_origin(self) -> aws.cloudfront.DistributionOriginArgsDict:
        key = self._args.edge_key
        host = pulumi.Output.from_input(self._args.api_url).apply(lambda url: urlsplit(url).netloc)
        return {
            "origin_id": API,
            "domain_name": host,
            "connection_attempts": CONNECT_ATTEMPTS,
            "connection_timeout": CONNECT_TIMEOUT_S,
            "custom_headers": [{"name": EDGE_KEY_HEADER, "value": key}] if key else [],
            "custom_origin_config": {
                "http_port": 80,
                "https_port": 443,
                "origin_protocol_policy": "https-only",
                "origin_ssl_protocols": ["TLSv1.2"],
                "origin_read_timeout": READ_TIMEOUT_S,
                "origin_keepalive_timeout": KEEPALIVE_S,
            },
        }

    def _of_page(
        self, caching: Caching, viewer_arn: pulumi.Output[str]
    ) -> aws.cloudfront.DistributionDefaultCacheBehaviorArgsDict:
        headers = make_response_headers(self._name, self._args.naming, PAGE, CONTENT_SECURITY_POLICY, self._child)
        return {
            "target_origin_id": PAGE,
            "allowed_methods": READS,
            "cached_methods": READS,
            "viewer_protocol_policy": "redirect-to-https",
            "compress": True,
            "cache_policy_id": caching.page,
            "response_headers_policy_id": headers.id,
            "function_associations": [{"event_type": "viewer-request", "function_arn": viewer_arn}],
        }

    def _of_api(
        self, caching: Caching, viewer_arn: pulumi.Output[str]
    ) -> list[aws.cloudfront.DistributionOrderedCacheBehaviorArgsDict]:
        """Return the rules of the API's paths, the visitor's own routes first: CloudFront takes the first that fits."""
        headers = make_response_headers(self._name, self._args.naming, API, API_SECURITY_POLICY, self._child)
        rules = {
            SESSION_PATHS: (caching.sessions, caching.sessions_request),
            API_PATHS: (caching.api, caching.api_request),
        }
        return [
            {
                "path_pattern": paths,
                "target_origin_id": API,
                "allowed_methods": METHODS,
                "cached_methods": READS,
                "viewer_protocol_policy": "https-only",  # no redirect: what lets a caller in is out already
                "compress": True,
                "cache_policy_id": key,
                "origin_request_policy_id": request,
                "response_headers_policy_id": headers.id,
                "function_associations": [{"event_type": "viewer-request", "function_arn": viewer_arn}],
            }
            for paths, (key, request) in rules.items()
        ]
