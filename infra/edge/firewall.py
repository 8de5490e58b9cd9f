"""WAF in front of CloudFront: AWS's rules against common attacks, a limit for bodies, and one for each address.

It is in us-east-1, wherever the stack is, and so is its log (source: AWS WAF developer guide, "Logging AWS WAF
protection pack (web ACL) traffic"). It costs 5 USD a month, and 1 USD for each rule; a group of AWS's is one.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from handlers.settings import EDGE_KEY_HEADER
from infra.naming import Naming

REGION = "us-east-1"
WINDOW_S = 300
# A length in digits, from 1.1 MB on; up to 1 MB the API takes, and in between it says so itself. WAF sees no more than
# the first 16 KB of a body, so it goes by what the request declares. What declares nothing is for the API to refuse.
TOO_LONG = r"^([0-9]{8,}|[2-9][0-9]{6}|1[1-9][0-9]{5})$"
# AWS's common rules refuse bodies over 8 KB: an insert of a thousand rows has more. The rule only counts.
COUNTED = "SizeRestrictions_BODY"
GROUPS = {"common": "AWSManagedRulesCommonRuleSet", "bad-inputs": "AWSManagedRulesKnownBadInputsRuleSet"}
REDACTED = ("authorization", "cookie", EDGE_KEY_HEADER)

Rule = aws.wafv2.WebAclRuleArgsDict


@dataclass(frozen=True, kw_only=True)
class Firewall:
    """The firewall's limit, and how long its log is kept.

    Args:
        rate_limit: requests of an address in five minutes.
        key_arn: encrypts the log; a key of another region cannot.
    """

    rate_limit: pulumi.Input[int]
    log_days: pulumi.Input[int]
    key_arn: pulumi.Input[str] | None = None


def make_firewall(name: str, naming: Naming, firewall: Firewall, opts: pulumi.ResourceOptions) -> aws.wafv2.WebAcl:
    """Make the firewall with its log; `name` is the component's, whose resources they are."""
    acl = aws.wafv2.WebAcl(
        f"{name}-firewall",
        name=naming.name("edge"),
        description="In front of the page and the API",
        scope="CLOUDFRONT",
        region=REGION,
        default_action={"allow": {}},
        rules=[_of_an_address(firewall.rate_limit), _of_bodies(), *_of_aws()],
        visibility_config=_seen_as("edge"),
        tags=naming.tags("edge"),
        opts=opts,
    )
    _log(name, naming, firewall, acl, opts)
    return acl


def _seen_as(metric: str) -> aws.wafv2.WebAclRuleVisibilityConfigArgsDict:
    """Return how a rule is watched: by a metric, and by no samples, which would hold visitors' headers."""
    return {"cloudwatch_metrics_enabled": True, "metric_name": metric, "sampled_requests_enabled": False}


def _of_an_address(limit: pulumi.Input[int]) -> Rule:
    return {
        "name": "rate",
        "priority": 0,
        "action": {"block": {"custom_response": {"response_code": 429}}},
        "statement": {
            "rate_based_statement": {"limit": limit, "aggregate_key_type": "IP", "evaluation_window_sec": WINDOW_S}
        },
        "visibility_config": _seen_as("rate"),
    }


def _of_bodies() -> Rule:
    return {
        "name": "body",
        "priority": 1,
        "action": {"block": {"custom_response": {"response_code": 413}}},
        "statement": {
            "regex_match_statement": {
                "regex_string": TOO_LONG,
                "field_to_match": {"single_header": {"name": "content-length"}},
                "text_transformations": [{"priority": 0, "type": "NONE"}],
            }
        },
        "visibility_config": _seen_as("body"),
    }


def _of_aws() -> list[Rule]:
    """Return AWS's own groups, which are kept up to date by AWS."""
    counted: dict[str, list[aws.wafv2.WebAclRuleStatementManagedRuleGroupStatementRuleActionOverrideArgsDict]] = {
        "common": [{"name": COUNTED, "action_to_use": {"count": {}}}]
    }
    return [
        {
            "name": name,
            "priority": priority,
            "override_action": {"none": {}},
            "statement": {
                "managed_rule_group_statement": {
                    "vendor_name": "AWS",
                    "name": group,
                    "rule_action_overrides": counted.get(name, []),
                }
            },
            "visibility_config": _seen_as(name),
        }
        for priority, (name, group) in enumerate(GROUPS.items(), start=2)
    ]


def _log(
    name: str, naming: Naming, firewall: Firewall, acl: aws.wafv2.WebAcl, opts: pulumi.ResourceOptions
) -> aws.wafv2.WebAclLoggingConfiguration:
    """Log the requests that a rule matched, without what lets their senders in.

    The log group has the name that WAF asks for.
    """
    group = aws.cloudwatch.LogGroup(
        f"{name}-firewall-log",
        name=f"aws-waf-logs-{naming.name('edge')}",
        region=REGION,
        retention_in_days=firewall.log_days,
        kms_key_id=firewall.key_arn,
        tags=naming.tags("edge"),
        opts=opts,
    )
    matched: list[aws.wafv2.WebAclLoggingConfigurationLoggingFilterFilterConditionArgsDict] = [
        {"action_condition": {"action": action}} for action in ("BLOCK", "COUNT", "EXCLUDED_AS_COUNT")
    ]
    return aws.wafv2.WebAclLoggingConfiguration(
        f"{name}-firewall-logging",
        resource_arn=acl.arn,
        region=REGION,
        log_destination_configs=[group.arn],
        logging_filter={
            "default_behavior": "DROP",
            "filters": [{"behavior": "KEEP", "requirement": "MEETS_ANY", "conditions": matched}],
        },
        redacted_fields=[{"single_header": {"name": header}} for header in REDACTED],
        opts=opts,
    )
