"""The HTTP API in front of the functions that answer requests.

Its routes are the handlers' own table, so that gateway and router cannot disagree: the command function's, every POST
and, where there are sessions, theirs are explicit; everything else goes to the query function.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws

from infra.gateway.authorizers import make_authorizer
from infra.gateway.callers import (
    DEFAULT,
    EDGE,
    IAM,
    JWT,
    NONE,
    SESSION,
    Callers,
    RouteRule,
    called_as,
    cors,
    part_of,
    route_rules,
)
from infra.gateway.domain import Domain, map_domain
from infra.gateway.target import Target
from infra.gateway.throttles import Throttle
from infra.naming import Naming

GATEWAY_TIMEOUT_MS = 30_000  # an HTTP API waits no longer
AUTHORIZATION = {NONE: "NONE", IAM: "AWS_IAM", JWT: "JWT", SESSION: "CUSTOM", EDGE: "CUSTOM"}
ACCESS_LOG = {
    "requestId": "$context.requestId",
    "time": "$context.requestTimeEpoch",
    "ip": "$context.identity.sourceIp",
    "caller": "$context.identity.caller",
    "method": "$context.httpMethod",
    "path": "$context.path",
    "routeKey": "$context.routeKey",
    "status": "$context.status",
    "responseLength": "$context.responseLength",
    "responseLatencyMs": "$context.responseLatency",
    "integrationLatencyMs": "$context.integrationLatency",
    "integrationRequestId": "$context.integration.requestId",
    "error": "$context.error.message",
    "integrationError": "$context.integrationErrorMessage",
    "authorizerError": "$context.authorizer.error",
}


@dataclass(frozen=True, kw_only=True)
class ApiArgs:
    """The functions behind the API by their names, who may call it, how often, and how long its log is kept.

    Args:
        routes: the explicit route keys, with the function each goes to; all others go to the query function.
        rate, burst: requests a second, and at once, that are let through.
        throttles: route keys that are let through less often.
        authorizer: the function that is asked for sessions and for the edge's key, where callers need either.
        domain: its own host name.
        key_arn: encrypts the access log; without it AWS manages the key.
    """

    naming: Naming
    targets: Mapping[str, Target]
    routes: Mapping[str, str]
    callers: Callers
    rate: pulumi.Input[int]
    burst: pulumi.Input[int]
    log_days: pulumi.Input[int]
    throttles: Mapping[str, Throttle] = field(default_factory=dict[str, Throttle])
    authorizer: Target | None = None
    domain: Domain | None = None
    key_arn: pulumi.Input[str] | None = None


class ApiComponent(pulumi.ComponentResource):
    """The gateway with its routes, its stage and its log."""

    api: aws.apigatewayv2.Api
    authorizers: Mapping[str, aws.apigatewayv2.Authorizer]
    routes: Mapping[str, aws.apigatewayv2.Route]
    log_group: aws.cloudwatch.LogGroup
    stage: aws.apigatewayv2.Stage
    domain_name: aws.apigatewayv2.DomainName | None
    url: pulumi.Output[str]

    def __init__(self, name: str, args: ApiArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("lambdasqlite:index:ApiComponent", name, None, opts)
        self._name, self._args = name, args
        self._child = pulumi.ResourceOptions(parent=self)
        self.api = self._api()
        rules = route_rules(args.callers, args.routes, args.throttles)
        self.authorizers = self._authorizers({rule.auth for rule in rules.values()})
        self._integrations = {function: self._integration(function) for function in args.targets}
        self.routes = {key: self._route(key, rule) for key, rule in rules.items()}
        self.log_group = self._log_group()
        self.stage = self._stage()
        self.domain_name = args.domain and map_domain(
            name, args.domain, api_id=self.api.id, stage=self.stage.id, naming=args.naming, opts=self._child
        )
        self.url = self._url()
        self.register_outputs({"url": self.url})

    def _url(self) -> pulumi.Output[str]:
        """Return where the API answers for sure: under its own name once there is no other."""
        if self.domain_name and self._has_one_address():
            return pulumi.Output.concat("https://", self.domain_name.domain_name)
        return self.api.api_endpoint

    def _has_one_address(self) -> bool:
        return self._args.domain is not None and self._args.domain.is_only

    def _api(self) -> aws.apigatewayv2.Api:
        return aws.apigatewayv2.Api(
            f"{self._name}-gateway",
            name=self._args.naming.name("api"),
            description="Three read paths over one data set",
            protocol_type="HTTP",
            cors_configuration=cors(self._args.callers),
            disable_execute_api_endpoint=self._has_one_address(),
            tags=self._args.naming.tags("api"),
            opts=self._child,
        )

    def _authorizers(self, used: Collection[str]) -> dict[str, aws.apigatewayv2.Authorizer]:
        args = self._args
        return {
            kind: make_authorizer(
                self._name, kind, self.api, callers=args.callers, target=args.authorizer, opts=self._child
            )
            for kind in (JWT, SESSION, EDGE)
            if kind in used
        }

    def _integration(self, function: str) -> aws.apigatewayv2.Integration:
        return aws.apigatewayv2.Integration(
            f"{self._name}-{function}",
            api_id=self.api.id,
            integration_type="AWS_PROXY",
            integration_uri=self._args.targets[function].invoke_arn,
            payload_format_version="2.0",
            timeout_milliseconds=GATEWAY_TIMEOUT_MS,
            opts=self._child,
        )

    def _route(self, key: str, rule: RouteRule) -> aws.apigatewayv2.Route:
        target = self._args.targets[rule.function]
        aws.lambda_.Permission(
            f"{self._name}-{part_of(key)}",
            action="lambda:InvokeFunction",
            function=target.function_name,
            qualifier=target.alias_name,
            principal="apigateway.amazonaws.com",
            source_arn=pulumi.Output.concat(self.api.execution_arn, f"/{DEFAULT}/", called_as(key)),
            opts=self._child,
        )
        return aws.apigatewayv2.Route(
            f"{self._name}-{part_of(key)}",
            api_id=self.api.id,
            route_key=key,
            target=pulumi.Output.concat("integrations/", self._integrations[rule.function].id),
            authorization_type=AUTHORIZATION[rule.auth],
            authorization_scopes=rule.scopes or None,
            authorizer_id=self.authorizers[rule.auth].id if rule.auth in self.authorizers else None,
            opts=self._child,
        )

    def _log_group(self) -> aws.cloudwatch.LogGroup:
        return aws.cloudwatch.LogGroup(
            f"{self._name}-access",
            name=self._args.naming.vended_log_group("access"),
            retention_in_days=self._args.log_days,
            kms_key_id=self._args.key_arn,
            tags=self._args.naming.tags("access"),
            opts=self._child,
        )

    def _stage(self) -> aws.apigatewayv2.Stage:
        return aws.apigatewayv2.Stage(
            f"{self._name}-stage",
            name=DEFAULT,
            api_id=self.api.id,
            auto_deploy=True,
            access_log_settings={"destination_arn": self.log_group.arn, "format": json.dumps(ACCESS_LOG)},
            default_route_settings={
                "throttling_rate_limit": self._args.rate,
                "throttling_burst_limit": self._args.burst,
            },
            route_settings=[
                {
                    "route_key": key,
                    "throttling_rate_limit": throttle.rate,
                    "throttling_burst_limit": throttle.burst,
                }
                for key, throttle in self._args.throttles.items()
            ],
            tags=self._args.naming.tags("api"),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[self.routes[key] for key in self._args.throttles]),
        )
