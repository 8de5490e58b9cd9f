"""The API's own host name."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.naming import Naming


@dataclass(frozen=True, kw_only=True)
class Domain:
    """A host name, and its certificate in the API's region.

    `is_only` tells whether the gateway's own address is switched off beside it, which is an outage for whoever calls
    that, or asks for the name before its DNS record is known.
    """

    name: pulumi.Input[str]
    certificate_arn: pulumi.Input[str]
    is_only: bool = False


def map_domain(
    name: str,
    domain: Domain,
    *,
    api_id: pulumi.Input[str],
    stage: pulumi.Input[str],
    naming: Naming,
    opts: pulumi.ResourceOptions,
) -> aws.apigatewayv2.DomainName:
    """Let an API answer under the host name; the resources are made with `opts`, for the API called `name`."""
    domain_name = aws.apigatewayv2.DomainName(
        f"{name}-domain",
        domain_name=domain.name,
        domain_name_configuration={
            "certificate_arn": domain.certificate_arn,
            "endpoint_type": "REGIONAL",
            "security_policy": "TLS_1_2",
        },
        tags=naming.tags("domain"),
        opts=opts,
    )
    aws.apigatewayv2.ApiMapping(f"{name}-mapping", api_id=api_id, domain_name=domain_name.id, stage=stage, opts=opts)
    return domain_name
