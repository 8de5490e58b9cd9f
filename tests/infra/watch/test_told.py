"""Who is told: the topic of alarms and the budget."""

from __future__ import annotations

import pytest

from infra.watching import NOBODY
from tests.infra.contract import statements
from tests.infra.program import EVERYTHING, graph, run

TOPIC = "arn:aws:sns:us-east-1:123456789012:topic-topic"


def test_nothing_watches_unless_it_is_asked_to() -> None:
    kinds = ("MetricAlarm", "Topic", "TopicPolicy", "TopicSubscription", "Dashboard", "Budget")
    assert graph("dev").of(*kinds) == []


def test_this_stacks_alarms_and_this_accounts_budgets_may_tell_the_topic_and_nobody_else() -> None:
    alarms, budgets, plain = statements(graph("prod").one("TopicPolicy"))
    assert plain["Effect"] == "Deny"
    assert plain["Condition"]["Bool"] == {"aws:SecureTransport": "false"}
    for statement, service, arn in (
        (alarms, "cloudwatch", "arn:aws:cloudwatch:us-east-1:123456789012:alarm:lambda-sqlite-prod-*"),
        (budgets, "budgets", "arn:aws:budgets::123456789012:*"),
    ):
        assert (statement["Action"], statement["Resource"]) == (["sns:Publish"], [TOPIC])
        assert statement["Principal"] == {"Service": f"{service}.amazonaws.com"}
        assert statement["Condition"]["ArnLike"] == {"aws:SourceArn": arn}


def test_every_alarms_name_is_one_that_the_topic_listens_to() -> None:
    names = [node.inputs["name"] for node in graph("prod").of("MetricAlarm")]
    assert len({*names}) == len(names)
    assert all(name.startswith("lambda-sqlite-prod-") for name in names)


def test_the_topic_is_encrypted_with_the_stacks_own_key_or_not_at_all() -> None:
    """CloudWatch and AWS Budgets may not use the key that AWS manages for SNS."""
    assert graph("prod").one("Topic").at("kmsMasterKeyId") == "arn:aws:kms:us-east-1:123456789012:key-key"
    assert run("prod", {"kms": "aws"}).one("Topic").at("kmsMasterKeyId") is None


def test_each_address_is_told_by_e_mail() -> None:
    nodes = graph(EVERYTHING).of("TopicSubscription")
    told = {node.inputs["endpoint"]: node for node in nodes if node.name.startswith("topic-")}
    assert {*told} == {"ops@example.com", "oncall@example.com"}
    assert {(node.inputs["protocol"], node.inputs["topic"]) for node in told.values()} == {("email", TOPIC)}


@pytest.mark.parametrize(("emails", "said"), [([], [NOBODY]), (["ops@example.com"], [])])
def test_alarms_that_nobody_hears_are_said_to_be(
    emails: list[str], said: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO"):
        run("dev", {"alarms": True, "alarmEmails": emails})
    assert [record.message for record in caplog.records if record.message.startswith("alarms")] == said


def test_the_budget_counts_what_is_tagged_as_the_stacks() -> None:
    budget = graph(EVERYTHING).one("Budget")
    tags = [(one["tags"]["key"], one["tags"]["values"]) for one in budget.at("filterExpression.ands")]
    assert tags == [("Project", ["lambda-sqlite"]), ("Stack", [EVERYTHING])]
    carried = graph(EVERYTHING).one("Table", "storage-table").inputs["tags"]
    assert all(carried[key] == value for key, (value,) in tags)
    assert (budget.at("limitAmount"), budget.at("limitUnit"), budget.at("timeUnit")) == ("50", "USD", "MONTHLY")


TOLD = [("FORECASTED", 80), ("ACTUAL", 80), ("ACTUAL", 100)]  # a forecast takes weeks of bills


def test_the_budget_tells_of_the_forecast_and_of_the_bill() -> None:
    notifications = graph(EVERYTHING).one("Budget").at("notifications")
    seen = [(one["notificationType"], one["threshold"], one["thresholdType"]) for one in notifications]
    assert seen == [(kind, percent, "PERCENTAGE") for kind, percent in TOLD]
    assert len(TOLD) <= 5  # what AWS allows a budget
    for one in notifications:
        assert one["subscriberEmailAddresses"] == ["finance@example.com"]
        assert one["subscriberSnsTopicArns"] == [TOPIC]


def test_a_budget_may_tell_addresses_alone_or_the_topic_alone() -> None:
    alone = run("dev", {"budgetUsd": 5, "budgetEmails": ["a@example.com"]}).one("Budget").at("notifications.0")
    assert (alone["subscriberEmailAddresses"], alone["subscriberSnsTopicArns"]) == (["a@example.com"], [])
    topic = run("dev", {"budgetUsd": 5, "alarms": True}).one("Budget").at("notifications.0")
    assert (topic["subscriberEmailAddresses"], topic["subscriberSnsTopicArns"]) == ([], [TOPIC])
