"""The HTTP API in front of both functions.

Its routes are the handlers' own table, so that gateway and router cannot disagree: the command function's, and every
POST, are explicit and authorised as writes; everything else goes to the query function.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from handlers.routes import QUERY, gateway_routes
from infra.compute.function import FunctionComponent
from infra.naming import Naming
from infra.settings import ApiSettings, StackSettings

DEFAULT, PREFLIGHT = "$default", "OPTIONS /{proxy+}"
GATEWAY_TIMEOUT_MS = 30_000  # an HTTP API waits no longer
AUTHORIZATION = {"none": "NONE", "iam": "AWS_IAM", "jwt": "JWT"}
CORS_MAX_AGE_S = 3600
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
    """What the API depends on."""

    naming: Naming
    settings: StackSettings
    functions: Mapping[str, FunctionComponent]
    key_arn: pulumi.Output[str] | None


class ApiComponent(pulumi.ComponentResource):
    """The gateway. `domain_target` is what a DNS record for the own domain has to point to."""

    url: pulumi.Output[str]
    domain_target: pulumi.Output[str] | None

    def __init__(self, name: str, args: ApiArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("lambdasqlite:index:ApiComponent", name, None, opts)
        self._name, self._args = name, args
        self._child = pulumi.ResourceOptions(parent=self)
        self._api = self._gateway()
        self._authorizer_id = self._authorizer()
        self._integrations = {function: self._integration(function) for function in args.functions}
        for key, (function, auth) in routes(args.settings.api).items():
            self._route(key, function, auth)
        stage = self._stage()
        self.url, self.domain_target = (
            self._domain(stage) if args.settings.api.domain else (self._api.api_endpoint, None)
        )
        self.register_outputs({"url": self.url})

    def _gateway(self) -> aws.apigatewayv2.Api:
        settings = self._args.settings.api
        return aws.apigatewayv2.Api(
            f"{self._name}-gateway",
            name=self._args.naming.name("api"),
            description="Three read paths over one data set",
            protocol_type="HTTP",
            cors_configuration=cors(settings),
            disable_execute_api_endpoint=bool(settings.domain),
            tags=self._args.naming.tags("api"),
            opts=self._child,
        )

    def _authorizer(self) -> pulumi.Output[str] | None:
        settings = self._args.settings.api
        if "jwt" not in (settings.write_auth, settings.read_auth):
            return None
        return aws.apigatewayv2.Authorizer(
            f"{self._name}-jwt",
            name="jwt",
            api_id=self._api.id,
            authorizer_type="JWT",
            identity_sources=["$request.header.Authorization"],
            jwt_configuration={"issuer": settings.jwt_issuer, "audiences": settings.jwt_audience},
            opts=self._child,
        ).id

    def _integration(self, function: str) -> pulumi.Output[str]:
        return aws.apigatewayv2.Integration(
            f"{self._name}-{function}",
            api_id=self._api.id,
            integration_type="AWS_PROXY",
            integration_uri=self._args.functions[function].invoke_arn,
            payload_format_version="2.0",
            timeout_milliseconds=GATEWAY_TIMEOUT_MS,
            opts=self._child,
        ).id

    def _route(self, key: str, function: str, auth: str) -> None:
        part = part_of(key)
        aws.apigatewayv2.Route(
            f"{self._name}-{part}",
            api_id=self._api.id,
            route_key=key,
            target=pulumi.Output.concat("integrations/", self._integrations[function]),
            authorization_type=AUTHORIZATION[auth],
            authorizer_id=self._authorizer_id if auth == "jwt" else None,
            opts=self._child,
        )
        aws.lambda_.Permission(
            f"{self._name}-{part}",
            action="lambda:InvokeFunction",
            function=self._args.functions[function].function_name,
            qualifier=self._args.functions[function].alias_name,
            principal="apigateway.amazonaws.com",
            source_arn=pulumi.Output.concat(self._api.execution_arn, f"/{DEFAULT}/", key.replace(" ", "")),
            opts=self._child,
        )

    def _stage(self) -> pulumi.Output[str]:
        naming, settings = self._args.naming, self._args.settings
        log = aws.cloudwatch.LogGroup(
            f"{self._name}-access",
            name=naming.vended_log_group("access"),
            retention_in_days=settings.log_days,
            kms_key_id=self._args.key_arn,
            tags=naming.tags("access"),
            opts=self._child,
        )
        return aws.apigatewayv2.Stage(
            f"{self._name}-stage",
            name=DEFAULT,
            api_id=self._api.id,
            auto_deploy=True,
            access_log_settings={"destination_arn": log.arn, "format": json.dumps(ACCESS_LOG)},
            default_route_settings={
                "throttling_rate_limit": settings.api.rate,
                "throttling_burst_limit": settings.api.burst,
            },
            tags=naming.tags("api"),
            opts=self._child,
        ).id

    def _domain(self, stage: pulumi.Output[str]) -> tuple[pulumi.Output[str], pulumi.Output[str]]:
        settings = self._args.settings.api
        domain = aws.apigatewayv2.DomainName(
            f"{self._name}-domain",
            domain_name=settings.domain,
            domain_name_configuration={
                "certificate_arn": settings.certificate_arn,
                "endpoint_type": "REGIONAL",
                "security_policy": "TLS_1_2",
            },
            tags=self._args.naming.tags("domain"),
            opts=self._child,
        )
        aws.apigatewayv2.ApiMapping(
            f"{self._name}-mapping", api_id=self._api.id, domain_name=domain.id, stage=stage, opts=self._child
        )
        target = domain.domain_name_configuration.target_domain_name
        return pulumi.Output.concat("https://", domain.domain_name), target


def routes(settings: ApiSettings) -> dict[str, tuple[str, str]]:
    """Route key -> the function that answers, and how its callers are authorised.

    Where reads are authorised, `$default` would ask a browser's preflight for credentials that it cannot have; a
    route of its own lets the gateway answer it.
    """
    table = {key: (function, settings.write_auth) for key, function in gateway_routes().items()}
    if settings.cors_origins and settings.read_auth != "none":
        table[PREFLIGHT] = (QUERY, "none")
    return {**table, DEFAULT: (QUERY, settings.read_auth)}


def cors(settings: ApiSettings) -> aws.apigatewayv2.ApiCorsConfigurationArgsDict | None:
    """What browsers on other origins may do; nothing where no origin is named."""
    if not settings.cors_origins:
        return None
    return {
        "allow_origins": settings.cors_origins,
        "allow_methods": ["GET", "HEAD", "POST"],
        "allow_headers": REQUEST_HEADERS,
        "expose_headers": RESPONSE_HEADERS,
        "max_age": CORS_MAX_AGE_S,
    }


def part_of(key: str) -> str:
    """A route's part of a resource name: "POST /insert" is post-insert."""
    return "-".join(re.findall(r"[a-z0-9]+", key.lower()))
