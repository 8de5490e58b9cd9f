"""The firewall: what it refuses, what it only counts, and what its log leaves out."""

from __future__ import annotations

import re
from typing import Any

import pytest

from handlers.gateway.body import MAX_BODY_BYTES
from handlers.settings import EDGE_KEY_HEADER
from infra.account import Account
from infra.edge.distribution import EdgeArgs, EdgeComponent
from infra.edge.firewall import TOO_LONG
from infra.naming import Naming
from tests.infra.graph import ACCOUNT, graph_of
from tests.infra.program import EVERYTHING, graph


def rules() -> dict[str, dict[str, Any]]:
    return {rule["name"]: rule for rule in graph(EVERYTHING).one("WebAcl").at("rules")}


def test_it_is_of_cloudfronts_scope_and_in_the_region_that_this_takes() -> None:
    for kind, name in (("WebAcl", ""), ("WebAclLoggingConfiguration", ""), ("LogGroup", "edge-firewall-log")):
        assert graph(EVERYTHING).one(kind, name).at("region") == "us-east-1"
    assert graph(EVERYTHING).one("WebAcl").at("scope") == "CLOUDFRONT"


def test_awss_rules_refuse_but_for_the_one_that_would_refuse_an_insert() -> None:
    groups = {name: rules()[name]["statement"]["managedRuleGroupStatement"] for name in ("common", "bad-inputs")}
    assert [group["name"] for group in groups.values()] == [
        "AWSManagedRulesCommonRuleSet",
        "AWSManagedRulesKnownBadInputsRuleSet",
    ]
    assert groups["common"]["ruleActionOverrides"] == [{"name": "SizeRestrictions_BODY", "actionToUse": {"count": {}}}]
    assert not groups["bad-inputs"].get("ruleActionOverrides")
    assert all(rules()[name]["overrideAction"] == {"none": {}} for name in groups)


def test_an_address_has_its_limit_before_anything_else_is_looked_at() -> None:
    rate = rules()["rate"]
    assert rate["priority"] == 0
    assert rate["statement"]["rateBasedStatement"] == {
        "limit": 2000,
        "aggregateKeyType": "IP",
        "evaluationWindowSec": 300,
    }
    assert rate["action"]["block"]["customResponse"]["responseCode"] == 429


@pytest.mark.parametrize("length", [0, 1, 999_999, MAX_BODY_BYTES, 1_099_999])
def test_a_body_that_the_api_takes_comes_through(length: int) -> None:
    assert not re.search(TOO_LONG, str(length))


@pytest.mark.parametrize("length", [1_100_000, 1_999_999, 2_000_000, 9_999_999, 10_000_000, 10**12])
def test_a_body_that_is_too_long_does_not(length: int) -> None:
    assert re.search(TOO_LONG, str(length))
    match = rules()["body"]["statement"]["regexMatchStatement"]
    assert match["regexString"] == TOO_LONG
    assert match["fieldToMatch"] == {"singleHeader": {"name": "content-length"}}


def test_what_lets_somebody_in_is_neither_logged_nor_sampled() -> None:
    logging = graph(EVERYTHING).one("WebAclLoggingConfiguration")
    hidden = {field["singleHeader"]["name"] for field in logging.at("redactedFields")}
    assert hidden == {"authorization", "cookie", EDGE_KEY_HEADER}
    assert not any(rule["visibilityConfig"]["sampledRequestsEnabled"] for rule in rules().values())
    assert graph(EVERYTHING).one("WebAcl").at("visibilityConfig.sampledRequestsEnabled") is False


def test_only_what_a_rule_matched_is_logged_where_waf_may_write() -> None:
    logging = graph(EVERYTHING).one("WebAclLoggingConfiguration")
    assert logging.at("loggingFilter.defaultBehavior") == "DROP"
    group = graph(EVERYTHING).one("LogGroup", "edge-firewall-log")
    assert group.at("name").startswith("aws-waf-logs-")
    assert group.at("kmsKeyId") == "arn:aws:kms:us-east-1:123456789012:key-key"


def test_a_key_of_another_region_is_not_asked_to_encrypt_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    def far(_: object) -> Account:
        return Account(partition="aws", region="eu-west-1", account_id=ACCOUNT)

    monkeypatch.setattr("infra.edge.distribution.account_of", far)
    args = EdgeArgs(
        naming=Naming(project="shop", stack="test", stage="dev"),
        api_url="https://api.example.com",
        edge_key="key",
        files={},
        rate_limit=100,
        key_arn=f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1",
    )
    seen = graph_of(lambda: EdgeComponent("edge", args))
    assert seen.one("LogGroup").at("kmsKeyId") is None
    assert seen.one("LogGroup").at("region") == "us-east-1"
