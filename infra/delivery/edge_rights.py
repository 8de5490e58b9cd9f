"""The rights of those who deploy on what stands in front of the API. Pure.

Some of it has neither a name nor tags to grant by: CloudFront's policies, and a distribution that is not there yet.
WAF, the firewall's log and the delivery of access logs are in us-east-1, wherever the stack is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from infra.account import Account
from infra.naming import Naming
from infra.policies import Statement, allow

REGION = "us-east-1"
# Kinds of CloudFront's that carry the stack's name in the settings alone, and a random id in the ARN.
POLICIES = ("cache-policy", "origin-access-control", "origin-request-policy", "response-headers-policy")
KINDS = ("CachePolicy", "OriginAccessControl", "OriginRequestPolicy", "ResponseHeadersPolicy")
CHANGE_POLICIES = tuple(f"cloudfront:{verb}{kind}" for kind in KINDS for verb in ("Create", "Delete", "Update"))
READ_POLICIES = tuple(f"cloudfront:Get{kind}*" for kind in KINDS)
MAKE_DISTRIBUTION = ("cloudfront:CreateDistribution", "cloudfront:CreateDistributionWithTags")
DELIVERIES = ("logs:CreateDelivery", "logs:DeleteDelivery", "logs:GetDelivery", "logs:UpdateDeliveryConfiguration")
TAG_DELIVERIES = ("logs:ListTagsForResource", "logs:TagResource", "logs:UntagResource")


def read_edge_key(account: Account, naming: Naming, tags: Mapping[str, str]) -> list[Statement]:
    """Return the right to look up the edge's key, which the program hands to CloudFront at each run.

    Args:
        tags: conditions that a resource has the stack's tags, for the KMS key that may encrypt the secret.
    """
    via = {"kms:ViaService": f"secretsmanager.{account.region}.amazonaws.com"}
    keys = [account.arn("kms", "key/*")]
    return [
        allow("EdgeKey", ["secretsmanager:GetSecretValue"], [_secrets(account, naming, "edge-key")]),
        allow("Decrypt", ["kms:Decrypt"], keys, Condition={"StringEquals": {**tags, **via}}),
    ]


def _secrets(account: Account, naming: Naming, part: str) -> str:
    return account.arn("secretsmanager", f"secret:{naming.name(part)}-*")


def edge_statements(account: Account, naming: Naming, made: Statement, owned: Statement) -> list[Statement]:
    """Return all that it takes to make, change and delete an edge.

    Args:
        made, owned: the conditions that a request gives, or a resource has, the stack's tags.
    """
    of_account = f"arn:{account.partition}:cloudfront::{account.account_id}"
    east = replace(account, region=REGION)
    name = naming.name("*")
    deliveries = [east.arn("logs", f"{kind}:{name}") for kind in ("delivery-source", "delivery-destination")]
    firewall = [east.arn("wafv2", f"global/webacl/{name}/*"), east.arn("wafv2", "global/managedruleset/*/*")]
    return [
        allow("EdgePolicies", [*CHANGE_POLICIES, *READ_POLICIES], [f"{of_account}:{kind}/*" for kind in POLICIES]),
        allow("Viewer", ["cloudfront:*"], [f"{of_account}:function/{name}"]),
        allow("MakeEdge", MAKE_DISTRIBUTION, [f"{of_account}:distribution/*"]),
        allow("TagEdge", ["cloudfront:TagResource"], [f"{of_account}:distribution/*"], **made),
        allow("ChangeEdge", ["cloudfront:*"], [f"{of_account}:distribution/*"], **owned),
        allow("Firewall", ["wafv2:*"], firewall),
        allow("FirewallLog", ["logs:*"], [east.arn("logs", f"log-group:aws-waf-logs-{name}")]),
        allow("AccessLogs", ["logs:*"], deliveries),
        allow("Deliveries", [*DELIVERIES, *TAG_DELIVERIES], [east.arn("logs", "delivery:*")]),
        allow("Secrets", ["secretsmanager:*"], [_secrets(account, naming, "*")]),
    ]
